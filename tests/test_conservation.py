"""What no design may change or lose: useful work, sums of parts, images, compulsory traffic.

Random cases are those of tests/cases.py; what they must move is counted by tests/reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from cases import Case, random_case
from designs import conv, design, drawn, linear, recurrent, trace_of
from reference.layers import layer_of, passes_of

from pgsim import ArchConfig, GateTrace, InputError, load_arch, load_trace, save_trace, simulate
from pgsim.files import shipped_names
from pgsim.results import PARTS_OF_CYCLES, PARTS_OF_ENERGY, SUMMED
from pgsim.results.tables import Result
from pgsim.study.waterfalls import STEPS, waterfall
from pgsim.workload import LayerShape, layer_shape

ARCHS = shipped_names("arch_configs", ".yaml")
SCHEMES = ("pg", "dual_dense", "uniform:8,8", "uniform:8", "full", "msb_only")
CASES = 150


def simulate_case(case: Case, scheme: str | None = None) -> Result:
    layer = layer_shape(case.layer)
    masks = {}
    if case.mask is not None:
        masks[layer.name] = np.array((*(case.calibration_mask or ()), *case.mask), bool)
    trace = GateTrace.from_masks(masks, [layer], images=case.images + case.calibration_images)
    arch, calibration = ArchConfig.model_validate(case.arch), case.calibration_images
    return simulate(trace, arch, scheme or case.scheme, calibration_images=calibration)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(random_case(seed) for seed in range(10**5, 10**5 + CASES))


@cache
def digits() -> GateTrace:
    return load_trace("digits_pg_4_2")


# Useful work.

LAYERS = {
    "conv": conv(3, 5, 6, 3, stride=[2, 1], padding=[1, 1]),
    "grouped": conv(4, 6, 5, 3, groups=2),
    "linear": linear(9, 10, 5),
    "recurrent": recurrent(4, 10, 5),
}


def random_mask(layer: LayerShape, images: int, seed: int = 0) -> np.ndarray:
    shape = (images, layer.mask_channels, layer.mask_positions)
    return np.random.default_rng(seed).random(shape) < 0.3


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("kind", ["fixed", "fusion", "serial_activation"])
def test_useful_macs_are_those_of_the_layer_and_its_mask(layer: LayerShape, kind: str) -> None:
    mask = random_mask(layer, images=3)
    trace = trace_of(layer, mask)
    outputs = 3 * layer.out_channels * layer.outputs_per_channel
    expected = {(outputs * layer.reduction, int(mask.sum()) * layer.reduction)}
    found = set()
    for dataflow in ("os", "ws", "is", "bitfusion"):
        for scheduler in ("dense", "skip", "combine", "queue", "ideal"):
            arch = design(
                {"array.dataflow": dataflow, "lsb.scheduler": scheduler, "array.pe.kind": kind}
                | {"batch": 2, "lsb.window": 4}
            )
            row = simulate(trace, arch).summary
            found.add((row["msb_macs"], row["lsb_macs"]))
    assert found == expected


# Sums.


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("arch", ARCHS)
def test_every_total_is_the_sum_of_its_parts(arch: str, scheme: str) -> None:
    result = simulate(digits(), arch, scheme)
    layers = result.layers
    assert (layers["cycles"] == layers[list(PARTS_OF_CYCLES)].sum(axis=1)).all()
    stalls = layers["port_stall_cycles"] + layers["dram_stall_cycles"]
    assert (layers["stall_cycles"] == stalls).all()
    assert (layers["time_us"] == layers["cycles"] / load_arch(arch).clock_mhz).all()
    read = layers["dram_activation_read_bytes"] + layers["dram_weight_read_bytes"]
    assert (layers["dram_read_bytes"] == read).all()
    energy = layers[list(PARTS_OF_ENERGY)].sum(axis=1)
    assert np.allclose(layers["energy_pj"], energy, rtol=1e-12)
    for name in SUMMED:
        assert result.summary[name] == pytest.approx(layers[name].sum(), rel=1e-12), name


def test_the_waterfall_closes_to_the_cycle_on_every_shipped_design() -> None:
    for arch in ARCHS:
        baseline, gated = (simulate(digits(), arch, scheme) for scheme in ("uniform:8,8", "pg"))
        check_waterfall(baseline, gated)


def test_the_waterfall_closes_to_the_cycle_on_any_design() -> None:
    gated = [case for case in cases() if case.layer["gate"] != "input"]
    assert len(gated) > CASES / 2
    for case in gated:
        check_waterfall(simulate_case(case, "uniform:8,8"), simulate_case(case, "pg"))


def check_waterfall(baseline: Result, gated: Result) -> None:
    found = waterfall(baseline, gated)
    assert list(found) == [*gated.layers["layer"], "network"]
    own = zip(baseline.layers["cycles"], gated.layers["cycles"], strict=True)
    for (before, after), totals in zip(own, list(found.values())[:-1], strict=True):
        assert len(totals) == len(STEPS)
        assert all(isinstance(total, Fraction) for total in totals)
        assert (totals[0], totals[-1]) == (before, after)
        for step, less, more in list(zip(STEPS, totals, totals[1:], strict=False))[2:]:
            ideal = gated.arch.lsb.scheduler == "ideal" and step == "lane imbalance"
            assert less <= more or ideal, f"{step} and the next: what is lost cannot be negative"
    network = found.pop("network")
    assert network == [sum(column) for column in zip(*found.values(), strict=True)]
    assert network[0] == baseline.summary["cycles"]
    assert network[-1] == gated.summary["cycles"]


# Compulsory traffic: each thing that a layer needs crosses each interface at least once.


def needed_elements(case: Case) -> tuple[int, int]:
    """Input elements under any kernel window, and under those of gated outputs alone."""
    layer = layer_of(case.layer)
    of_steps = range(layer.time_steps)
    under = [set(layer.window_pixels(p)) - {None} for p in range(layer.positions_per_step)]
    pixels = len(set().union(*under)) * len(of_steps)
    gated = 0
    for image in (case.mask or ()) if layer.gate == "output" else ():
        for group in range(layer.groups):
            own = image[group * layer.group_channels : (group + 1) * layer.group_channels]
            for step in of_steps:
                first = step * layer.positions_per_step
                active = [u for p, u in enumerate(under) if any(row[first + p] for row in own)]
                gated += len(set().union(*active)) * layer.group_in_channels
    return case.images * pixels * layer.in_channels, gated


def compulsory_bits(case: Case) -> Iterator[tuple[str, int]]:
    """Columns of bytes, and the least bits that a case's layer must move there."""
    layer, passes = layer_of(case.layer), passes_of(layer_of(case.layer), case.scheme)
    batches = -(-case.images // case.arch["batch"])
    weights = batches * layer.out_channels * layer.reduction * passes[0].weight_bits
    all_inputs, gated_inputs = needed_elements(case)
    inputs = all_inputs * passes[0].activation_bits
    if len(passes) > 1:
        lsb = gated_inputs if passes[1].gated else all_inputs
        inputs += lsb * passes[1].activation_bits
    outputs = case.images * layer.out_channels * layer.positions_per_step * layer.time_steps
    mask = outputs if passes[-1].gated else 0
    yield "dram_weight_read_bytes", weights
    yield "dram_activation_read_bytes", inputs
    yield "dram_write_bytes", outputs * case.output_bits
    yield "weight_sram_read_bytes", weights
    yield "activation_sram_read_bytes", inputs
    yield "output_sram_read_bytes", outputs * case.output_bits + mask
    yield "output_sram_write_bytes", outputs * case.output_bits + mask


def test_traffic_is_never_under_the_compulsory_amount() -> None:
    for case in cases():
        row = simulate_case(case).summary
        for column, bits in compulsory_bits(case):
            assert 8 * row[column] >= bits, (case.seed, column)


# Images: simulated apart, together, in batches, from one file or several.

IMAGES = 7


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
    arch = design({"array.dataflow": dataflow, "memory.activation_sram.kib": 1})
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


def test_images_simulated_in_blocks_are_those_simulated_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace, arch = some_network(), design({"batch": 2})
    together = simulate(trace, arch).layers
    # By its module: `pgsim.simulate` is the function.
    monkeypatch.setattr(import_module("pgsim.study.simulation"), "_BLOCK_BITS", 1)  # a block is one batch
    assert simulate(trace, arch).layers.equals(together)


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
    assert simulate(digits(), ordered).images == 450
    assert simulate(some_network(), ordered).images == IMAGES - 1  # at least one
    assert simulate(digits(), design()).images == 500


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
