"""A layer's ledger: every count once, for every batch, and layers alike simulated once (M6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from designs import design, drawn, filled, linear, recurrent

from pgsim import GateTrace, InputError, simulate
from pgsim.model import layer as layer_module
from pgsim.model.blocks import Block
from pgsim.model.events import events_of
from pgsim.model.job import Job
from pgsim.model.layer import (
    LEDGER,
    every_run,
    run_block,
    simulate_block,
    simulate_layer,
    simulate_layers,
)
from pgsim.model.traffic import TRAFFIC, Tiles
from pgsim.model.work_store import WorkStore
from pgsim.schemes import layer_passes
from pgsim.workload import LayerShape

NOTHING = WorkStore(limit_bytes=0)
FIVE = linear(5, 6, 3)


def jobs_of(scheme: str, *layers: LayerShape, batch: int = 1) -> list[Job]:
    masks = {each.name: filled(each, True, images=5) for each in layers if each.gate != "none"}
    trace = GateTrace.from_masks(masks, layers, images=5)
    arch = design({"batch": batch})
    return [Job(each, layer_passes(each, scheme), arch, 4, batch) for each in trace.layers]


def test_a_ledger_has_every_count_for_every_batch() -> None:
    names = [count.name for count in LEDGER]
    assert len(names) == len(set(names))
    for scheme in ("pg", "dual_dense", "full"):
        (job,) = jobs_of(scheme, FIVE, batch=2)
        ledger = simulate_layer(job, calibration=0, images=5, store=NOTHING)
        assert set(ledger.counts) == set(names)
        assert {each.shape for each in ledger.counts.values()} == {(3,)}
        assert {each.dtype for each in ledger.counts.values()} == {np.dtype(np.int64)}
        assert len(ledger.passes) == len(job.passes)
        # Two batches of 2 images and one of 1, of 15 outputs.
        assert ledger.counts["outputs"].tolist() == [30, 30, 15]


def test_a_smaller_batch_is_tiled_by_itself() -> None:
    # 2 images are 10 positions, 3 folds of 6 cycles of each of 2 lane groups; one is 2 folds. Of
    # two batches that are alike one is simulated.
    (job,) = jobs_of("full", FIVE, batch=2)
    assert simulate_block(job, Block(0, 2, 2, 0), NOTHING).counts["msb_cycles"].tolist() == [36]
    assert simulate_block(job, Block(4, 1, 1, 0), NOTHING).counts["msb_cycles"].tolist() == [24]


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of layers in the order in which a first block of them is simulated."""
    names: list[str] = []
    one = layer_module.work_of

    def noted(job: Job, block: Block, *rest: object) -> object:
        names.extend([job.shape.name] * (block.start == 0))
        return one(job, block, *rest)

    monkeypatch.setattr(layer_module, "work_of", noted)
    yield names


def test_layers_without_a_mask_that_differ_in_name_alone_are_simulated_once(
    simulated: list[str],
) -> None:
    first = linear(5, 6, 3, name="first", gate="none", msb_bits=None)
    layers = [
        first,
        first.replace(name="again"),
        first.replace(name="wider", out_channels=4),
        first.replace(name="longer", positions=6),
        first.replace(name="deeper", in_channels=7),
        first.replace(name="finer", activation_bits=5, msb_bits=5),
        first.replace(name="heavier", weight_bits=7),
        recurrent(5, 6, 3, name="steps", gate="none", msb_bits=None),
    ]
    ledgers = simulate_layers(jobs_of("full", *layers), 0, 5, NOTHING)
    assert simulated == ["first", "wider", "longer", "deeper", "finer", "heavier", "steps"]
    assert ledgers[1] is ledgers[0]
    assert len(ledgers) == len(layers)


def test_layers_of_one_shape_have_masks_of_their_own() -> None:
    layers = [linear(4, 6, 2, name=name) for name in ("first", "second", "third")]
    masks = {
        "first": drawn("x.x. .x.."),
        "second": drawn(".... ...."),
        "third": drawn("xxxx xxxx"),
    }
    trace = GateTrace.from_masks(masks, layers)
    rows = simulate(trace, design({"lsb.window": 4, "array.dataflow": "ws"})).layers
    assert rows["lsb_slots_issued"].tolist() == [3, 0, 4]
    # Ungated, all three are alike.
    assert simulate(trace, design(), "full").layers["cycles"].nunique() == 1


def test_on_several_cores_a_large_trace_gives_what_one_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    layers = [linear(70, 6, 5, name=name) for name in ("first", "second", "third", "fourth")]
    masks = {each.name: rng.random((9, 5, 70)) < 0.4 for each in layers}
    trace = GateTrace.from_masks(masks, layers)
    wanted = simulate(trace, design())
    used = []
    monkeypatch.setattr(layer_module, "_SPREAD_WORDS", 9 * 4 * 5 * 2)  # as many words as there are
    monkeypatch.setattr(layer_module, "free_cores", lambda: used.append(3) or 3)
    assert simulate(trace, design()).layers.equals(wanted.layers)
    assert used == [3]
    monkeypatch.setattr(layer_module, "_SPREAD_WORDS", 9 * 4 * 5 * 2 + 1)
    assert simulate(trace, design()).layers.equals(wanted.layers)
    assert used == [3]


def test_layers_alike_but_for_the_bits_of_their_outputs_are_not_one() -> None:
    # Each writes 5 x 3 outputs of 8 bits, then of 4: 15 bytes are one burst of 16, 8 bytes too;
    # with bursts of a byte they are told apart.
    layers = [
        linear(5, 3, 3, name="first", gate="none", msb_bits=None, activation_bits=8),
        linear(5, 3, 3, name="second", gate="none", msb_bits=None, activation_bits=8),
        linear(5, 3, 3, name="third", gate="none", msb_bits=None, activation_bits=4),
    ]
    trace = GateTrace.from_masks({}, layers, images=1)
    written = simulate(trace, design({"memory.dram.burst_bytes": 1}), "full").layers
    # Lane groups of 2 and 1 channels: 10 and 5 outputs, a transfer each.
    assert written["dram_write_bytes"].tolist() == [10 + 5, 5 + 3, 5 + 3]


def test_counts_that_would_not_fit_are_refused_by_name() -> None:
    # 2^18 positions by 2^8 channels of 2^20 MACs take 2^46 steps of 16 x 16 cycles: 2^54 an image.
    layer = linear(
        2**18, 2**20, 2**8, gate="none", msb_bits=None, activation_bits=16, weight_bits=16
    )
    one_term = {"array.pe.kind": "serial_both", "array.pe.terms": 1, "array.dataflow": "ws"}
    trace = GateTrace.from_masks({}, [layer], images=512)
    with pytest.raises(InputError, match=rf"layer 'linear' on .*: {2**63} busy PE cycles"):
        simulate(trace, design(one_term), "full")


def test_runs_that_are_alike_are_those_of_every_run_simulated() -> None:
    (job,) = jobs_of("full", recurrent(4, 6, 5), batch=2)
    job = replace(job, arch=job.arch.override({"memory.dram.bytes_per_cycle": 1.0}))
    run = run_block(job, Block(0, 2, 1, 0), NOTHING)
    found = every_run(run)
    tiles = job.tiling.tiles(1)
    assert (run.batches.tiles[0], found.batches.tiles, tiles[0]) == (2, tiles, 4)
    rules = [rule.of(Tiles(job, run.timings, None, 1)) for rule in TRAFFIC]
    traffic = {name: counts for rule in rules for name, counts in rule.items()}
    events, work = events_of(job, tiles, run.timings, traffic)
    assert [each.tolist() for each in found.events] == [each.tolist() for each in events]
    assert [each.tolist() for each in found.work] == [each.tolist() for each in work]
    for name, counts in traffic.items():
        assert found.traffic[name].tolist() == counts.tolist()
    assert len(set(events.ends.tolist())) == 2  # the first run fetches the weights of all
