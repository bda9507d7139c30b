"""Every system of the field equals the stepped reference, in passes that are written out here.

Each is asked for by the name that `pgsim schemes` lists, in a network of three layers. The
reference steps the one in the middle, in the passes that the system's publication has. PEs that go
by values have `test_values_against_reference.py`.

    PGSIM_REFERENCE_SYSTEMS_SEEDS=200 python -m pytest tests/test_systems_against_reference.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from cases import Case, drawn_case
from reference import COUNTS, Pass, Plane, simulate_layer
from two_array_cases import two_arrays_case

from pgsim import ArchConfig, CyclicPrecision, GateTrace, simulate, training, widened_trace
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_REFERENCE_SYSTEMS_SEEDS", "6"))
MACS = 12_000  # of all passes together
OUTER = {"op": "linear", "positions": 2, "in_channels": 3, "out_channels": 3, "gate": "none"}
OUTER |= {"activation_bits": 8, "weight_bits": 8}
ONE_BIT = Plane(0, 1)

Layer = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A system for one layer: the scheme by which pgsim is asked, and the passes that it means.

    layer, pe, array: what the system needs of them. reader_bits: at which the next layer reads.
    """

    scheme: str
    passes: Sequence[Pass]
    layer: Layer = field(default_factory=dict)
    pe: dict[str, Any] = field(default_factory=dict)
    array: dict[str, Any] = field(default_factory=dict)
    reader_bits: int = 8


Draw = Callable[[Random, Layer, Path], Asked]


def upper(bits: int, of: int) -> Plane:
    """The most significant bits of an operand."""
    return Plane(of - bits, bits)


def switchable(rng: Random, layer: Layer, path: Path) -> Asked:
    own, weights = layer["activation_bits"], layer["weight_bits"]
    a, w = rng.randint(1, own), rng.randint(1, weights)
    return Asked(f"top:{a},{w}", [Pass(upper(a, own), upper(w, weights))])


def bsq(rng: Random, layer: Layer, path: Path) -> Asked:
    """Six weight bits, of which 5, 2 and 0 are zero in all weights."""
    bits = rng.randint(1, 8)
    table = path / "bits.csv"
    table.write_text(
        f"layer,activation_bits,weight_bits,zero_weight_planes\nlayer,{bits},6,5 2 0\n"
    )
    planes = [Plane(3, 2), Plane(1, 1)]
    return Asked(f"table:{table}", [Pass(Plane(0, bits), plane) for plane in planes])


def precision_batching(rng: Random, layer: Layer, path: Path) -> Asked:
    own, weights = Plane(0, layer["activation_bits"]), layer["weight_bits"]
    planes = rng.randint(1, min(weights, 5))
    lows = range(weights - 1, weights - 1 - planes, -1)
    return Asked(f"weight_planes:{planes}", [Pass(own, Plane(low, 1)) for low in lows])


def packing(rng: Random, layer: Layer, path: Path) -> Asked:
    """Of 3 bits five share a word of 16, of 5 bits three, of 6 bits two."""
    in_words = {3: 3, 4: 4, 5: 5, 6: 8, 7: 8}
    a, w = rng.choices(list(in_words), k=2)
    one = Pass(Plane(0, in_words[a]), Plane(0, in_words[w]))
    pe = {"kind": "fixed", "max_activation_bits": 8, "max_weight_bits": 8}
    return Asked(f"packed:{a},{w}", [one], pe=pe, reader_bits=in_words[a])


def xnor(rng: Random, layer: Layer, path: Path) -> Asked:
    pe = {"kind": "binary", "max_activation_bits": 1, "max_weight_bits": 1}
    return Asked("uniform:1,1", [Pass(ONE_BIT, ONE_BIT)], pe=pe, reader_bits=1)


def odq(rng: Random, layer: Layer, path: Path) -> Asked:
    own, weights = layer["activation_bits"], max(2, layer["weight_bits"])
    a, w = rng.randint(1, own - 1), rng.randint(1, weights - 1)
    high, strong, low, weak = upper(a, own), upper(w, weights), Plane(0, own - a), weights - w
    passes = [
        Pass(high, strong),
        Pass(high, Plane(0, weak), gated=True),
        Pass(low, strong, gated=True),
        Pass(low, Plane(0, weak), gated=True),
    ]
    return Asked(f"odq:{a},{w}", passes, layer={"weight_bits": weights})


def seernet(rng: Random, layer: Layer, path: Path) -> Asked:
    own, weights = layer["activation_bits"], max(2, layer["weight_bits"])
    bits = rng.randint(1, min(own, weights) - 1)
    again = Pass(Plane(0, own), Plane(0, weights), gated=True)
    first = Pass(upper(bits, own), upper(bits, weights))
    return Asked(f"seernet:{bits}", [first, again], layer={"weight_bits": weights})


def fracbnn(rng: Random, layer: Layer, path: Path) -> Asked:
    bits = {"activation_bits": 2, "msb_bits": 1, "weight_bits": 1}
    passes = [Pass(Plane(1, 1), ONE_BIT), Pass(ONE_BIT, ONE_BIT, gated=True)]
    return Asked("pg", passes, layer=bits)


def regions(rng: Random, layer: Layer, path: Path) -> Asked:
    """On an array whose steps take as long as their slowest lane, or on one that takes passes."""
    own, high = layer["activation_bits"], layer["msb_bits"]
    weights = Plane(0, layer["weight_bits"])
    passes = [Pass(upper(high, own), weights), Pass(Plane(0, own - high), weights, gated=True)]
    return Asked("pg", passes, pe={"kind": "serial_activation"}, array=_a_speed(rng))


def drq(rng: Random, layer: Layer, path: Path) -> Asked:
    asked = odq(rng, layer, path)
    pe = {"kind": "fixed", "max_activation_bits": 4, "max_weight_bits": 4}
    return replace(asked, pe=pe, array=_a_speed(rng))


def _a_speed(rng: Random) -> dict[str, Any]:
    return {"speed": rng.choice(("steady", "variable", "variable"))}


SYSTEMS: dict[str, tuple[str, Draw]] = {  # by name, the gate that it needs and what it is
    "Switchable": ("none", switchable),
    "BSQ": ("none", bsq),
    "PrecisionBatching": ("none", precision_batching),
    "Packed memory": ("none", packing),
    "XNOR-Net": ("none", xnor),
    "ODQ": ("output", odq),
    "SeerNet": ("output", seernet),
    "DUET": ("output", seernet),
    "FracBNN": ("output", fracbnn),
    "Regions": ("input", regions),
    "DRQ": ("input", drq),
}


def case_of(name: str, seed: int, path: Path) -> tuple[Case, Asked]:
    """The first case that a seed's random numbers give which the system can run."""
    gate, draw = SYSTEMS[name]
    rng = Random(f"{name} {seed}")
    while True:
        drawn = rng.randrange(2**32)
        case = two_arrays_case(drawn) if name == "DUET" else drawn_case(Random(drawn), drawn)
        array = case.arch["array"]
        if case.layer["gate"] != gate or (gate == "input" and array["dataflow"] != "ws"):
            continue
        asked = draw(rng, case.layer, path)
        layer = case.layer | asked.layer
        if layer_shape(layer).macs * case.images * len(asked.passes) > MACS:
            continue
        array |= asked.array | {"pe": array["pe"] | asked.pe}
        return replace(case, layer=layer, arch=case.arch | {"array": array}), asked


def trace_of(case: Case) -> GateTrace:
    """The layer between two others, the calibration images first."""
    first, last = ({"name": name, **OUTER} for name in ("first", "last"))
    masks = {}
    if case.mask is not None:
        masks["layer"] = np.array((*(case.calibration_mask or ()), *case.mask), bool)
    layers = [layer_shape(each) for each in (first, case.layer, last)]
    return GateTrace.from_masks(masks, layers, images=case.images + case.calibration_images)


def difference(case: Case, asked: Asked) -> dict[str, tuple[int, int]]:
    expected = simulate_layer(
        case.layer,
        case.arch,
        asked.passes,
        images=case.images,
        output_bits=case.arch["output_bits"] or asked.reader_bits,
        mask=case.mask,
        calibration_mask=case.calibration_mask,
        first=False,
    )
    arch = ArchConfig.model_validate(case.arch)
    before = case.calibration_images
    _, row, _ = simulate(trace_of(case), arch, asked.scheme, calibration_images=before).rows
    return {name: (expected[name], row[name]) for name in COUNTS if expected[name] != row[name]}


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_integer_equals_the_reference(name: str, tmp_path: Path) -> None:
    differing = {seed: difference(*case_of(name, seed, tmp_path)) for seed in range(SEEDS)}
    assert not {seed: each for seed, each in differing.items() if each}


def stepped(
    layer: Layer, arch: dict[str, Any], bits: tuple[int, int], reader_bits: int, first: bool
) -> dict[str, int]:
    """What the reference counts of a layer of these operands, in one pass and of one image."""
    one = Pass(*(Plane(0, each) for each in bits))
    output_bits = arch["output_bits"] or reader_bits
    return simulate_layer(layer, arch, [one], images=1, output_bits=output_bits, first=first)


def conv(**fields: Any) -> Layer:
    """An ungated convolution of 8 bits."""
    bits = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}
    return {"name": "layer", "op": "conv2d", **bits, **fields}


def matrices(positions: int, inputs: int, outputs: int, groups: int) -> Layer:
    """A product of matrices for each group; positions by inputs, by outputs."""
    sizes = {"in_size": [1, positions], "kernel": [1, 1], "groups": groups}
    return conv(**sizes, in_channels=inputs * groups, out_channels=outputs * groups)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_products_of_cpts_training_equal_the_reference(seed: int) -> None:
    """Forward at (b, b), error at (g, b), gradient at (b, g) bits of what streams and what stays.

    The first layer has 4 x 5 positions of 3 x 9 inputs. The second has two groups, 2 x 3 positions
    each of 2 x 9 inputs for 3 outputs; it alone has an error product.
    """
    arch = drawn_case(Random(seed), seed).arch | {"batch": 1}
    shapes = {"kernel": [3, 3], "padding": [1, 1]}
    first = conv(**shapes, in_size=[4, 5], in_channels=3, out_channels=4)
    second = conv(**shapes, in_size=[4, 5], stride=[2, 2], in_channels=4, out_channels=6, groups=2)
    layers = [layer_shape(first | {"name": "first"}), layer_shape(second)]
    trace = GateTrace.from_masks({}, layers, images=1)
    found = training(trace, ArchConfig.model_validate(arch), CyclicPrecision(2, 3, 5, 1, 8))
    products = {
        "forward": [first, second],
        "error": [matrices(6, 3, 18, groups=2)],
        "gradient": [matrices(27, 20, 4, groups=1), matrices(18, 6, 3, groups=2)],
    }
    for b in (2, 3):
        bits = {"forward": (b, b), "error": (5, b), "gradient": (b, 5)}
        for name, each in products.items():
            cycles = [
                stepped(layer, arch, bits[name], bits[name][0], place == 0)["cycles"]
                for place, layer in enumerate(each)
            ]
            assert found.steps[b].cycles[name] == sum(cycles), (b, name)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_network_widened_as_wrpns_equals_the_reference(seed: int) -> None:
    """Three times the channels inside, and the outer layers' own inputs and outputs."""
    arch = drawn_case(Random(seed), seed).arch | {"batch": 1}
    arch |= {"lsb": arch["lsb"] | {"lane_order": "raster"}}  # of one image
    own = {"in_size": [4, 3], "kernel": [3, 3], "padding": [1, 1]}
    few = {"activation_bits": 4, "weight_bits": 4}
    channels = {"first": (3, 4), "layer": (4, 5), "last": (5, 2)}
    wider = {"first": (3, 12), "layer": (12, 15), "last": (15, 2)}
    bits = {"first": (8, 8), "layer": (2, 3), "last": (8, 8)}
    readers = {"first": 2, "layer": 8, "last": 8}

    def layer(name: str, inputs: int, outputs: int) -> Layer:
        inner = few if name == "layer" else {}
        return conv(**own, in_channels=inputs, out_channels=outputs) | inner | {"name": name}

    layers = [layer_shape(layer(name, *sizes)) for name, sizes in channels.items()]
    wide = widened_trace(GateTrace.from_masks({}, layers, images=1), 3)
    rows = simulate(wide, ArchConfig.model_validate(arch), "inner:2,3").rows
    for row, (name, sizes) in zip(rows, wider.items(), strict=True):
        expected = stepped(layer(name, *sizes), arch, bits[name], readers[name], name == "first")
        assert {each: row[each] for each in COUNTS} == {each: expected[each] for each in COUNTS}
