"""What parts cost: PEs and other logic from measured or synthesized tables, SRAM of every size.

All functions are pure: a technology and a part's description in, its cost out.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pgsim.arch.cost_tables import PERow
from pgsim.arch.technology import SynthesizedModule, Technology, load_synthesis
from pgsim.errors import InputError, nearest

_UNIT = "fixed_8x8"  # the synthesized module of which all others are multiples
_UNIT_BITS = 8


@dataclass(frozen=True)
class LogicCost:
    """The cost of a PE or of other logic: area in um2, energy of a busy cycle in pJ, leakage in uW.

    What a design lacks costs 0.
    """

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


def logic_cost(technology: Technology, modules: Mapping[str, float]) -> LogicCost:
    """Return what so many of the synthesized modules cost together in this technology.

    A count may be a fraction or negative: the difference of two modules is what one adds. Each
    figure is scaled by that of the fixed 8-bit PE in the technology over the synthesized one's:
    area, energy and leakage by a ratio of their own. Raises InputError where there is no such
    synthesis table or module, or the technology has no fixed 8-bit PE.
    """
    target, unit = row_of_bits(technology.pe.fixed, _UNIT_BITS), synthesized(technology, _UNIT)
    counted = [(count, synthesized(technology, name)) for name, count in modules.items()]
    return LogicCost(
        area_um2=sum(count * each.area_um2 for count, each in counted)
        * target.area_um2
        / unit.area_um2,
        dynamic_pj_per_cycle=sum(count * each.dynamic_pj_per_cycle for count, each in counted)
        * target.dynamic_pj_per_cycle
        / unit.dynamic_pj_per_cycle,
        leakage_uw=sum(count * each.leakage_uw for count, each in counted)
        * target.leakage_uw
        / unit.leakage_uw,
    )


def synthesized(technology: Technology, module: str) -> SynthesizedModule:
    """Return a module of the technology's synthesis table; raises InputError where it has none."""
    modules = load_synthesis(technology.synthesis).modules
    if module not in modules:
        raise InputError(
            f"technology: synthesis: {technology.synthesis}: modules: no module {module!r}, of "
            f"which a part of the design is made.{nearest(module, modules)}"
        )
    return modules[module]


def measured_cost(
    rows: Sequence[PERow], max_activation_bits: int, max_weight_bits: int
) -> LogicCost:
    """Return the cost of a PE from a table of measured ones, each width rounded up to a row's.

    Where the widths differ, the cost is the geometric mean of the two square units. (In SkyWater
    130 nm a registered multiply-accumulate takes 4.17 pJ at 4x8, between 2.95 at 4x4 and 6.74 at
    8x8, whose geometric mean is 4.46: 7 % high.) Raises InputError where the PE is wider than
    every row.
    """
    activation = row_of_bits(rows, max_activation_bits)
    weight = row_of_bits(rows, max_weight_bits)
    if activation is weight:
        row = activation
        return LogicCost(row.area_um2, row.dynamic_pj_per_cycle, row.leakage_uw)
    return LogicCost(
        area_um2=math.sqrt(activation.area_um2 * weight.area_um2),
        dynamic_pj_per_cycle=math.sqrt(
            activation.dynamic_pj_per_cycle * weight.dynamic_pj_per_cycle
        ),
        leakage_uw=math.sqrt(activation.leakage_uw * weight.leakage_uw),
    )


def row_of_bits(rows: Sequence[PERow], bits: int) -> PERow:
    """Return the first row as wide as `bits`; raises InputError where the widest is narrower."""
    for row in rows:
        if row.max_bits >= bits:
            return row
    raise InputError(
        f"array.pe: no PE of {bits} bits in the technology table; its widest has "
        f"{rows[-1].max_bits}"
    )


def sram_cost(technology: Technology, kib: float, banks: int, port_bits: int) -> SRAMCost:
    """Return the cost of a buffer of `kib` KiB in `banks` equal banks with ports of `port_bits`.

    Energy, leakage and area of a bank are interpolated by its size between the technology's rows,
    as straight lines on logarithmic axes; outside the table the end segments go on as the
    power laws they are. A port wider or narrower than a row's word costs in proportion, and no
    bits cost nothing.
    """
    if kib == 0:
        return SRAMCost(0.0, 0.0, 0.0, 0.0)
    rows = technology.sram.rows
    bank_bytes = kib * 1024 / banks

    def at_bank_size(values: list[float]) -> float:
        return power_law([row.bank_bytes for row in rows], values, bank_bytes)

    return SRAMCost(
        read_pj_per_word=at_bank_size([row.read_pj / row.word_bits for row in rows]) * port_bits,
        write_pj_per_word=at_bank_size([row.write_pj / row.word_bits for row in rows]) * port_bits,
        leakage_mw=at_bank_size([row.leakage_mw for row in rows]) * banks,
        area_um2=at_bank_size([row.area_um2 for row in rows]) * banks,
    )


def power_law(sizes: Sequence[int], values: Sequence[float], size: float) -> float:
    """Return the value at `size` on the broken line through the points, both axes logarithmic."""
    right = min(max(bisect_left(sizes, size), 1), len(sizes) - 1)
    left = right - 1
    share = math.log(size / sizes[left]) / math.log(sizes[right] / sizes[left])
    return values[left] * math.pow(values[right] / values[left], share)
