"""ArchConfig: an accelerator as its YAML file describes it, checked once and frozen.

The keys, their words and defaults are those of the architecture file. A number's source goes in a
comment of the file, or in the optional ``source`` of any section.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pgsim.arch.dataflows import Dataflow
from pgsim.arch.fabric import fabric_of
from pgsim.arch.lanes import Lanes
from pgsim.arch.memory import BANDWIDTH_KEYS, DRAMCycles, Memory, few_bits
from pgsim.arch.nests import Mapping as MappingKeys
from pgsim.arch.overriding import overridden
from pgsim.arch.pes import PEKind
from pgsim.arch.refusals import lsb_refusals, refusals
from pgsim.arch.schedulers import Scheduler
from pgsim.arch.scheduling import LSB
from pgsim.arch.section import Section
from pgsim.arch.sections import Array, Name
from pgsim.arch.validation import KeyProblems, check_values, check_yaml, dotted_keys
from pgsim.arch.windows import window_capacity
from pgsim.files import shipped
from pgsim.yaml_source import read_yaml

_NAMES_AND_PRICES = {"name", "source", "technology", "corner", "clock_mhz"}
_DRAM_PRICES = {"kind", "source", *BANDWIDTH_KEYS}


class ArchConfig(Section):
    """One accelerator design, as `load_arch` reads it; compares, hashes and pickles by value.

    Construction raises pydantic's ValidationError, a ValueError; `load_arch` and `override` raise
    InputError instead and say where.

    Parameters
    ----------
    name : str
        What results call the design.
    source : str
        Where its numbers come from.
    clock_mhz : float or "auto"
        Clock of the array and its buffers, above 0; `auto` is that of its slowest part (M45).
    technology : str
        Path or shipped name of the table of what parts cost.
    corner : str, optional
        The kind of transistors of both logic and SRAM; by default each as the table has it (M45).
    array : Array
        Rows and columns of PEs, the PE, the dataflow, the lanes.
    memory : Memory
        The three buffers and the DRAM.
    lsb : LSB
        The scheduler of gated passes, its window and the order of lanes.
    batch : int
        Images that run together, at least 1.
    output_bits : int, optional
        Bits of an output as it is written; by default those that the next layer reads (M23).
    mapping : Mapping
        The fixed order, a search for loop nests, or nests that are given (M40, M41).

    Examples
    --------
    >>> design = load_arch("pg_os")
    >>> design.pes, design.dataflow.name, design.pe.name, design.scheduler.name
    (256, 'os', 'fusion', 'combine')
    """

    name: Name
    source: str = ""
    clock_mhz: Literal["auto"] | Annotated[float, Field(gt=0, le=100_000)]
    technology: Name
    corner: Name | None = None
    array: Array
    memory: Memory
    lsb: LSB = LSB()  # after array and memory: its checks look at theirs
    batch: Annotated[int, Field(ge=1, le=65536)] = 1
    output_bits: Annotated[int, Field(ge=1, le=32)] | None = None
    mapping: MappingKeys = MappingKeys()

    @field_validator("lsb")
    @classmethod
    def _lsb_fits_the_rest(cls, lsb: LSB, info: ValidationInfo) -> LSB:
        if problems := list(lsb_refusals(lsb, info.data.get("array"), info.data.get("memory"))):
            raise KeyProblems(*problems)
        return lsb

    @model_validator(mode="after")
    def _is_one_that_can_be(self) -> ArchConfig:
        if problems := list(refusals(self.array, self.memory, self.mapping, self.lsb)):
            raise KeyProblems(*problems)
        return self

    @property
    def clocked_by_parts(self) -> bool:
        """Whether its slowest part sets the clock, which its costs tell (M45)."""
        return isinstance(self.clock_mhz, str)

    @property
    def mhz(self) -> float:
        """The clock as a number. A design at `auto` has none yet: `pgsim.cost.costs_of` finds it.

        Raises ValueError for such a design.
        """
        if isinstance(self.clock_mhz, str):
            raise ValueError(f"{self.name} runs at its slowest part, which its costs tell")
        return self.clock_mhz

    @cached_property
    def dataflow(self) -> Dataflow:
        """What moves through the array and what stays, as it runs on this design."""
        return self.array.flow_of(first=False).fitted(fabric_of(self.array, self.memory))

    @cached_property
    def first_dataflow(self) -> Dataflow:
        """The same, of the first layer of a network (M47)."""
        return self.array.flow_of(first=True).fitted(fabric_of(self.array, self.memory))

    @property
    def word_bits(self) -> int:
        """Bits of a PE's widest operand, and of a word of its register files (M46)."""
        return self.array.pe.word_bits

    @cached_property
    def lanes(self) -> Lanes:
        """What stands side by side on the array's columns."""
        return self.array.lane_kind

    @property
    def pe(self) -> PEKind:
        """The array's processing element."""
        return self.array.pe.unit

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler of gated passes, with its parameters."""
        return self.lsb.chosen

    @cached_property
    def dram_cycles(self) -> DRAMCycles:
        """Cycles of a burst of DRAM, and of a page that it opens, exactly (M25, M44)."""
        return self.memory.dram.cycles(self.mhz)

    @cached_property
    def least_burst_cycles(self) -> Fraction:
        """Cycles that a burst of a stream takes at least, with its share of the pages it opens.

        A fine fraction is left out where it has many digits, so that the numbers stay small.
        """
        shared = self._shared_burst_cycles
        cycles, bursts, _ = few_bits((shared.denominator, shared.numerator, 0))
        return Fraction(bursts, cycles)

    @property
    def _shared_burst_cycles(self) -> Fraction:
        burst, row_miss = self.dram_cycles
        page_bytes = self.memory.dram.in_time.stream_page_bytes
        if page_bytes is None:
            return burst
        most = -(-page_bytes // self.memory.dram.burst_bytes)  # bursts that begin in a page
        shared = burst + row_miss / most
        return max(burst, Fraction(int(shared * 1024), 1024))

    @cached_property
    def dram_parts(self) -> tuple[int, int, int]:
        """The same in integers: parts that make a cycle, and how many a burst and a page take."""
        burst, row_miss = self.dram_cycles
        parts = math.lcm(burst.denominator, row_miss.denominator)
        return parts, int(burst * parts), int(row_miss * parts)

    @property
    def few_dram_parts(self) -> tuple[int, int, int]:
        """The same in numbers of few digits, and so perhaps a little less time."""
        return few_bits(self.dram_parts)

    @property
    def but_for_prices(self) -> tuple[Hashable, DRAMCycles]:
        """All of it that decides counts, beside the searches that weigh prices.

        That is the design without its name and its technology, with DRAM in cycles: whatever is
        not named here decides, so that a new key does too.
        """
        return self.but_for_dram_speed, self.dram_cycles

    @property
    def but_for_dram_speed(self) -> Hashable:
        """The same without the cycles that DRAM takes."""
        return (
            _all_but(self, {"memory", *_NAMES_AND_PRICES}),
            _all_but(self.memory, {"dram"}),
            _all_but(self.memory.dram, _DRAM_PRICES),
        )

    @cached_property
    def peak(self) -> tuple[int, int]:
        """Bit operations that the array does at most, and in how many cycles (M27)."""
        operations, cycles = self.pe.peak
        return self.pes * operations, cycles

    @property
    def pes(self) -> int:
        """PEs of the array."""
        return self.array.rows * self.array.columns

    @property
    def window(self) -> int:
        """Slots of a window of a layer of several passes (M8)."""
        return self.lsb.fixed_window or self.window_capacity

    @cached_property
    def window_capacity(self) -> int:
        """The most slots of a window: what the output buffer holds at 32-bit sums (M8)."""
        return window_capacity(self.array, self.memory)

    def override(self, values: Mapping[str, object]) -> ArchConfig:
        """Return a config with some values changed, checked as a file is.

        Parameters
        ----------
        values : mapping of str to values
            By dotted key of an architecture (`pgsim.arch.config_keys`), such as `array.rows`. A
            bandwidth of DRAM takes the place of the other one.

        Returns
        -------
        ArchConfig
            A new one, whose name tells what is changed, unless a `name` is given.

        Raises
        ------
        InputError
            With one line for each problem, naming its key and the nearest valid one.

        Examples
        --------
        >>> wide = load_arch("pg_os").override({"array.rows": 32, "batch": 1})
        >>> wide.pes, wide.name  # a batch of 1 is what it has already
        (512, 'pg-os-16x16[array.rows=32]')
        """
        changed, unknown = overridden(self.model_dump(), values, config_keys())
        return check_values(ArchConfig, changed, f"{self.name}, overridden", known=unknown)


def _all_but(section: Section, keys: Collection[str]) -> tuple[Hashable, ...]:
    """Return the values of a section but for those of some keys."""
    return tuple(getattr(section, key) for key in type(section).model_fields if key not in keys)


def load_arch(name_or_path: str | Path | ArchConfig) -> ArchConfig:
    """Return the architecture of a YAML file, or of the shipped one of that name.

    Parameters
    ----------
    name_or_path : str, Path or ArchConfig
        A file, or the name of a shipped one. A config that is loaded already is returned as it is.

    Returns
    -------
    ArchConfig
        The design, checked and frozen.

    Raises
    ------
    InputError
        Where there is no such file or name, and for everything wrong in the file at once, one line
        each with file, line and key.

    Examples
    --------
    >>> load_arch("pg_ws").array.rows
    16
    """
    if isinstance(name_or_path, ArchConfig):
        return name_or_path
    return check_yaml(ArchConfig, read_yaml(shipped("arch_configs", name_or_path, ".yaml")))


def config_keys() -> tuple[str, ...]:
    """Return every dotted key of an architecture: what `override` and sweeps may set.

    Returns
    -------
    tuple of str
        In the order of the file.

    Examples
    --------
    >>> "array.pe.max_weight_bits" in config_keys()
    True
    """
    return dotted_keys(ArchConfig)
