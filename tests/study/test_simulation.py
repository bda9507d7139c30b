"""Images of a trace: simulated apart, together, in batches and blocks, from one file or several."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from designs import conv, design, drawn, linear, random_mask, recurrent, trace_of

from pgsim import GateTrace, InputError, save_trace, simulate
from pgsim.model.blocks import Block
from pgsim.model.layer import ledger_of, simulate_layer, sums_of
from pgsim.model.ledger import joined
from pgsim.model.work_store import WorkStore
from pgsim.results import SUMMED
from pgsim.schemes import scheme_named
from pgsim.study.jobs import jobs_of

IMAGES = 7


PORTS = {"memory.activation_sram.port_bits": 8, "memory.weight_sram.port_bits": 8}


def some_network() -> GateTrace:
    """Seven images of an ungated layer, a convolution, a linear and a recurrent layer."""
    first = conv(2, 3, 6, 3, name="first", gate="none", msb_bits=None)
    layers = [first, conv(3, 5, 6, 3, padding=[1, 1]), linear(9, 10, 5), recurrent(4, 10, 5)]
    masks = {
        layer.name: random_mask(layer, IMAGES, seed)
        for seed, layer in enumerate(layers)
        if layer.gated
    }
    return GateTrace.from_masks(masks, layers, name="some network")


def part_of(trace: GateTrace, start: int, stop: int) -> GateTrace:
    masks = {
        layer.shape.name: layer.unpack(start, stop) for layer in trace.layers if layer.shape.gated
    }
    return GateTrace.from_masks(masks, [layer.shape for layer in trace.layers], name=trace.name)


SUMMED_INTEGERS = [name for name in SUMMED if name != "time_us" and not name.endswith("_pj")]


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_rows_of_images_sum_to_the_whole(dataflow: str) -> None:
    trace = some_network()
    arch = design(
        {
            "array.dataflow": dataflow,
            "memory.activation_sram.kib": 1,
            "memory.activation_sram.banks": 8,
        }
    )
    whole, apart = (simulate(trace, arch, per_image=each).layers for each in (False, True))
    assert apart["image"].tolist() == [*range(IMAGES)] * len(trace.layers)
    assert set(apart["images"]) == {1}
    sums = apart.groupby("layer", sort=False)[SUMMED_INTEGERS].sum()
    assert sums.to_dict("list") == whole[SUMMED_INTEGERS].to_dict("list")
    energy = apart.groupby("layer", sort=False)["energy_pj"].sum()
    assert np.allclose(energy, whole["energy_pj"], rtol=1e-12)
    for layer in trace.layers:
        own = apart[apart["layer"] == layer.shape.name]["mask_density"]
        for image, density in enumerate(own):
            expected = layer.unpack(image, image + 1).mean() if layer.shape.gated else np.nan
            assert density == pytest.approx(expected, nan_ok=True)


def test_outputs_leave_at_the_widths_that_the_next_layer_reads() -> None:
    # 6 positions of 10 channels, then of 4: 5 and 2 lane groups of 12 outputs each. At 8 bits those
    # are 12 bytes, one DRAM burst of 16; at 16 bits 24 bytes, two; at 32 bits 48 bytes, three.
    for first_bits, second_bits, expected in ((8, 16, [5 * 2, 2 * 2]), (16, 8, [5, 2])):
        plain = {"gate": "none", "msb_bits": None}
        first = linear(6, 3, 10, name="first", activation_bits=first_bits, **plain)
        second = linear(6, 10, 4, name="second", activation_bits=second_bits, **plain)
        trace = GateTrace.from_masks({}, [first, second], images=1)
        written = simulate(trace, design(), "full").layers["dram_write_bytes"]
        assert (written / 16).tolist() == expected
        written = simulate(trace, design({"output_bits": 32})).layers["dram_write_bytes"]
        assert (written / 16).tolist() == [5 * 3, 2 * 3]


def test_images_are_kept_apart_only_in_batches_of_one() -> None:
    with pytest.raises(InputError, match="needs batch 1, and test-4x2 has batch 2"):
        simulate(some_network(), design({"batch": 2}), per_image=True)


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_a_last_batch_may_be_smaller(dataflow: str) -> None:
    trace = some_network()
    arch = design({"array.dataflow": dataflow, "batch": 3})
    parts = [
        simulate(part_of(trace, start, stop), arch).layers[SUMMED_INTEGERS]
        for start, stop in ((0, 3), (3, 6), (6, 7))
    ]
    assert sum(parts).equals(simulate(trace, arch).layers[SUMMED_INTEGERS])


def test_a_batch_larger_than_the_trace_is_the_trace() -> None:
    trace = some_network()
    large, exact = (simulate(trace, design({"batch": batch})) for batch in (100, IMAGES))
    assert large.layers.equals(exact.layers)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_sharded_trace_gives_what_one_file_gives(tmp_path: Path, batch: int) -> None:
    trace, arch = some_network(), design({"batch": batch, "lsb.scheduler": "combine"})
    (tmp_path / "one").mkdir()
    (tmp_path / "three").mkdir()
    save_trace(trace, tmp_path / "one" / "some")
    save_trace(trace, tmp_path / "three" / "some", shards=3)
    one, three = (
        simulate(tmp_path / folder / "some.safetensors", arch).layers for folder in ("one", "three")
    )
    assert one.equals(three)
    assert one.drop(columns="trace").equals(simulate(trace, arch).layers.drop(columns="trace"))


def test_images_simulated_in_blocks_are_those_simulated_together() -> None:
    # One tile an image, and a block has room for 2**17 tiles: two blocks; then one for each part.
    images, first = 2**17 + 3, 70_001
    mask = np.random.default_rng(0).random((images, 1, 1)) < 0.3
    layer, arch = linear(1, 1, 1), design({"lsb.scheduler": "combine"})
    parts = [
        simulate(trace_of(layer, part), arch).layers[SUMMED_INTEGERS]
        for part in (mask[:first], mask[first:])
    ]
    assert sum(parts).equals(simulate(trace_of(layer, mask), arch).layers[SUMMED_INTEGERS])


def test_batches_simulated_block_by_block_are_those_simulated_together() -> None:
    trace, store = some_network(), WorkStore(limit_bytes=0)
    for job in jobs_of(trace, design({"batch": 2}), scheme_named("pg")):
        blocks = [Block(start, batch=2, batches=1, calibration=1) for start in (1, 3, 5)]
        apart = ledger_of(job, joined([(sums_of(job, each, store), 1) for each in blocks]))
        together = simulate_layer(job, 1, IMAGES, store)
        assert apart.counts.keys() == together.counts.keys()
        for name, counts in together.counts.items():
            assert apart.counts[name].tolist() == counts.tolist(), (job.shape.name, name)


IDEAL = {"array.dataflow": "ws", "lsb.scheduler": "ideal"}

# Designs that a store of mask work could confuse: each differs from the others in one of its keys.
SHARING = [
    {"array.dataflow": dataflow, "lsb.scheduler": scheduler} | more
    for dataflow in ("os", "ws", "is")
    for scheduler in ("skip", "combine", "queue")
    for more in ({}, {"batch": 2}, {"batch": 4}, {"array.columns": 3}, {"lsb.window": 4}, PORTS)
] + [{"array.dataflow": dataflow, "lsb.lane_order": "density"} for dataflow in ("os", "ws")]


@pytest.mark.parametrize("limit_bytes", [2**28, 1000])
def test_mask_work_that_designs_share_changes_nothing(limit_bytes: int) -> None:
    # Two layers of as many positions as channels, so that no shape tells masks or lanes apart.
    square = linear(5, 10, 5)
    layers = {name: square.replace(name=name) for name in ("one", "other")}
    masks = {name: random_mask(square, IMAGES, seed) for seed, name in enumerate(layers)}
    alike = GateTrace.from_masks(masks, list(layers.values()))
    store = WorkStore(limit_bytes)
    for trace, changes in product((some_network(), alike), SHARING):
        arch = design(changes)
        alone = simulate(trace, arch, calibration_images=1).layers
        shared = simulate(trace, arch, calibration_images=1, store=store).layers
        assert shared.equals(alone), changes


def test_designs_of_other_columns_share_no_ideal_issue() -> None:
    # One lane, so that lane groups are alike: 3 entries fill ceil(3 / 2) slots, then ceil(3 / 4).
    trace, store = trace_of(linear(6, 3, 1), drawn("x.x..x")), WorkStore()
    slots = [
        simulate(trace, design(IDEAL | {"array.columns": columns}), store=store)
        for columns in (2, 4)
    ]
    assert [result.summary["lsb_slots_issued"] for result in slots] == [2, 1]


def test_a_scheme_is_taken_by_its_name_or_as_it_is() -> None:
    trace = some_network()
    by_name = simulate(trace, design(), "uniform:4,8")
    assert simulate(trace, design(), scheme_named("uniform:4,8")).layers.equals(by_name.layers)
    assert by_name.summary["scheme"] == "uniform:4,8"


def test_calibration_images_are_not_simulated() -> None:
    trace = some_network()
    without = simulate(part_of(trace, 2, IMAGES), design())
    found = simulate(trace, design(), calibration_images=2)
    assert found.images == IMAGES - 2
    assert found.layers.equals(without.layers)
    apart = simulate(trace, design(), calibration_images=2, per_image=True)
    assert sorted(set(apart.layers["image"])) == [2, 3, 4, 5, 6]


def test_channels_are_ordered_by_the_calibration_images_alone() -> None:
    # Channels 0 and 2 are the dense ones on the calibration image, so they share a lane group of
    # two, and 1 and 3 the other. Of the image simulated, `skip` then issues 4 slots for the first
    # group and 1 for the second; in raster order each group would issue all 4.
    layer = linear(4, 3, 4)
    mask = drawn("xxxx .... xxx. ....", "xxxx .... xxxx x...")
    raster, density = (
        simulate(trace_of(layer, mask), design({"lsb.lane_order": order}), calibration_images=1)
        for order in ("raster", "density")
    )
    assert raster.summary["lsb_slots_issued"] == 8
    assert density.summary["lsb_slots_issued"] == 5


def test_a_tenth_of_the_images_is_for_calibration_where_channels_are_ordered() -> None:
    ordered = design({"lsb.lane_order": "density"})
    assert simulate("digits_pg_4_2", ordered).images == 450
    assert simulate(some_network(), ordered).images == IMAGES - 1  # at least one
    for images, calibrated in ((1 + 1, 1), (19, 1), (20, 2), (29, 2)):
        trace = trace_of(linear(4, 3, 4), drawn(*["xxxx .... xxx. ...."] * images))
        assert simulate(trace, ordered).images == images - calibrated
    assert simulate("digits_pg_4_2", design()).images == 500


@pytest.mark.parametrize(
    ("order", "asked", "message"),
    [
        ("raster", 7, "7 calibration images: expected 0 to 6 of its 7$"),
        ("raster", -1, "-1 calibration images: expected 0 to 6 of its 7$"),
        ("density", 0, "0 calibration images: expected 1 to 6 of its 7, because lane_order"),
    ],
)
def test_a_wrong_number_of_calibration_images_is_refused(
    order: str, asked: int, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        simulate(some_network(), design({"lsb.lane_order": order}), calibration_images=asked)
