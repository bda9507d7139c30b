"""What the parts of one design cost in its technology (MODEL.md M28, M29)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from itertools import product

from pgsim.arch import (
    ArchConfig,
    LogicCost,
    SRAMCost,
    Technology,
    load_technology,
    logic_cost,
    sram_cost,
)
from pgsim.arch.technology import RegisterFileTable, Stamp, technology_stamp
from pgsim.cost.clock import PartPath, check_clock, own_clock_mhz, paths_of
from pgsim.errors import InputError
from pgsim.schemes import Pass, whole

_UW_PER_MW = 1000.0


@dataclass(frozen=True)
class GatingCost:
    """The cost of what steers gated passes of one design (M28, M29).

    `comparator`: the gate of each of so many `columns`. `scheduler`: the LSB scheduler; its energy
    is that of a scanned slot. `stream_bit`: one bit of an operand stream more in one PE, with its
    way of the selector; the array has `stream_bits` of them. `issue_table`: an SRAM, the words of
    which at one address are the entry of an issue slot.
    """

    columns: int
    comparator: LogicCost
    scheduler: LogicCost
    stream_bit: LogicCost
    stream_bits: float
    issue_table: SRAMCost

    @cached_property
    def area_um2(self) -> float:
        """Area of all of it."""
        logic = self.columns * self.comparator.area_um2 + self.scheduler.area_um2
        return logic + self.stream_bits * self.stream_bit.area_um2 + self.issue_table.area_um2

    @cached_property
    def leakage_uw(self) -> float:
        """Leakage power of all of it."""
        logic = self.columns * self.comparator.leakage_uw + self.scheduler.leakage_uw
        streams = self.stream_bits * self.stream_bit.leakage_uw
        return logic + streams + _UW_PER_MW * self.issue_table.leakage_mw


@dataclass(frozen=True, eq=False)
class Costs:
    """What the parts of one design cost: PEs, what gates, buffers by name, a bit of its DRAM.

    arch: the design with its clock as a number. paths: of its parts (M45).
    registers: a PE's register files, as an SRAM of one bank. register_files: their accesses, None
    where PEs have none.
    """

    arch: ArchConfig
    technology: Technology
    pe: LogicCost
    gating: GatingCost
    buffers: Mapping[str, SRAMCost]
    dram_pj_per_bit: float
    paths: tuple[PartPath, ...]
    registers: SRAMCost
    register_files: RegisterFileTable | None

    @cached_property
    def leakage_uw(self) -> float:
        """Leakage power of all PEs and buffers, in uW (uW x us = pJ)."""
        buffers_mw = sum(cost.leakage_mw for cost in self.buffers.values())
        pe_uw = self.pe.leakage_uw + _UW_PER_MW * self.registers.leakage_mw
        return self.arch.pes * pe_uw + _UW_PER_MW * buffers_mw


def costs_of(arch: ArchConfig, *, gated: bool = True) -> Costs:
    """Return what a design's parts cost in its technology.

    gated: whether a mask steers anything, so that the LSB scheduler may set a clock of `auto`.
    Raises InputError where there is no such technology or synthesis table, where one is wrong or
    lacks what the design has (the corner, the PE, a module, the kind of DRAM), one problem a line;
    and where none of its parts reaches the design's clock (M39), or one costs less than nothing.
    """
    return _costs_of(arch, gated, technology_stamp(arch.technology))


@lru_cache(maxsize=64)  # by all that decides it: the design, and the files of its technology
def _costs_of(arch: ArchConfig, gated: bool, stamp: Stamp) -> Costs:
    parts = _parts_of(_at_any_speed(arch), gated, stamp)
    if arch.clocked_by_parts:
        own = own_clock_mhz(parts.paths, parts.technology)
        arch = arch.model_copy(update={"clock_mhz": own})
    check_clock(arch, parts.technology)
    return replace(parts, arch=arch)


def _at_any_speed(arch: ArchConfig) -> ArchConfig:
    """Return a design without its clock and its bandwidth, on which no part's cost depends."""
    speed = {"bytes_per_cycle": 1.0, "gb_per_s": None}
    dram = arch.memory.dram.model_copy(update=speed)
    memory = arch.memory.model_copy(update={"dram": dram})
    return arch.model_copy(update={"clock_mhz": "auto", "memory": memory})


@lru_cache(maxsize=64)  # whatever the clock and the bandwidth are
def _parts_of(arch: ArchConfig, gated: bool, stamp: Stamp) -> Costs:
    technology = load_technology(arch.technology).at_corner(arch.corner)
    return Costs(
        arch=arch,
        technology=technology,
        pe=_possible("a PE", arch.pe.cost(technology), technology),
        gating=gating_cost(technology, arch),
        buffers={
            name: sram_cost(technology, sram.kib, sram.banks, sram.port_bits)
            for name, sram in arch.memory.buffers.items()
        },
        dram_pj_per_bit=technology.dram_pj_per_bit(arch.memory.dram.kind),
        paths=paths_of(arch, technology, gated=gated),
        registers=sram_cost(technology, _register_kib(arch), 1, arch.word_bits),
        register_files=_register_files(technology, arch),
    )


def _register_kib(arch: ArchConfig) -> float:
    return arch.array.register_files.words * arch.word_bits / 8192


def _register_files(technology: Technology, arch: ArchConfig) -> RegisterFileTable | None:
    """Return what register files cost; raises InputError where PEs have some without a price."""
    if not arch.array.register_files.words:
        return None
    if technology.register_files is None:
        raise InputError(
            f"technology: {arch.technology}: register_files: missing: expected the cost of an "
            f"access, which the PEs of {arch.name} need"
        )
    return technology.register_files


def gating_cost(technology: Technology, arch: ArchConfig) -> GatingCost:
    """Return what a design's gate and its LSB scheduler cost in a technology.

    The issue table holds a window's issue slots, two windows' where buffers are doubled. Raises
    InputError as `arch.logic_cost` does. Source: MODEL.md M28, M29.
    """
    columns, scheduler, pe = arch.array.columns, arch.scheduler, arch.pe
    gated_pes = arch.array.executor.rows * columns  # those that predict take dense passes (M59)
    steering = logic_cost(technology, scheduler.modules(columns))
    stream_bit = logic_cost(technology, pe.stream_bit_modules)
    address_bits = max(1, (arch.window - 1).bit_length())
    banks = scheduler.table_banks(columns)
    word_bits = scheduler.table_word_bits(columns, address_bits)
    slots = arch.window * (2 if arch.memory.double_buffered else 1)
    return GatingCost(
        columns=columns,
        comparator=logic_cost(technology, {"comparator_32": 1}),
        scheduler=_possible("the scheduler", steering, technology),
        stream_bit=_possible("a bit of an operand stream", stream_bit, technology),
        stream_bits=gated_pes * scheduler.further_streams(columns) * _widest_stream_bits(arch),
        issue_table=sram_cost(technology, slots * banks * word_bits / 8192, banks, word_bits),
    )


def _possible(part: str, cost: LogicCost, technology: Technology) -> LogicCost:
    """Return the cost of a part; raises InputError where a table makes it less than nothing.

    What a part adds is a larger module less a smaller one, and a table can have them the other way.
    """
    for figure, value in asdict(cost).items():
        if value < 0:
            raise InputError(
                f"technology: synthesis: {technology.synthesis}: {figure} of {part} comes out as "
                f"{value:g}: expected larger modules to cost more than what they contain"
            )
    return cost


def _widest_stream_bits(arch: ArchConfig) -> int:
    """Return the most bits of its slots' operand that a PE takes in a cycle, at any widths."""
    pe, operand = arch.pe, arch.lanes.slot_operand
    widths = product(range(1, pe.max_activation_bits + 1), range(1, pe.max_weight_bits + 1))
    widest = 0
    for activation_bits, weight_bits in widths:
        macs, cycles = pe.macs_and_cycles(activation_bits, weight_bits)
        bits = operand.bits(Pass(whole(activation_bits), whole(weight_bits)))
        widest = max(widest, -(-macs * bits // cycles))
    return widest
