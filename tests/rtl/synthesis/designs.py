"""What is synthesized: each module's name in the table, its parameters, what its ports get.

Ports not named take random bits, which switch in every other cycle: an activity of 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from netlist import Drive, HalfZero, Lowest

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


def isolated_pe(fusion: bool, activation_bits: int = 8, weight_bits: int = 8) -> Design:
    """The 8 x 8 PE whose unit stands still where its operands are 0; here none is."""
    plain = parallel_pe(fusion, 8)
    at = ""
    if (activation_bits, weight_bits) != (8, 8):
        plain = narrow_fusion_pe(activation_bits, weight_bits)
        at = f"_at_{activation_bits}x{weight_bits}"
    parameters = {"FUSION": int(fusion), "ACTIVATION_SLICE": 8, "WEIGHT_SLICE": 8}
    drives = {**plain.drives, "rows_count": 1, "columns_count": 1}
    name = f"{'fusion' if fusion else 'fixed'}_8x8_isolated{at}"
    return Design(name, "isolated_pe", parameters, drives)


def half_zero(design: Design, wires: int, operand_bits: int, cycles: int = 1) -> Design:
    """A PE half of whose activations are 0, each for so many cycles.

    They are the operands of the rows, on so many wires. Where a cycle has one of them, what comes
    with it tells an isolated PE.
    """
    drives: dict[str, Drive] = {"rows": HalfZero(wires, operand_bits, cycles)}
    if wires == operand_bits and design.top == "isolated_pe":
        drives = {"rows_count": 0.5}
    return replace(design, name=f"{design.name}_half_zero", drives={**design.drives, **drives})


def with_half_zero(design: Design, *operands: int) -> tuple[Design, Design]:
    """A PE whose activations are random, and the same with half of them 0 (`half_zero`)."""
    return design, half_zero(design, *operands)


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


def effectual_pe(name: str, top: str, **parameters: int) -> Design:
    """A PE whose 16 lanes take terms of operands (M58); half of the terms are there."""
    values = {key.upper(): value for key, value in parameters.items()}
    return Design(name, top, values, FIRST)


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
    half_zero(parallel_pe(False, 8), 8, 8),
    *with_half_zero(isolated_pe(False), 8, 8),
    *with_half_zero(isolated_pe(True), 8, 8),
    *with_half_zero(isolated_pe(True, 4, 8), 8, 4),
    *with_half_zero(isolated_pe(True, 2, 8), 8, 2),
    *with_half_zero(isolated_pe(True, 2, 2), 32, 2),
    *with_half_zero(serial_pe("serial_activation", 16, 1, 8, 3), 16, 1, 8),
    serial_pe("serial_activation", 16, 1, 4, 3),
    *with_half_zero(serial_pe("serial_weight", 16, 8, 1, 3), 128, 8),
    *with_half_zero(serial_pe("serial_both", 16, 1, 1, 4), 16, 1, 64),
    serial_pe("serial_both", 64, 1, 1, 4),
    *(Design(f"binary_{terms}", "xnor_pe", {"TERMS": terms}, FIRST) for terms in (16, 64)),
    serial_pe("parallel", 16, 8, 8, 0),
    *(
        effectual_pe(f"pragmatic_16x8_stage_{bits}", "pragmatic_pe", stage_bits=bits)
        for bits in range(4)
    ),
    effectual_pe("pragmatic_16x8_1_register", "pragmatic_pe", registers=1),
    effectual_pe("tactical_essential_16x8_8_ways", "pragmatic_pe", ways=8),
    effectual_pe("tactical_precision_16x8_8_ways", "pragmatic_pe", stage_bits=0, ways=8),
    effectual_pe("laconic_16", "laconic_pe"),
    Design("comparator_32", "comparator", {}, {}),
    *(scheduler("skip", lanes=lanes) for lanes in (16, 32)),
    *(scheduler("combine", lanes=lanes, ways=4, open=8) for lanes in (8, 16, 32, 64)),
    *(scheduler("combine", lanes=16, ways=4, open=slots) for slots in (4, 16)),
    *(scheduler("combine", lanes=16, ways=ways, open=8) for ways in (2, 8)),
    scheduler("combine", lanes=16, ways=2, open=4),
    *(scheduler("queue", lanes=lanes, depth=16, scan=4) for lanes in (8, 16, 32, 64)),
    scheduler("queue", lanes=16, depth=8, scan=4),
    *(scheduler("queue", lanes=16, depth=16, scan=scan) for scan in (2, 8)),
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
