"""What is synthesized: each module's name in the table, its parameters, what its ports get.

Ports not named take random bits, which switch in every other cycle: an activity of 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from netlist import Drive, Lowest

MASK_DENSITY = 0.3  # of the lanes that schedulers see
FIRST = {"first": 1 / 64}  # a sum, or a window, begins
LOG2 = {2: 1, 4: 2, 8: 3, 16: 4}


@dataclass(frozen=True)
class Design:
    """A top module of tops.sv or the array's own, as one row of the table."""

    name: str
    top: str
    parameters: Mapping[str, int]
    drives: Mapping[str, Drive] = field(default_factory=dict)


def parallel_pe(fusion: bool, bits: int, streams: int = 1) -> Design:
    """A fixed or fusion PE that runs at its widest operands, signed, with so many row streams."""
    kind = "fusion" if fusion else "fixed"
    suffix = f"_{streams}_streams" if streams > 1 else ""
    parameters = {"FUSION": int(fusion), "ACTIVATION_SLICE": bits, "WEIGHT_SLICE": bits}
    widths = {"activation_log2": LOG2[bits], "weight_log2": LOG2[bits]}
    drives = FIRST | widths | {"activation_signed": 0, "weight_signed": 1, "shift": 0}
    return Design(f"{kind}_{bits}x{bits}{suffix}", "pe", parameters | {"STREAMS": streams}, drives)


def narrow_fusion_pe(activation_bits: int, weight_bits: int) -> Design:
    """The 8 x 8 fusion PE at narrower operands; wires that they do not need stand still."""
    activations, weights = 8 // activation_bits, 8 // weight_bits
    drives = {
        "activation_log2": LOG2[activation_bits],
        "weight_log2": LOG2[weight_bits],
        "rows": Lowest(activations * weights * activation_bits),
        "columns": Lowest(activations * weights * weight_bits),
    }
    widest = parallel_pe(True, 8)
    name = f"{widest.name}_at_{activation_bits}x{weight_bits}"
    return replace(widest, name=name, drives={**widest.drives, **drives})


def serial_pe(
    kind: str, terms: int, activation_slice: int, weight_slice: int, shift_bits: int
) -> Design:
    """A serial PE; its slices' place among the operands' bits changes every cycle."""
    parameters = {
        "TERMS": terms,
        "ACTIVATION_SLICE": activation_slice,
        "WEIGHT_SLICE": weight_slice,
        "SHIFT_BITS": shift_bits,
    }
    drives = FIRST | {"activation_signed": 1 / 8, "weight_signed": 1 / 8}
    if weight_slice > 1:
        drives["weight_signed"] = 1
    name = f"{kind}_{terms}x{max(activation_slice, weight_slice)}"
    return Design(name, "pe", parameters, drives)


def scheduler(kind: str, **parameters: int) -> Design:
    """An LSB scheduler that sees a slot in every cycle."""
    words = ["scheduler", kind, *(f"{key}_{value}" for key, value in parameters.items())]
    values = {key.upper(): value for key, value in parameters.items()}
    return Design("_".join(words), kind, values, FIRST | {"active": MASK_DENSITY})


DESIGNS = (
    *(parallel_pe(False, bits) for bits in (2, 4, 8, 16)),
    *(parallel_pe(True, bits) for bits in (2, 4, 8, 16)),
    *(parallel_pe(True, 8, streams) for streams in (2, 4, 8)),
    parallel_pe(False, 8, 4),
    *(narrow_fusion_pe(*widths) for widths in ((4, 8), (2, 8), (2, 2))),
    serial_pe("serial_activation", 16, 1, 8, 3),
    serial_pe("serial_activation", 16, 1, 4, 3),
    serial_pe("serial_weight", 16, 8, 1, 3),
    serial_pe("serial_both", 16, 1, 1, 4),
    serial_pe("serial_both", 64, 1, 1, 4),
    Design("comparator_32", "comparator", {}, {}),
    scheduler("skip", lanes=16),
    scheduler("combine", lanes=16, ways=4, open=8),
    scheduler("combine", lanes=16, ways=4, open=4),
    scheduler("combine", lanes=16, ways=2, open=4),
    scheduler("combine", lanes=32, ways=4, open=8),
    scheduler("queue", lanes=16, depth=16, scan=4),
    scheduler("queue", lanes=32, depth=16, scan=4),
    *(
        Design(
            f"multiply_accumulate_{activation}x{weight}",
            "multiply_accumulate",
            {"ACTIVATION_BITS": activation, "WEIGHT_BITS": weight},
            {"activation_signed": 0, "weight_signed": 1},
        )
        for activation, weight in ((2, 2), (4, 4), (4, 8), (8, 8))
    ),
)
