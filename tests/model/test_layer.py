"""A layer's ledger: every count once, for every batch, and layers alike simulated once (M6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from designs import design, drawn, filled, linear, recurrent

from pgsim import GateTrace, simulate
from pgsim.model import layer as layer_module
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.layer import LEDGER, simulate_block, simulate_layer, simulate_layers
from pgsim.model.mask_work import WorkStore
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
    """The names of layers in the order in which they are simulated."""
    names: list[str] = []
    one = layer_module.simulate_layer

    def noted(job: Job, *rest: object) -> object:
        names.append(job.shape.name)
        return one(job, *rest)

    monkeypatch.setattr(layer_module, "simulate_layer", noted)
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
