"""ArchConfig: an accelerator as its YAML file describes it, checked once and frozen.

The keys, their words and defaults are those of the architecture file. A number's source goes in a
comment of the file, or in the optional ``source`` of any section.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pgsim.arch.dataflows import Dataflow, Fabric
from pgsim.arch.lanes import Lanes
from pgsim.arch.memory import BANDWIDTH_KEYS, DRAMCycles, Memory
from pgsim.arch.nests import Mapping as MappingKeys
from pgsim.arch.overriding import overridden
from pgsim.arch.pes import PEKind
from pgsim.arch.predictor_refusals import predictor_refusals
from pgsim.arch.schedulers import Scheduler
from pgsim.arch.section import Section
from pgsim.arch.sections import LSB, Array, Name
from pgsim.arch.validation import KeyProblems, check_values, check_yaml, dotted_keys
from pgsim.arch.value_refusals import value_refusals
from pgsim.arch.windows import (
    PARTIAL_SUM_BITS,
    buffer_refusal,
    density_refusal,
    window_capacity,
    window_refusal,
)
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
        array, memory = info.data.get("array"), info.data.get("memory")
        problems: list[tuple[str, str]] = []
        if array is not None and lsb.by_density and not array.lane_kind.can_be_ordered:
            problems.append(("lane_order", density_refusal(array)))
        if array is not None and memory is not None and lsb.fixed_window is not None:
            refusal = window_refusal(lsb.fixed_window, array, memory)
            if refusal is not None:
                problems.append(("window", refusal))
        if problems:
            raise KeyProblems(*problems)
        return lsb

    @model_validator(mode="after")
    def _ports_are_of_beats(self) -> ArchConfig:
        if self.memory.all_ports and self.array.flow.reads_evenly:
            problem = (
                f"value {self.memory.ports!r}: expected slots where array.dataflow is "
                f"{self.array.dataflow!r}, whose operands come evenly."
            )
            raise KeyProblems(("memory.ports", problem))
        return self

    @model_validator(mode="after")
    def _goes_by_values_where_it_can(self) -> ArchConfig:
        if problems := list(value_refusals(self.array, self.mapping, self.lsb)):
            raise KeyProblems(*problems)
        return self

    @model_validator(mode="after")
    def _predicts_where_it_can(self) -> ArchConfig:
        if problems := list(predictor_refusals(self.array, self.memory, self.mapping)):
            raise KeyProblems(*problems)
        return self

    @model_validator(mode="after")
    def _convention_knows_the_rest(self) -> ArchConfig:
        convention, mapping, ports = self.array.convention, self.mapping, self.memory.ports
        if not self.array.counted_by.by_tiles:
            return self
        asked = {
            "memory.ports": (f"value {ports!r}: expected slots", self.memory.all_ports),
            "mapping.kind": (f"value {mapping.kind!r}: expected fixed", mapping.searches),
            "mapping.nests": ("nests are given: expected none", bool(mapping.nests)),
        }
        problems = [
            (key, f"{problem} where array.convention is {convention!r}.")
            for key, (problem, is_wrong) in asked.items()
            if is_wrong
        ]
        if problems:
            raise KeyProblems(*problems)
        return self

    @model_validator(mode="after")
    def _output_buffer_holds_a_window(self) -> ArchConfig:
        refusal = buffer_refusal(self.array, self.memory)
        if refusal is not None:
            raise KeyProblems(("memory.output_sram.kib", refusal))
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
        return self.array.flow_of(first=False).fitted(self._fabric)

    @cached_property
    def first_dataflow(self) -> Dataflow:
        """The same, of the first layer of a network (M47)."""
        return self.array.flow_of(first=True).fitted(self._fabric)

    @property
    def _fabric(self) -> Fabric:
        array, memory, registers = self.array, self.memory, self.array.register_files
        activations, weights = memory.activation_sram, memory.weight_sram
        return Fabric(
            rows=array.rows,
            columns=array.columns,
            activation_words=registers.activation_words,
            weight_words=registers.weight_words,
            sum_words=registers.sum_words,
            word_bits=self.word_bits,
            activation_port_bits=activations.banks * activations.port_bits,
            weight_port_bits=weights.banks * weights.port_bits,
            sums=memory.usable_bits(memory.output_sram) // PARTIAL_SUM_BITS,
        )

    @property
    def word_bits(self) -> int:
        """Bits of a PE's widest operand, and of a word of its register files (M46)."""
        return max(self.pe.max_activation_bits, self.pe.max_weight_bits)

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
    def dram_parts(self) -> tuple[int, int, int]:
        """The same in integers: parts that make a cycle, and how many a burst and a page take."""
        burst, row_miss = self.dram_cycles
        parts = math.lcm(burst.denominator, row_miss.denominator)
        return parts, int(burst * parts), int(row_miss * parts)

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
