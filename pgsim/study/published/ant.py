"""ANT and its rivals on Bit Fusion's array, network by network (Guo et al., MICRO 2022)."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.arch import ArchConfig, load_arch
from pgsim.study.published.result import Figure, Published
from pgsim.study.simulation import simulate
from pgsim.workload import GateTrace, network

# Their configuration: sizes, a port of 1,024 bits to DRAM, and 64 images a batch.
_DESIGN = {
    "name": "ant",
    "mapping": "fixed",
    "batch": 64,
    "array.rows": 32,
    "array.pe.max_activation_bits": 8,
    "array.pe.max_weight_bits": 8,
    "array.first_layer": "as_others",
    "memory.activation_sram.kib": 256,
    "memory.weight_sram.kib": 128,
    "memory.output_sram.kib": 128,
    "memory.dram.bytes_per_cycle": 128,
}
_IMAGES = 64

# Bits that Bit Fusion needs in each layer as they quantized it, in the networks' order.
_BIT_FUSION = {
    "vgg16": "8888888888484848",
    "resnet18": "888888888888888848848",
    "resnet50": "888888888888888844884844884884484484484484884488448448",
}


class _Rival(NamedTuple):
    """A system: its array's columns, dataflow and kind of PE, and the bits of inner layers.

    bits: of all layers but the first and the last, whose bits are edge_bits. None: those of
    _BIT_FUSION. published: its time over AdaFloat's, by network.
    """

    name: str
    columns: int
    dataflow: str
    pe: str
    bits: int | None
    edge_bits: int
    published: dict[str, float]


_RIVALS = (
    _Rival("ANT-OS", 32, "os", "fusion", 4, 8, {"vgg16": 0.20, "resnet18": 0.23, "resnet50": 0.22}),
    _Rival("ANT-WS", 32, "ws", "fusion", 4, 8, {"vgg16": 0.20, "resnet18": 0.23, "resnet50": 0.22}),
    _Rival(
        "Bit Fusion", 32, "os", "fusion", None, 8,
        {"vgg16": 0.76, "resnet18": 0.69, "resnet50": 0.54},
    ),
    _Rival("BiScaled", 80, "os", "fixed", 6, 6, {"vgg16": 0.38, "resnet50": 0.38}),
)  # fmt: skip
_ADAFLOAT = _Rival("AdaFloat", 28, "os", "fusion", 8, 8, {})


class Ant(Published):
    """The time of each system over that of AdaFloat, which takes 8 bits everywhere."""

    name = "ant"
    citation = (
        "Guo et al., ANT, MICRO 2022, figure 13; times and settings of "
        "github.com/clevercool/ANT-Quantization"
    )
    unit = "time over AdaFloat's"
    differs = (
        "Three of their eight networks, and not OLAccel, whose outliers have PEs of their own. "
        "Layers run here in the fixed order of loops (M23), theirs in the best of their tilings; "
        "in that order ResNet-50's 1 x 1 convolutions of 4 bits wait for DRAM."
    )

    def figures(self) -> tuple[Figure, ...]:
        """Return the time of each system on each network."""
        names = list(_BIT_FUSION)
        base = {name: _cycles(_ADAFLOAT, name) for name in names}
        return tuple(
            Figure(f"{name}, {rival.name}", published, _cycles(rival, name) / base[name])
            for name in names
            for rival in _RIVALS
            if (published := rival.published.get(name)) is not None
        )


def _cycles(rival: _Rival, name: str) -> int:
    layers = [each.replace(gate="none", msb_bits=None) for each in network(name)]
    layers = [
        each.replace(activation_bits=bits, msb_bits=bits, weight_bits=bits)
        for each, bits in zip(layers, _bits(rival, name), strict=True)
    ]
    trace = GateTrace.from_masks({}, layers, images=_IMAGES)
    return simulate(trace, _design(rival), "full").cycles


def _bits(rival: _Rival, name: str) -> list[int]:
    """Return the bits of activations and of weights in each layer."""
    theirs = [int(bits) for bits in _BIT_FUSION[name]]
    if rival.bits is None:
        return theirs
    return [rival.edge_bits, *[rival.bits] * (len(theirs) - 2), rival.edge_bits]


def _design(rival: _Rival) -> ArchConfig:
    own = {"columns": rival.columns, "dataflow": rival.dataflow, "pe.kind": rival.pe}
    changes = {f"array.{key}": value for key, value in own.items()}
    return load_arch("bitfusion_isca_2018").override({**_DESIGN, **changes})
