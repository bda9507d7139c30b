"""ArchConfig: an accelerator as its YAML file describes it, checked once and frozen.

The keys, their words and defaults are those of the architecture file; the ranges stand on the
fields and are what error messages quote. A number's source goes in a comment of the file, or in the
optional ``source`` of any section.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pgsim.arch.validation import (
    KeyProblems,
    check_values,
    check_yaml,
    dotted_keys,
)
from pgsim.arch.yaml_source import Problem, read_yaml
from pgsim.errors import nearest
from pgsim.files import shipped

Dataflow = Literal["os", "ws", "is", "bitfusion"]
PEKind = Literal["fixed", "fusion", "serial_activation", "serial_weight", "serial_both"]
Scheduler = Literal["dense", "skip", "combine", "queue", "ideal"]

_Bits = Annotated[int, Field(ge=1, le=16)]
LONGEST_SIDE = 1024  # PEs of a row or column

_Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
_Name = Annotated[str, Field(min_length=1)]

_PARTIAL_SUM_BITS = 32
_FUSION_BITS = (2, 4, 8, 16)


class Section(BaseModel):
    """What every section of a pgsim YAML file is: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class PE(Section):
    """A processing element: its kind and the widest operands it takes in one go (M5)."""

    kind: PEKind
    max_activation_bits: _Bits = 8
    max_weight_bits: _Bits = 8
    terms: Annotated[int, Field(ge=1, le=1024)] = 16
    source: str = ""

    @field_validator("max_activation_bits", "max_weight_bits")
    @classmethod
    def _fusion_units_are_squares_of_bricks(cls, bits: int, info: ValidationInfo) -> int:
        if info.data.get("kind") == "fusion" and bits not in _FUSION_BITS:
            raise ValueError(
                f"value {bits}: expected a power of two from 2 to 16 where array.pe.kind is fusion."
            )
        return bits


class Array(Section):
    """The array of PEs and the dataflow that fills it."""

    rows: _Side
    columns: _Side
    dataflow: Dataflow
    lanes: Literal["channels", "positions"] = "channels"
    overlap: Literal["folds", "none"] = "folds"
    pe: PE
    source: str = ""

    @property
    def lanes_are_channels(self) -> bool:
        """Whether a lane of the LSB schedulers is a channel, not a position (M7)."""
        return self.dataflow != "is" and self.lanes == "channels"

    @field_validator("lanes")
    @classmethod
    def _only_os_chooses_its_lanes(cls, lanes: str, info: ValidationInfo) -> str:
        dataflow = info.data.get("dataflow", "os")
        if lanes == "positions" and dataflow != "os":
            raise ValueError(
                f"value 'positions': expected channels where array.dataflow is {dataflow!r}; "
                "only 'os' has a choice."
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


class Memory(Section):
    """The three on-chip buffers and what lies behind them."""

    activation_sram: SRAM
    weight_sram: SRAM
    output_sram: SRAM
    lsb_fetch: Literal["with_msb", "on_demand"] = "with_msb"
    double_buffered: bool = True
    dram: DRAM
    source: str = ""


class LSB(Section):
    """How the LSB pass is scheduled; the keys of schedulers not chosen are kept for sweeps."""

    scheduler: Scheduler = "skip"
    ways: Annotated[int, Field(ge=1, le=64)] = 4
    open: Annotated[int, Field(ge=1, le=64)] = 8
    depth: Annotated[int, Field(ge=1, le=255)] = 16
    scan: Annotated[int, Field(ge=1, le=64)] = 4
    window: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    lane_order: Literal["raster", "density"] = "raster"
    gate_latency_cycles: Annotated[int, Field(ge=0, le=64)] = 0
    source: str = ""


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
        if array is not None and lsb.lane_order == "density" and not array.lanes_are_channels:
            problems.append(("lane_order", _density_refusal(array)))
        if array is not None and memory is not None and lsb.window != "auto":
            refusal = _window_refusal(lsb.window, array, memory)
            if refusal is not None:
                problems.append(("window", refusal))
        if problems:
            raise KeyProblems(*problems)
        return lsb

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
    if array.dataflow == "os":
        return max(slots // array.rows, 1) * array.rows
    return max(slots, 1)


def _window_refusal(window: int, array: Array, memory: Memory) -> str | None:
    """Return why a window's number of slots is refused, and the nearest one that is not (M8)."""
    capacity = _window_capacity(array, memory)
    step = array.rows if array.dataflow == "os" else 1
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
    chosen = "os with lanes: positions" if array.dataflow == "os" else array.dataflow
    return (
        "value 'density': expected raster: density orders channels, and lanes are positions under "
        f"{chosen}."
    )
