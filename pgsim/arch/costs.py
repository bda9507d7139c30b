"""What a design's parts cost in a technology: PEs of every kind, SRAM of every size, the gate.

All functions are pure: a technology and a part's description in, its costs out.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from pgsim.arch.config import PE, ArchConfig
from pgsim.arch.pe import macs_and_cycles
from pgsim.arch.technology import PERow, Technology, load_synthesis
from pgsim.errors import InputError

_UW_PER_MW = 1000.0


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


@dataclass(frozen=True)
class GatingCost:
    """The cost of what steers the LSB pass of one design (M28, M29).

    `comparator`: the gate of each of so many `columns`. `scheduler`: the LSB scheduler; its energy
    is that of a scanned slot. `stream_bit`: one bit of an operand stream more in one PE, with its
    way of the selector; the array has `stream_bits` of them. `issue_table`: an SRAM in so many
    banks, the words of which at one address are the entry of an issue slot.
    """

    columns: int
    comparator: LogicCost
    scheduler: LogicCost
    stream_bit: LogicCost
    stream_bits: float
    issue_table: SRAMCost
    issue_table_banks: int

    @property
    def area_um2(self) -> float:
        """Area of all of it."""
        return self._logic("area_um2") + self.issue_table.area_um2

    @property
    def leakage_uw(self) -> float:
        """Leakage power of all of it."""
        return self._logic("leakage_uw") + _UW_PER_MW * self.issue_table.leakage_mw

    def _logic(self, figure: str) -> float:
        parts = (
            (self.columns, self.comparator),
            (1, self.scheduler),
            (self.stream_bits, self.stream_bit),
        )
        return float(sum(count * getattr(cost, figure) for count, cost in parts))


def logic_cost(technology: Technology, modules: Mapping[str, float]) -> LogicCost:
    """Return what so many of the synthesized modules cost together in this technology.

    A count may be a fraction or negative: the difference of two modules is what one adds. Each
    figure is scaled by that of the fixed 8-bit PE in the technology over the synthesized one's:
    area, energy and leakage by a ratio of their own. Raises InputError where there is no such
    synthesis table, or the technology has no fixed 8-bit PE.
    """
    synthesized = load_synthesis(technology.synthesis).modules
    target, unit = _row(technology.pe.fixed, 8), synthesized["fixed_8x8"]

    def scaled(figure: str) -> float:
        total = sum(count * getattr(synthesized[name], figure) for name, count in modules.items())
        return float(total * getattr(target, figure) / getattr(unit, figure))

    return LogicCost(scaled("area_um2"), scaled("dynamic_pj_per_cycle"), scaled("leakage_uw"))


def pe_cost(technology: Technology, pe: PE) -> LogicCost:
    """Return the cost of one PE.

    Fixed and fusion units come from the technology's measured tables, each width rounded up to a
    row's; where the widths differ, the cost is the geometric mean of the two square units. (In
    SkyWater 130 nm a registered multiply-accumulate takes 4.17 pJ at 4x8, between 2.95 at 4x4 and
    6.74 at 8x8, whose geometric mean is 4.46: 7 % high.)

    Serial units are synthesized (`logic_cost`). They are measured at two sizes; the cost of others
    is on the straight line through those, over the bits of products added up in a cycle: `terms`
    times the parallel operand's maximum, or `terms` where both operands are serial.

    Raises InputError where the PE is wider than every row of its table, and for a serial unit
    as `logic_cost` does.
    """
    match pe.kind:
        case "fixed":
            return _from_table(technology.pe.fixed, pe)
        case "fusion":
            return _from_table(technology.pe.fusion, pe)
        case "serial_activation":
            return _serial(technology, pe.terms * pe.max_weight_bits)
        case "serial_weight":
            return _serial(technology, pe.terms * pe.max_activation_bits)
        case "serial_both":
            share = (pe.terms - 16) / (64 - 16)
            shares = {"serial_both_64x1": share, "serial_both_16x1": 1 - share}
            return logic_cost(technology, shares)


def gating_cost(technology: Technology, arch: ArchConfig) -> GatingCost:
    """Return what a design's gate and its LSB scheduler cost in a technology.

    Schedulers are synthesized for 16 lanes; they grow with the lanes, and `combine` with the open
    slots, in proportion. Against the table's other sizes that is, in area, energy and leakage,
    +12, +8 and +25 % for `combine` of 32 lanes, +1, 0 and +8 % for 4 open slots, +6, +7 and +3 %
    for `queue` of 32 lanes. Ways (4), depth (16), scan (4) and the bits of an address (8) are held
    at the synthesized ones. `ideal` is a bound, priced as `skip`; `dense` has no scheduler.

    A stream's bit is what 3 further streams add to an 8 x 8 PE, over their bits: to the fusion PE,
    or to the fixed one, which also stands for serial PEs. The issue table holds a window's issue
    slots, two windows' where buffers are doubled. Raises InputError as `logic_cost` does.
    """
    window = arch.window_capacity if arch.lsb.window == "auto" else arch.lsb.window
    steering = _steering(arch, max(1, (window - 1).bit_length()))
    windows = 2 if arch.memory.double_buffered else 1
    banks, word_bits = steering.table_banks, steering.table_word_bits
    pe, pes = arch.array.pe, arch.array.rows * arch.array.columns
    widths = product(range(1, pe.max_activation_bits + 1), range(1, pe.max_weight_bits + 1))
    widest = max(_stream_bits(arch, *each) for each in widths)
    kind, operand_bits = ("fusion", 32) if pe.kind == "fusion" else ("fixed", 8)
    share = 1 / (3 * operand_bits)
    stream_bit = {f"{kind}_8x8_4_streams": share, f"{kind}_8x8": -share}
    return GatingCost(
        columns=arch.array.columns,
        comparator=logic_cost(technology, {"comparator_32": 1}),
        scheduler=logic_cost(technology, steering.scheduler),
        stream_bit=logic_cost(technology, stream_bit),
        stream_bits=pes * steering.further_streams * widest,
        issue_table=sram_cost(
            technology, windows * window * banks * word_bits / 8192, banks, word_bits
        ),
        issue_table_banks=banks,
    )


@dataclass(frozen=True)
class _Steering:
    """A scheduler's modules, further streams a PE (on average), and the words of its issue table.

    The table says which slots an issue slot holds, and under `combine` each lane's stream; whether
    a lane works is the mask, which the output buffer holds (M22).
    """

    scheduler: Mapping[str, float]
    further_streams: float
    table_banks: int
    table_word_bits: int


def _steering(arch: ArchConfig, address_bits: int) -> _Steering:
    lanes = arch.array.columns
    match arch.lsb.scheduler:
        case "dense":
            return _Steering({}, 0, 1, 0)
        case "combine":
            scheduler = {"scheduler_combine_lanes_16_ways_4_open_8": lanes / 16 * arch.lsb.open / 8}
            streams = min(arch.lsb.ways, lanes)
            word_bits = streams * address_bits + lanes * (streams - 1).bit_length()
            return _Steering(scheduler, streams - 1, 1, word_bits)
        case "queue":  # a stream for each lane, which ends at its column
            scheduler = {"scheduler_queue_lanes_16_depth_16_scan_4": lanes / 16}
            return _Steering(scheduler, (lanes - 1) / 2, lanes, address_bits)
        case _:
            return _Steering({"scheduler_skip_lanes_16": lanes / 16}, 0, 1, address_bits)


def _stream_bits(arch: ArchConfig, activation_bits: int, weight_bits: int) -> int:
    """Return the bits of slot operands that a PE takes in a cycle: the width of a stream."""
    macs, cycles = macs_and_cycles(arch.array.pe, activation_bits, weight_bits)
    bits = activation_bits if arch.array.lanes_are_channels else weight_bits
    return -(-macs * bits // cycles)


def sram_cost(technology: Technology, kib: float, banks: int, port_bits: int) -> SRAMCost:
    """Return the cost of a buffer of `kib` KiB in `banks` equal banks with ports of `port_bits`.

    Energy and leakage of a bank are interpolated by its size between the rows of the technology's
    table, as straight lines on logarithmic axes; outside the table the end segments go on as the
    power laws they are. A port wider or narrower than a row's word costs in proportion, and no
    bits cost nothing.
    """
    if kib == 0:
        return SRAMCost(0.0, 0.0, 0.0, 0.0)
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


def _from_table(rows: Sequence[PERow], pe: PE) -> LogicCost:
    activation = _row(rows, pe.max_activation_bits)
    weight = _row(rows, pe.max_weight_bits)
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


def _row(rows: Sequence[PERow], bits: int) -> PERow:
    for row in rows:
        if row.max_bits >= bits:
            return row
    raise InputError(
        f"array.pe: no PE of {bits} bits in the technology table; its widest has "
        f"{rows[-1].max_bits}"
    )


def _serial(technology: Technology, product_bits: int) -> LogicCost:
    """Return the cost of a PE with one serial operand, on the line through 4 and 8 bits by 16."""
    share = (product_bits - 16 * 4) / (16 * 8 - 16 * 4)
    shares = {"serial_activation_16x8": share, "serial_activation_16x4": 1 - share}
    return logic_cost(technology, shares)


def _power_law(sizes: list[int], values: list[float], size: float) -> float:
    """Return the value at `size` on the broken line through the points, both axes logarithmic."""
    right = min(max(bisect_left(sizes, size), 1), len(sizes) - 1)
    left = right - 1
    share = math.log(size / sizes[left]) / math.log(sizes[right] / sizes[left])
    return values[left] * math.pow(values[right] / values[left], share)
