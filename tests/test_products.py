"""Products of two activations: images have their second operands to themselves (M60)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs import design, linear, random_mask
from timelines import check

from pgsim import ArchConfig, GateTrace, request_stream, simulate
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.study.nests import explain
from pgsim.workload.zeros import Zeros

IMAGES = 5
DENSE = linear(6, 4, 3, name="dense", gate="none", msb_bits=None)
SCORES = DENSE.replace(name="scores", op="matmul")
GATED = linear(6, 4, 3, name="gated").replace(op="matmul")
SEARCHED: dict[str, Any] = {"mapping": "search", "memory.ports": "all"}


def ran(arch: ArchConfig, *layers: Any, store: WorkStore | None = None) -> Result:
    masks = {each.name: random_mask(each, IMAGES) for each in layers if each.gate != "none"}
    trace = GateTrace.from_masks(masks, layers, images=IMAGES)
    return simulate(trace, arch, "pg", store=store)


def integers(result: Result) -> list[dict[str, int]]:
    return [
        {name: value for name, value in row.items() if isinstance(value, int)}
        for row in result.rows
    ]


@pytest.mark.parametrize("changes", [{}, {"array.dataflow": "ws"}, SEARCHED], ids=str)
@pytest.mark.parametrize("batch", [2, 4, 8])
def test_a_batch_of_products_is_its_images_one_by_one(changes: dict[str, Any], batch: int) -> None:
    together, alone = (
        ran(design({**changes, "batch": each, "name": "any"}), SCORES, GATED) for each in (batch, 1)
    )
    assert integers(together) == integers(alone)


def test_a_batch_of_the_network_is_one_of_every_layer() -> None:
    result = ran(design({"batch": 2}), DENSE, SCORES)
    dense, scores = (layer.cycles for layer in result.layer_results)
    assert dense.size == scores.size == 3
    first, second, last = scores.tolist()  # of two images, two, and one
    assert first == second == 2 * last


def test_weights_are_fetched_once_a_batch_and_second_operands_for_each_image() -> None:
    """4 x 3 weights of 8 bits are 12 bytes; five images are two batches of four and one."""
    arch = design({"batch": 4, "memory.dram.burst_bytes": 1, "array.dataflow": "ws"})
    rows = ran(arch, DENSE, SCORES).rows
    bits = 4 * 3 * DENSE.weight_bits
    assert [row["dram_weight_read_bytes"] for row in rows] == [2 * bits // 8, 5 * bits // 8]


@pytest.mark.parametrize(
    "changes",
    [
        {"lsb.scheduler": "queue", "lsb.depth": 2, "lsb.scan": 2, "array.columns": 3},
        {"lsb.scheduler": "combine", "array.pe.zero_gating": True},
    ],
    ids=str,
)
def test_what_is_rounded_or_never_below_0_is_so_image_by_image(changes: dict[str, Any]) -> None:
    zeros = Zeros(activation=((0, 2, 0.37), (2, 2, 0.61)), weight=((0, 8, 0.13),))
    layer = GATED.replace(zeros=zeros)
    together, alone = (ran(design({**changes, "batch": each}), layer) for each in (2, 1))
    counts, single = (each.layer_results[0].ledger.counts for each in (together, alone))
    assert any(counts[name].sum() for name in counts if name.startswith(("further", "zero")))
    for name, own in counts.items():
        pairs = [single[name][:2].sum(), single[name][2:4].sum(), single[name][4]]
        assert own.tolist() == pairs, name


def test_no_tensor_that_a_product_reads_stays_on_chip() -> None:
    """Query and key are written, and read again: 6 x 4 and 4 x 3 elements of 4 bits."""
    query = linear(6, 5, 4, name="query", gate="none", msb_bits=None)
    key = linear(3, 5, 4, name="key", gate="none", msb_bits=None).replace(inputs=("network",))
    scores = SCORES.replace(inputs=("query", "key"), weight_bits=4)
    last = linear(6, 3, 2, name="last", gate="none", msb_bits=None)
    arch = design({"memory.retain": True, "batch": 1, "memory.dram.burst_bytes": 1})
    rows = ran(arch, query, key, scores, last).rows
    assert [row["dram_write_bytes"] for row in rows[:2]] == [5 * 6 * 4 // 2, 5 * 4 * 3 // 2]
    assert rows[2]["dram_activation_read_bytes"] > 0 and rows[2]["dram_weight_read_bytes"] > 0
    assert rows[3]["dram_activation_read_bytes"] == 0  # what a product makes may stay


def test_requests_keep_weights_on_chip_and_no_second_operand() -> None:
    masks: dict[str, np.ndarray] = {}
    trace = GateTrace.from_masks(masks, [DENSE, SCORES], images=1)
    large = design({"memory.weight_sram.kib": 64, "memory.dram.burst_bytes": 1, "batch": 1})
    stream = request_stream(trace, large, [("full", 3)])
    assert stream.weights_stay
    first, further = stream.stretches[0].first.rows, stream.stretches[0].further.rows
    bytes_of = 4 * 3 * DENSE.weight_bits // 8
    assert [row["dram_weight_read_bytes"] for row in first] == [bytes_of, bytes_of]
    assert [row["dram_weight_read_bytes"] for row in further] == [0, bytes_of]


def test_the_loops_of_a_product_are_of_an_image() -> None:
    result = ran(design({**SEARCHED, "batch": 2}), DENSE, SCORES)
    heads = [explain(result, name)[0] for name in ("dense", "scores")]
    assert ["for each batch" in heads[0], "for each image" in heads[1]] == [True, True]


@pytest.mark.parametrize("bandwidth", [0.5, 64])
def test_designs_that_share_all_but_the_speed_of_dram_agree(bandwidth: float) -> None:
    store, changes = WorkStore(), {"batch": 2, "memory.dram.bytes_per_cycle": bandwidth}
    ran(design({"batch": 2}), DENSE, SCORES, GATED, store=store)
    shared = ran(design(changes), DENSE, SCORES, GATED, store=store)
    alone = ran(design(changes), DENSE, SCORES, GATED)
    assert integers(shared) == integers(alone)
    for own, other in zip(shared.layer_results, alone.layer_results, strict=True):
        assert np.array_equal(own.cycles, other.cycles)


@pytest.mark.parametrize("changes", [{}, SEARCHED], ids=str)
def test_the_timeline_adds_up_image_by_image(changes: dict[str, Any], tmp_path: Path) -> None:
    check(ran(design({**changes, "batch": 2}), DENSE, SCORES, GATED), tmp_path)
