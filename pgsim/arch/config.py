"""ArchConfig: an accelerator as its YAML file describes it, checked once and frozen.

The keys, their words and defaults are those of the architecture file; the ranges stand on the
fields and are what error messages quote. A number's source goes in a comment of the file, or in the
optional ``source`` of any section.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from pgsim.arch.dataflows import DATAFLOWS, Dataflow
from pgsim.arch.lanes import LANES, Counts, Lanes
from pgsim.arch.pes import PES, PEKind
from pgsim.arch.schedulers import SCHEDULERS, Scheduler
from pgsim.arch.section import NameIn, Section, configured, parameter_fields
from pgsim.arch.validation import (
    KeyProblems,
    check_values,
    check_yaml,
    dotted_keys,
)
from pgsim.arch.yaml_source import Problem, read_yaml
from pgsim.errors import nearest
from pgsim.files import shipped

LONGEST_SIDE = 1024  # PEs of a row or column

_Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
_Name = Annotated[str, Field(min_length=1)]

_PARTIAL_SUM_BITS = 32


class _PEKind(Section):
    kind: Annotated[str, NameIn(PES)]


class _Scheduler(Section):
    scheduler: Annotated[str, NameIn(SCHEDULERS)] = "skip"


# The keys of a section are those of all its kinds, so that a kind's own stand in its own file.
if TYPE_CHECKING:

    class _PEParameters(_PEKind): ...

    class _SchedulerParameters(_Scheduler): ...

else:
    _PEParameters = create_model("_PE", __base__=_PEKind, **parameter_fields(PES.values()))
    _SchedulerParameters = create_model(
        "_LSB", __base__=_Scheduler, **parameter_fields(SCHEDULERS.values())
    )


class PE(_PEParameters):
    """A processing element: its kind and the widest operands it takes in one go (M5)."""

    source: str = ""

    @cached_property
    def unit(self) -> PEKind:
        """The PE that these keys describe."""
        return configured(PES[self.kind], self)

    @model_validator(mode="after")
    def _is_one_that_can_be(self) -> PE:
        if problems := self.unit.problems():
            raise KeyProblems(*problems.items())
        return self


class Array(Section):
    """The array of PEs and the dataflow that fills it."""

    rows: _Side
    columns: _Side
    dataflow: Annotated[str, NameIn(DATAFLOWS)]
    lanes: Annotated[str, NameIn(LANES)] = "channels"
    overlap: Literal["folds", "none"] = "folds"
    pe: PE
    source: str = ""

    @property
    def flow(self) -> Dataflow:
        """The dataflow."""
        return DATAFLOWS[self.dataflow]

    @cached_property
    def lane_kind(self) -> Lanes:
        """What the lanes are: chosen where the dataflow leaves a choice (M7)."""
        possible = self.flow.lanes
        return LANES[self.lanes if self.lanes in possible and len(possible) > 1 else possible[0]]

    @property
    def folds_overlap(self) -> bool:
        """Whether a fold begins while the one before drains (M17); else it runs alone (M16)."""
        return self.overlap == "folds"

    @property
    def skew_cycles(self) -> int:
        """Cycles from a pass's last step until its last sum has left (M16, M19)."""
        return self.flow.skew_cycles(self.rows, self.columns)

    def fold_spacing(self, fold_cycles: Counts) -> Counts:
        """Return how far apart the folds of a pass begin, from their steady cycles (M17)."""
        if not self.folds_overlap:
            return fold_cycles + self.flow.edge_cycles(self.rows, self.columns)
        spacing: Counts = np.maximum(fold_cycles, self.flow.bus_cycles(self.rows))
        return spacing

    @field_validator("lanes")
    @classmethod
    def _only_some_dataflows_choose(cls, lanes: str, info: ValidationInfo) -> str:
        dataflow = info.data.get("dataflow")
        default = cls.model_fields["lanes"].default
        if dataflow is not None and lanes != default and len(DATAFLOWS[dataflow].lanes) == 1:
            choosing = [repr(each.name) for each in DATAFLOWS.values() if len(each.lanes) > 1]
            raise ValueError(
                f"value {lanes!r}: expected {default} where array.dataflow is {dataflow!r}; "
                f"only {', '.join(choosing)} has a choice."
            )
        return lanes


class SRAM(Section):
    """An on-chip buffer: its capacity, its banks, and the width of each bank's port."""

    kib: Annotated[float, Field(gt=0, le=1 << 20)]
    banks: Annotated[int, Field(ge=1, le=65536)]
    port_bits: Annotated[int, Field(ge=8, le=4096, multiple_of=8)]
    source: str = ""


class DRAM(Section):
    """Off-chip memory; `kind` names its energy per bit in the technology table."""

    kind: _Name
    bytes_per_cycle: Annotated[float, Field(gt=0, le=1 << 20)]
    burst_bytes: Annotated[int, Field(ge=1, le=65536)]
    source: str = ""

    @cached_property
    def burst_cycles(self) -> Fraction:
        """Cycles of a burst, exactly, at the decimal bytes per cycle that the file says."""
        return self.burst_bytes / Fraction(str(self.bytes_per_cycle))


class Memory(Section):
    """The three on-chip buffers and what lies behind them."""

    activation_sram: SRAM
    weight_sram: SRAM
    output_sram: SRAM
    lsb_fetch: Literal["with_msb", "on_demand"] = "with_msb"
    double_buffered: bool = True
    dram: DRAM
    source: str = ""

    @property
    def buffers(self) -> dict[str, SRAM]:
        """The buffers by what they hold: activations, weights, outputs."""
        return {
            "activation": self.activation_sram,
            "weight": self.weight_sram,
            "output": self.output_sram,
        }

    @property
    def on_demand(self) -> bool:
        """Whether planes that only gated passes use are fetched as outputs need them (M24)."""
        return self.lsb_fetch == "on_demand"

    def usable_bits(self, sram: SRAM) -> int:
        """Return the bits of a buffer that one tile may use (U of MODEL.md), at least 1."""
        return max(1, int(sram.kib * 8192 / (2 if self.double_buffered else 1)))


class LSB(_SchedulerParameters):
    """How the LSB pass is scheduled; the keys of schedulers not chosen are kept for sweeps."""

    window: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    lane_order: Literal["raster", "density"] = "raster"
    gate_latency_cycles: Annotated[int, Field(ge=0, le=64)] = 0
    source: str = ""

    @property
    def by_density(self) -> bool:
        """Whether channels are sorted by the density of their masks (M7)."""
        return self.lane_order == "density"

    @property
    def fixed_window(self) -> int | None:
        """The slots of a window, None if it is as long as the output buffer allows (M8)."""
        return None if self.window == "auto" else self.window


class ArchConfig(Section):
    """One accelerator design, as `load_arch` reads it; compares, hashes and pickles by value."""

    name: _Name
    source: str = ""
    clock_mhz: Annotated[float, Field(gt=0, le=100_000)]
    technology: _Name
    array: Array
    memory: Memory
    lsb: LSB = LSB()  # after array and memory: its checks look at theirs
    batch: Annotated[int, Field(ge=1, le=65536)] = 1
    output_bits: Annotated[int, Field(ge=1, le=32)] | None = None

    @field_validator("lsb")
    @classmethod
    def _lsb_fits_the_rest(cls, lsb: LSB, info: ValidationInfo) -> LSB:
        array, memory = info.data.get("array"), info.data.get("memory")
        problems: list[tuple[str, str]] = []
        if array is not None and lsb.by_density and not array.lane_kind.can_be_ordered:
            problems.append(("lane_order", _density_refusal(array)))
        if array is not None and memory is not None and lsb.fixed_window is not None:
            refusal = _window_refusal(lsb.fixed_window, array, memory)
            if refusal is not None:
                problems.append(("window", refusal))
        if problems:
            raise KeyProblems(*problems)
        return lsb

    @property
    def dataflow(self) -> Dataflow:
        """What moves through the array and what stays."""
        return self.array.flow

    @property
    def lanes(self) -> Lanes:
        """What stands side by side on the array's columns."""
        return self.array.lane_kind

    @property
    def pe(self) -> PEKind:
        """The array's processing element."""
        return self.array.pe.unit

    @cached_property
    def scheduler(self) -> Scheduler:
        """The scheduler of gated passes, with its parameters."""
        return configured(SCHEDULERS[self.lsb.scheduler], self.lsb)

    @property
    def pes(self) -> int:
        """PEs of the array."""
        return self.array.rows * self.array.columns

    @property
    def window(self) -> int:
        """Slots of a window of a layer of several passes (M8)."""
        return self.lsb.fixed_window or self.window_capacity

    @property
    def window_capacity(self) -> int:
        """The most slots of a window: what the output buffer holds at 32-bit sums (M8)."""
        return _window_capacity(self.array, self.memory)

    def override(self, values: Mapping[str, object]) -> ArchConfig:
        """Return a config with some values changed, checked as a file is.

        `values` maps dotted keys (`config_keys`) to values, as in ``{"array.rows": 32}``. Raises
        InputError with one line for each problem, naming its key and the nearest valid one.
        """
        label = f"{self.name}, overridden"
        changed = self.model_dump()
        unknown = []
        for key, value in values.items():
            if key in config_keys():
                _put(changed, key, value)
            else:
                location = tuple(str(key).split("."))
                unknown.append(Problem(location, _not_a_key(key)))
        return check_values(ArchConfig, changed, label, known=unknown)


def load_arch(name_or_path: str | Path | ArchConfig) -> ArchConfig:
    """Return the architecture of a YAML file, or of the shipped one of that name.

    A config that is loaded already is returned as it is. Raises InputError where there is no such
    file or name, and for everything wrong in the file at once, one line each with file, line and
    key.
    """
    if isinstance(name_or_path, ArchConfig):
        return name_or_path
    return check_yaml(ArchConfig, read_yaml(shipped("arch_configs", name_or_path, ".yaml")))


def config_keys() -> tuple[str, ...]:
    """Return every dotted key of an architecture: what `override` and sweeps may set."""
    return dotted_keys(ArchConfig)


def _put(values: dict[str, Any], key: str, value: object) -> None:
    *sections, last = key.split(".")
    for section in sections:
        values = values[section]
    values[last] = value.item() if isinstance(value, np.generic) else value


def _not_a_key(key: object) -> str:
    """Return the message for a dotted name that is no value of an architecture."""
    keys = config_keys()
    inside = [known for known in keys if known.startswith(f"{key}.")]
    if inside:
        return f"a section: expected one of its values: {', '.join(inside)}."
    same_ending = [known for known in keys if known.endswith(f".{key}")]
    if len(same_ending) == 1:
        return f"unknown key. Did you mean {same_ending[0]!r}?"
    all_keys = f" Expected one of {', '.join(keys)}."
    return f"unknown key.{nearest(key, keys) or all_keys}"


def _window_capacity(array: Array, memory: Memory) -> int:
    bits = int(memory.output_sram.kib * 1024 * 8)
    if memory.double_buffered:
        bits //= 2
    slots = bits // (_PARTIAL_SUM_BITS * array.columns)
    unit = array.flow.window_unit(array.rows)
    return max(slots // unit, 1) * unit


def _window_refusal(window: int, array: Array, memory: Memory) -> str | None:
    """Return why a window's number of slots is refused, and the nearest one that is not (M8)."""
    capacity = _window_capacity(array, memory)
    step = array.flow.window_unit(array.rows)
    if window <= capacity and window % step == 0:
        return None
    closest = min(max((window + step // 2) // step, 1) * step, capacity)
    rule = f"a multiple of array.rows ({step}), " if step > 1 else ""
    half = "half of " if memory.double_buffered else ""
    return (
        f"value {window}: expected auto or {rule}at most {capacity} slots, which is what {half}"
        f"the output buffer holds. The nearest is {closest}."
    )


def _density_refusal(array: Array) -> str:
    chosen = array.dataflow
    if len(array.flow.lanes) > 1:
        chosen += f" with lanes: {array.lane_kind.name}"
    return (
        f"value 'density': expected raster: density orders channels, and lanes are "
        f"{array.lane_kind.name} under {chosen}."
    )
