"""Bit Fusion beside Eyeriss (Sharma et al., ISCA 2018), network by network."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping

from pgsim.arch import ArchConfig, load_arch
from pgsim.files import shipped_folder
from pgsim.study.published.result import Figure, Published
from pgsim.study.simulation import simulate
from pgsim.workload import GateTrace, LayerShape, layer_shape

_FILE = "bitfusion_isca_2018.csv"
_BATCH = 16

# Cycles of Eyeriss for a batch of 16, summed over layers, as its authors compare with
# (github.com/hsharma35/bitfusion, results of their Eyeriss, column "time(ms)", which has cycles).
_EYERISS_CYCLES = {
    "AlexNet": 70_286_336,
    "SVHN": 11_296_768,
    "CIFAR10": 44_153_856,
    "LeNet-5": 1_117_696,
    "VGG-7": 21_625_856,
    "RESNET-18": 95_485_952,
    "RNN": 1_048_576,
    "LSTM": 820_800,
}

Cells = Mapping[str, str]


class BitFusion(Published):
    """The speedup over Eyeriss of each network, and its geometric mean: 3.9."""

    name = "bit_fusion"
    citation = "Sharma et al., Bit Fusion, ISCA 2018; cycles of github.com/hsharma35/bitfusion"
    unit = "speedup over Eyeriss"
    differs = (
        "Cycles of Eyeriss are the published ones in both columns. Here Bit Fusion's layers run in "
        "the fixed order of loops (M23); theirs in the best of their tilings, which move more "
        "(docs/bitfusion.md says why)."
    )

    def figures(self) -> tuple[Figure, ...]:
        """Return the speedup of each network, and their geometric mean."""
        theirs = dict.fromkeys(_EYERISS_CYCLES, 0)
        ours = dict.fromkeys(_EYERISS_CYCLES, 0)
        known: dict[tuple[LayerShape, bool], int] = {}
        for cells in _rows():
            layer, first = _layer(cells), cells["first_by_im2col"] == "1"
            if (layer, first) not in known:
                known[layer, first] = _cycles(layer, first)
            theirs[cells["network"]] += int(cells["cycles"])
            ours[cells["network"]] += known[layer, first]
        ratios = [
            [eyeriss / own[name] for own in (theirs, ours)]
            for name, eyeriss in _EYERISS_CYCLES.items()
        ]
        means = (math.prod(column) ** (1 / len(ratios)) for column in zip(*ratios, strict=True))
        return (
            *(Figure(name, *pair) for name, pair in zip(theirs, ratios, strict=True)),
            Figure("geometric mean", *means),
        )


def _rows() -> list[Cells]:
    path = shipped_folder("arch_configs/published") / _FILE
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _layer(cells: Cells) -> LayerShape:
    """Return the layer of a row; what its authors count as padding is a part of its input."""
    size, stride, kernel = (int(cells[name]) for name in ("out_size", "stride", "kernel"))
    side = (size - 1) * stride + kernel
    counts = ("in_channels", "out_channels", "activation_bits", "weight_bits")
    fields: dict[str, object] = {name: int(cells[name]) for name in counts}
    fields |= {"name": "layer", "gate": "none"}
    if side == 1:
        return layer_shape({**fields, "op": "linear", "positions": 1})
    sizes = {"in_size": [side] * 2, "kernel": [kernel] * 2, "stride": [stride] * 2}
    return layer_shape({**fields, **sizes, "op": "conv2d"})


def _cycles(layer: LayerShape, first: bool) -> int:
    trace = GateTrace.from_masks({}, [layer], images=_BATCH)
    return int(simulate(trace, _design(first), "full").rows[0]["cycles"])


def _design(first: bool) -> ArchConfig:
    changes = {"mapping": "fixed", "name": "bit-fusion"}
    if not first:
        changes["array.first_layer"] = "as_others"
    return load_arch("bitfusion_isca_2018").override(changes)
