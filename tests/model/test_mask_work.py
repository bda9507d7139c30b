"""Mask work: what decides it, and a store that does it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from designs import conv, design, drawn, linear, recurrent, trace_of
from jobs import job_of, mask_work

from pgsim import GateTrace, simulate
from pgsim.arch import SCHEDULERS, Issued
from pgsim.model.work_store import WorkStore
from pgsim.workload import LayerTrace

LAYER = linear(40, 6, 9)
NO_RATES = np.empty((0, 3), np.int64)


def random_mask(seed: int = 0, images: int = 4, shape: tuple[int, int] = (9, 40)) -> np.ndarray:
    return np.random.default_rng(seed).random((images, *shape)) < 0.3


@pytest.fixture
def kernel_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often each kernel that looks at bits is called."""
    calls: Counter[str] = Counter()
    for name in ("activity", "combine", "queue"):
        module = __import__(f"pgsim.kernels.{name}", fromlist=[name])
        kernel = getattr(module, name)

        def counted(*arguments: Any, _kernel: Any = kernel, _name: str = name) -> Any:
            calls[_name] += 1
            return _kernel(*arguments)

        monkeypatch.setattr(module, name, counted)
    yield calls


def counts(trace: GateTrace, changes: dict[str, Any], store: WorkStore | None) -> dict[str, Any]:
    """All numbers of the layer's row but those that are not there, which are no numbers."""
    row = simulate(trace, design(changes), store=store).layers.iloc[0]
    return {name: value for name, value in row.items() if value == value}


SPARSE = {"lsb.scheduler": "combine", "lsb.window": 16}


def test_designs_that_agree_on_all_that_decides_it_share_the_work(
    kernel_calls: Counter[str],
) -> None:
    trace, store = trace_of(LAYER, random_mask()), WorkStore()
    alike = (
        {},
        {"memory.dram.bytes_per_cycle": 4, "clock_mhz": 100},
        {"array.pe.kind": "fusion", "memory.weight_sram.kib": 1, "memory.weight_sram.banks": 8},
        {"memory.double_buffered": False, "lsb.gate_latency_cycles": 3},
        {"lsb.depth": 3, "array.overlap": "none", "output_bits": 16},
    )
    for changes in alike:
        counts(trace, SPARSE | changes, store)
    assert kernel_calls == {"activity": 1, "combine": 1}
    for changes in alike:
        counts(trace, SPARSE | changes, None)
    assert kernel_calls == {"activity": 6, "combine": 6}


def test_schedulers_share_what_they_do_not_decide(kernel_calls: Counter[str]) -> None:
    trace, store = trace_of(LAYER, random_mask()), WorkStore()
    for scheduler in SCHEDULERS:
        counts(trace, SPARSE | {"lsb.scheduler": scheduler}, store)
    assert kernel_calls == {"activity": 1, "combine": 1, "queue": 1}


@pytest.mark.parametrize(
    ("changes", "activities"),
    [
        ({"lsb.ways": 2}, 1),
        ({"lsb.open": 2}, 1),
        ({"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}, 1),  # rates
        ({"lsb.window": 8}, 2),
        ({"array.columns": 3}, 2),
        ({"batch": 2}, 2),
        ({"array.lanes": "positions", "lsb.window": 8}, 2),
        ({"lsb.lane_order": "density"}, 2),
    ],
)
def test_whatever_decides_it_is_work_of_its_own(
    changes: dict[str, Any], activities: int, kernel_calls: Counter[str]
) -> None:
    trace, store = trace_of(LAYER, random_mask()), WorkStore()
    counts(trace, SPARSE, store)
    counts(trace, SPARSE | changes, store)
    assert kernel_calls == {"activity": activities, "combine": 2}


def test_a_store_never_returns_the_work_of_another_mask(kernel_calls: Counter[str]) -> None:
    mask, other = random_mask(), random_mask()
    other[3, 8, 39] ^= True
    store = WorkStore()
    for each in (mask, other, mask):
        trace = trace_of(LAYER, each)
        assert counts(trace, SPARSE, store) == counts(trace, SPARSE, None)
    assert kernel_calls["activity"] == 2 + 3


def test_one_mask_in_several_shards_is_one_mask(kernel_calls: Counter[str]) -> None:
    job, store = job_of(LAYER, random_mask(), SPARSE, "pg"), WorkStore()
    words = job.layer.mask_words()
    split = replace(job, layer=LayerTrace(LAYER, (words[:1], words[1:])))
    found = mask_work(job, store).activity
    assert all(
        own is other for own, other in zip(found, mask_work(split, store).activity, strict=True)
    )
    assert kernel_calls["activity"] == 1


def some_designs() -> Iterator[dict[str, Any]]:
    for dataflow in ("os", "ws", "is"):
        for scheduler in SCHEDULERS:
            for columns in (1, 2, 8, 16):
                for batch in (1, 3):
                    yield {
                        "array.dataflow": dataflow,
                        "lsb.scheduler": scheduler,
                        "array.columns": columns,
                        "batch": batch,
                        "memory.activation_sram.banks": 2,
                        "memory.activation_sram.port_bits": 8,
                    }


@pytest.mark.parametrize(
    "scheduler",
    [*(name for name in SCHEDULERS if name != "ideal"), "ideal"],
)
def test_a_store_changes_no_number(scheduler: str) -> None:
    layers = (linear(12, 6, 5), recurrent(3, 6, 5), conv(4, 6, 4, 2, groups=2))
    for layer in layers:
        shape = (layer.mask_channels, layer.mask_positions)
        trace, store = trace_of(layer, random_mask(1, 4, shape)), WorkStore()
        for changes in some_designs():
            if changes["lsb.scheduler"] == scheduler:
                assert counts(trace, changes, store) == counts(trace, changes, None), changes


def test_without_a_store_nobody_asks_what_decides_the_work() -> None:
    work = mask_work(job_of(LAYER, random_mask(), SPARSE, "pg"), WorkStore(limit_bytes=0))
    assert work.activity[0].shape == (4, 5, 3)
    assert "digest" not in vars(work.job.layer)  # no mask is read for it


# What it works on, by hand.


def test_rows_and_bounds_are_those_of_lanes_and_tiles() -> None:
    mask = drawn("x.x. ..xx", ".xx. ....")
    job = job_of(linear(4, 6, 2), mask, {"lsb.window": 4, "batch": 2}, "pg")
    work = mask_work(job)
    # Two images side by side: bits 0, 2, 5 and 6 of channel 0; 2 and 3 of channel 1.
    assert work.rows.tolist() == [[[0b01100101], [0b00001100]]]
    assert [each.tolist() for each in work.bounds] == [[0, 1], [0, 2], [0, 4, 8]]
    # Window 1: slots 0, 2 and 3 are active, 4 entries, 2 in the fullest lane; window 2: 2, 2, 2.
    active, entries, fullest = work.activity
    assert (active.tolist(), entries.tolist()) == ([[[3, 2]]], [[[4, 2]]])
    assert fullest.tolist() == [[[2, 2]]]
    issued = work.issued(NO_RATES)
    assert issued.slots.tolist() == issued.vectors.tolist() == [[[3, 2]]]


def test_orders_of_lanes_do_not_share_though_their_images_do() -> None:
    # Channel 2 is the densest: in order of density, lane groups are channels {2, 0} and {1}.
    mask = drawn("xx.. .... xxxx", "xx.. ..x. xxxx")
    trace, store = trace_of(linear(4, 6, 3), mask), WorkStore()
    found = [
        simulate(
            trace,
            design({"lsb.lane_order": order, "array.dataflow": "ws"}),
            calibration_images=1,
            store=store,
        ).layers["lsb_slots_issued"][0]
        for order in ("raster", "density")
    ]
    # Raster: {0, 1} has 3 active slots, {2} 4. Density: {2, 0} 4, {1} 1.
    assert found == [7, 5]


def test_a_scheduler_that_says_too_little_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(linear(4, 6, 2), drawn("x.x. ..xx"), {}, "pg")
    rates = np.array([(4, 24, 8)], np.int64)
    work = mask_work(job)
    issued = work.issued(rates)
    monkeypatch.setattr(
        SCHEDULERS["skip"], "issue", lambda *_: Issued(issued.slots, issued.vectors, ())
    )
    with pytest.raises(ValueError, match=r"scheduler 'skip': expected .* 1 shortfalls"):
        work.issued(rates)


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("scheduler", ["skip", "combine"])
def test_masks_of_several_files_count_as_those_of_one(
    scheduler: str, batch: int, dataflow: str
) -> None:
    """Files of 3, 4 and 1 images, between which batches end or do not."""
    whole = trace_of(LAYER, random_mask(images=8))
    (layer,) = whole.layers
    cut = tuple(layer.shards[0][first:last] for first, last in ((0, 3), (3, 7), (7, 8)))
    parted = replace(whole, layers=(replace(layer, shards=cut, verify=True),))
    changes = {"batch": batch, "lsb.scheduler": scheduler, "array.dataflow": dataflow}
    assert counts(parted, changes, None) == counts(whole, changes, None)


@pytest.mark.parametrize("calibration", [0, 3])
def test_the_density_of_what_gates_outputs_is_that_of_the_masks(calibration: int) -> None:
    mask = random_mask(images=5)
    found = simulate(
        trace_of(LAYER, mask), design({}), per_image=True, calibration_images=calibration
    )
    assert found.rows[0]["mask_density"] == mask[calibration:].mean()
    of_images = [each.mean() for each in mask[calibration:]]
    assert found.layers["mask_density"].tolist() == pytest.approx(of_images, rel=1e-15)


@pytest.mark.parametrize(
    "laid_out",
    [lambda words: np.repeat(words, 2, axis=0)[::2], np.asfortranarray],
    ids=["every second image", "columns first"],
)
@pytest.mark.parametrize("mapping", ["fixed", "search"])
def test_masks_may_lie_in_memory_as_they_like(mapping: str, laid_out: Any) -> None:
    whole = trace_of(LAYER, random_mask())
    (layer,) = whole.layers
    words = laid_out(layer.mask_words())
    assert not words.flags.c_contiguous
    other = replace(whole, layers=(LayerTrace(LAYER, (words,)),))
    arch = design({"mapping": mapping})
    expected, found = (simulate(trace, arch).layers for trace in (whole, other))
    assert found.equals(expected)
