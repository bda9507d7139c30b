"""The published figures of Bit Fusion's layers, and the same layers for pgsim.

`arch_configs/published/bitfusion_isca_2018.csv` holds what its authors ran on their simulator: the
array of 16 x 32 units at 192 bits a cycle of results/bitfusion-eyeriss-sim-sweep.csv
(github.com/hsharma35/bitfusion), a row a layer, with the shapes of their benchmarks. They ran
AlexNet's conv3 to conv5 on maps of 13 x 13 and its fc1 on 18432 inputs, where the benchmarks as
they are committed say 26 and 320000: only with the former do their formulas give their figures.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from random import Random

from bitfusion.formulas import BATCH, Layer
from pgsim import ArchConfig, GateTrace, LayerShape, load_arch, simulate
from pgsim.files import shipped_folder
from pgsim.workload import layer_shape

FILE = shipped_folder("arch_configs/published") / "bitfusion_isca_2018.csv"

# Layers whose published compute cycles are above the closed form, because tiles are cut alike: the
# last one is as large as the others, and computes on what is not there.
ROUNDED_UP = {
    ("AlexNet", name)
    for name in ("conv2_a", "conv2_b", "conv3_a", "conv3_b", "conv4_a", "conv4_b", "conv5_a")
} | {("AlexNet", "conv5_b"), ("LSTM", "matmul")}


@dataclass(frozen=True)
class Published:
    """A layer and what its authors publish of it, in cycles and bits of a batch of 16."""

    network: str
    layer: str
    shape: Layer
    compute_cycles: int
    cycles: int
    dram_read_bits: int
    dram_write_bits: int
    wbuf_read_bits: int
    ibuf_read_bits: int
    obuf_read_bits: int
    obuf_write_bits: int

    @property
    def is_rounded_up(self) -> bool:
        """Whether its tiles compute on more than the layer has."""
        return (self.network, self.layer) in ROUNDED_UP


@cache
def published() -> tuple[Published, ...]:
    """All rows of the file, in its order."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return tuple(map(_row, csv.DictReader(file)))


def _row(cells: dict[str, str]) -> Published:
    network, layer = cells.pop("network"), cells.pop("layer")
    numbers = {name: int(cell) for name, cell in cells.items()}
    first = bool(numbers.pop("first_by_im2col"))
    fields = [name for name in Layer.__dataclass_fields__ if name in numbers]
    shape = Layer(**{name: numbers.pop(name) for name in fields}, by_im2col=first)
    return Published(network, layer, shape, **numbers)


def as_pgsim_has_it(shape: Layer) -> LayerShape:
    """The layer of a trace; what its authors count as padding is a part of its input."""
    side = (shape.out_size - 1) * shape.stride + shape.kernel
    fields = {
        "in_channels": shape.in_channels,
        "out_channels": shape.out_channels,
        "activation_bits": shape.activation_bits,
        "weight_bits": shape.weight_bits,
        "gate": "none",
    }
    if side == 1:
        return layer_shape({"name": "fc", "op": "linear", "positions": 1} | fields)
    sides = {"in_size": [side] * 2, "kernel": [shape.kernel] * 2, "stride": [shape.stride] * 2}
    return layer_shape({"name": "conv", "op": "conv2d"} | sides | fields)


def trace_of(shape: Layer) -> GateTrace:
    """A batch of the layer alone."""
    return GateTrace.from_masks({}, [as_pgsim_has_it(shape)], images=BATCH)


def design_of(shape: Layer) -> ArchConfig:
    """The shipped design, on which a layer alone is not the network's first unless it says so."""
    shipped = load_arch("bitfusion_isca_2018")
    return shipped if shape.by_im2col else shipped.override({"array.first_layer": "as_others"})


def counts_of(shape: Layer, objective: str | None = None) -> dict[str, int]:
    """The integers that pgsim prints for a batch of the layer, in the fixed order of loops.

    objective: of a nest that is searched for instead.
    """
    design = design_of(shape).override({"mapping": "fixed"})
    (row,) = simulate(trace_of(shape), design, "full", objective=objective).rows
    return {name: value for name, value in row.items() if isinstance(value, int)}


def any_layer(rng: Random, *, by_im2col: bool = False) -> Layer:
    """A convolution or a fully connected layer, about as large as those that were published."""
    conv = by_im2col or rng.random() < 0.6
    return Layer(
        kernel=rng.choice((1, 2, 3, 5, 7)) if conv else 1,
        out_size=rng.randint(1, 40) if conv else 1,
        stride=rng.choice((1, 1, 2, 4)) if conv else 1,
        in_channels=round(2 ** rng.uniform(0, 9 if conv else 13)),
        out_channels=round(2 ** rng.uniform(0, 9 if conv else 12)),
        activation_bits=rng.randint(1, 8),
        weight_bits=rng.randint(1, 8),
        by_im2col=by_im2col,
    )
