"""Products of two activations: images have their second operands to themselves (M60)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs import design, linear, random_mask
from timelines import check

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.model.work_store import WorkStore
from pgsim.results import Result

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
