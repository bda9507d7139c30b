"""What a design's parts cost in a technology: PEs of every kind, SRAM of every size.

All functions are pure: a technology and a part's description in, its costs out.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from pgsim.arch.config import PE
from pgsim.arch.technology import PERow, Technology
from pgsim.errors import InputError


@dataclass(frozen=True)
class PECost:
    """The cost of one PE: area in um2, energy of a busy cycle in pJ, leakage in uW."""

    area_um2: float
    dynamic_pj_per_cycle: float
    leakage_uw: float


@dataclass(frozen=True)
class SRAMCost:
    """The cost of one buffer of several banks.

    Energy in pJ of a word of `port_bits` read from or written to one bank; leakage in mW and area
    in um2 of all banks together.
    """

    read_pj_per_word: float
    write_pj_per_word: float
    leakage_mw: float
    area_um2: float


def pe_cost(technology: Technology, pe: PE) -> PECost:
    """Return the cost of one PE.

    Fixed and fusion units come from the technology's measured tables, each width rounded up to a
    row's; where the widths differ, the cost is the geometric mean of the two square units. (A
    SkyWater 130 nm synthesis of registered multiply-accumulates gives 5.45 pJ at 4x8, between
    3.50 at 4x4 and 7.27 at 8x8, whose geometric mean is 5.04: 8 % low.)

    Serial units have no measured table and are built from single operations. In each cycle one
    bit of the serial operand selects the parallel operand of each of `terms` products (gates that
    are not counted), an adder for each sums them, and a 32-bit adder accumulates: `terms` adders
    as wide as the parallel operand's maximum, scaled from the 8-bit adder in proportion, or of
    one bit where both are serial. Leakage follows area at the fixed 8-bit unit's density. Their
    registers are not in these figures.

    Raises InputError where the PE is wider than every row of its table.
    """
    match pe.kind:
        case "fixed":
            return _from_table(technology.pe.fixed, pe)
        case "fusion":
            return _from_table(technology.pe.fusion, pe)
        case "serial_activation":
            return _from_adders(technology, pe.terms, pe.max_weight_bits)
        case "serial_weight":
            return _from_adders(technology, pe.terms, pe.max_activation_bits)
        case "serial_both":
            return _from_adders(technology, pe.terms, 1)


def sram_cost(technology: Technology, kib: float, banks: int, port_bits: int) -> SRAMCost:
    """Return the cost of a buffer of `kib` KiB in `banks` equal banks with ports of `port_bits`.

    Energy and leakage of a bank are interpolated by its size between the rows of the technology's
    table, as straight lines on logarithmic axes; outside the table the end segments go on as the
    power laws they are. A port wider or narrower than a row's word costs in proportion.
    """
    rows = technology.sram.rows
    bank_bytes = kib * 1024 / banks

    def at_bank_size(values: list[float]) -> float:
        return _power_law([row.bank_bytes for row in rows], values, bank_bytes)

    return SRAMCost(
        read_pj_per_word=at_bank_size([row.read_pj / row.word_bits for row in rows]) * port_bits,
        write_pj_per_word=at_bank_size([row.write_pj / row.word_bits for row in rows]) * port_bits,
        leakage_mw=at_bank_size([row.leakage_mw for row in rows]) * banks,
        area_um2=kib * 1024 * 8 * technology.sram.um2_per_bit,
    )


def _from_table(rows: Sequence[PERow], pe: PE) -> PECost:
    activation = _row(rows, pe.max_activation_bits)
    weight = _row(rows, pe.max_weight_bits)
    if activation is weight:
        row = activation
        return PECost(row.area_um2, row.dynamic_pj_per_cycle, row.leakage_uw)
    return PECost(
        area_um2=math.sqrt(activation.area_um2 * weight.area_um2),
        dynamic_pj_per_cycle=math.sqrt(
            activation.dynamic_pj_per_cycle * weight.dynamic_pj_per_cycle
        ),
        leakage_uw=math.sqrt(activation.leakage_uw * weight.leakage_uw),
    )


def _row(rows: Sequence[PERow], bits: int) -> PERow:
    for row in rows:
        if row.max_bits >= bits:
            return row
    raise InputError(
        f"array.pe: no PE of {bits} bits in the technology table; its widest has "
        f"{rows[-1].max_bits}"
    )


def _from_adders(technology: Technology, terms: int, adder_bits: int) -> PECost:
    arithmetic = technology.arithmetic
    int8_adders = terms * adder_bits / 8
    area_um2 = int8_adders * arithmetic.int8_add_um2 + arithmetic.int32_add_um2
    measured = _row(technology.pe.fixed, 8)
    return PECost(
        area_um2=area_um2,
        dynamic_pj_per_cycle=int8_adders * arithmetic.int8_add_pj + arithmetic.int32_add_pj,
        leakage_uw=measured.leakage_uw * area_um2 / measured.area_um2,
    )


def _power_law(sizes: list[int], values: list[float], size: float) -> float:
    """Return the value at `size` on the broken line through the points, both axes logarithmic."""
    right = min(max(bisect_left(sizes, size), 1), len(sizes) - 1)
    left = right - 1
    share = math.log(size / sizes[left]) / math.log(sizes[right] / sizes[left])
    return values[left] * math.pow(values[right] / values[left], share)
