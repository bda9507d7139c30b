"""What no design may change or lose: useful work, sums of parts, compulsory traffic.

Random cases are those of tests/support/cases.py; what they must move is counted by tests/reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from cases import Case, random_case
from designs import conv, design, linear, random_mask, recurrent, trace_of
from reference.layers import layer_of, passes_of

from pgsim import ArchConfig, GateTrace, load_arch, load_trace, simulate
from pgsim.files import shipped_names
from pgsim.results import PARTS_OF_CYCLES, PARTS_OF_ENERGY, SUMMED, Result
from pgsim.study.waterfalls import CYCLES, Waterfall, waterfalls
from pgsim.workload import LayerShape, layer_shape, layers_with_operands

ARCHS = shipped_names("arch_configs", ".yaml")
BY_VALUES = [arch for arch in ARCHS if load_arch(arch).pe.by_values]  # dense passes only (M58)
GATING = [arch for arch in ARCHS if arch not in ("eyeriss_isca_2016", *BY_VALUES)]  # M46: one pass
SCHEMES = ("pg", "dual_dense", "uniform:8,8", "uniform:8", "full", "msb_only")
RUNS = [
    (arch, scheme)
    for arch in ARCHS
    for scheme in SCHEMES
    if arch in GATING or (arch not in BY_VALUES and scheme not in ("pg", "dual_dense"))
]
RUNS += [(arch, scheme) for arch in BY_VALUES for scheme in ("dual_dense", "full", "msb_only")]
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


@cache
def of_digits(arch: str, scheme: str) -> Result:
    trace = layers_with_operands(digits()) if arch in BY_VALUES else digits()
    return simulate(trace, arch, scheme)


on_shipped_designs = pytest.mark.xdist_group("shipped designs")  # whose results they share


# Useful work.

LAYERS = {
    "conv": conv(3, 5, 6, 3, stride=[2, 1], padding=[1, 1]),
    "grouped": conv(4, 6, 5, 3, groups=2),
    "linear": linear(9, 10, 5),
    "recurrent": recurrent(4, 10, 5),
}


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


@pytest.mark.parametrize("name", ["conv", "grouped", "linear", "recurrent"])
def test_useful_macs_are_those_of_important_pixels(name: str) -> None:
    """M52: whatever streams them, one for each tap that brings one, channel by channel."""
    layer = LAYERS[name].replace(gate="input")
    mask, own = random_mask(layer, images=3), layer_of(layer.manifest())
    under = [own.window_pixels(position) for position in range(own.positions_per_step)]
    steps = range(own.time_steps)
    pairs = sum(
        bool(image[0][step * own.pixels + pixel])
        for image in mask
        for step in steps
        for pixels in under
        for pixel in pixels
        if pixel is not None
    )
    expected = {pairs * own.group_in_channels * own.out_channels}
    found = set()
    for dataflow in ("os", "ws", "is", "bitfusion"):
        for scheduler in ("dense", "skip", "combine", "queue", "ideal"):
            changes = {"array.dataflow": dataflow, "lsb.scheduler": scheduler, "batch": 2}
            found.add(simulate(trace_of(layer, mask), design(changes)).summary["lsb_macs"])
    assert found == expected


# Sums.


@on_shipped_designs
@pytest.mark.parametrize(("arch", "scheme"), RUNS)
def test_every_total_is_the_sum_of_its_parts(arch: str, scheme: str) -> None:
    result = of_digits(arch, scheme)
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


@on_shipped_designs
def test_the_waterfall_closes_to_the_cycle_on_every_shipped_design() -> None:
    for arch in GATING:
        baseline, gated = (of_digits(arch, scheme) for scheme in ("uniform:8,8", "pg"))
        check_waterfall(baseline, gated)


def test_the_waterfall_closes_to_the_cycle_on_any_design() -> None:
    for case in cases():
        check_waterfall(simulate_case(case, "uniform:8,8"), simulate_case(case, "pg"))


def check_waterfall(baseline: Result, gated: Result) -> None:
    cycles, energy = waterfalls({"baseline": baseline}, gated)
    check_energy(energy, baseline, gated)
    found = dict(cycles.totals)
    assert list(found) == [*gated.layers["layer"], "network"]
    own = zip(baseline.layers["cycles"], gated.layers["cycles"], strict=True)
    for (before, after), totals in zip(own, list(found.values())[:-1], strict=True):
        assert len(totals) == len(CYCLES)
        assert all(isinstance(total, Fraction) for total in totals)
        assert (totals[0], totals[-1]) == (before, after)
        for step, less, more in list(zip(CYCLES, totals, totals[1:], strict=False))[2:]:
            ideal = gated.arch.lsb.scheduler == "ideal" and step == "lane imbalance"
            assert less <= more or ideal, f"{step} and the next: what is lost cannot be negative"
    network = found.pop("network")
    assert network == [sum(column) for column in zip(*found.values(), strict=True)]
    assert network[0] == baseline.summary["cycles"]
    assert network[-1] == gated.summary["cycles"]


def check_energy(found: Waterfall, baseline: Result, gated: Result) -> None:
    """Sums and differences of fractions are exact; only the tables' energies are rounded."""
    for layer, totals in found.totals.items():
        assert all(isinstance(total, Fraction) for total in totals)
        assert totals[0] + sum(found.changes(layer).values()) == totals[-1]
    network = list(found.network.values())
    assert float(network[0]) == pytest.approx(baseline.summary["energy_pj"], rel=1e-12)
    assert float(network[-1]) == pytest.approx(gated.summary["energy_pj"], rel=1e-12)


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
