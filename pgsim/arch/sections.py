"""The sections of an architecture file: the array and its PEs, the memories, the LSB scheduling.

The ranges stand on the fields and are what error messages quote. The keys of a section are its own
and those that its kinds declare.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from pgsim.arch.countings import COUNTINGS, Counting
from pgsim.arch.dataflows import DATAFLOWS, Dataflow
from pgsim.arch.dram_models import DRAM_MODELS, DRAMModel
from pgsim.arch.lanes import LANES, Lanes
from pgsim.arch.lanes.lanes import Some
from pgsim.arch.pes import PES, PEKind
from pgsim.arch.schedulers import SCHEDULERS, Scheduler
from pgsim.arch.section import NameIn, Section, configured, parameter_fields
from pgsim.arch.validation import KeyProblems

LONGEST_SIDE = 1024  # PEs of a row or column
BANDWIDTH_KEYS = ("bytes_per_cycle", "gb_per_s")  # of a DRAM, which has one of them

_Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
Name = Annotated[str, Field(min_length=1)]


class _PEKind(Section):
    kind: Annotated[str, NameIn(PES)]


class _DRAMModel(Section):
    model: Annotated[str, NameIn(DRAM_MODELS)] = "bandwidth"


class _Scheduler(Section):
    scheduler: Annotated[str, NameIn(SCHEDULERS)] = "skip"


# The keys of a section are those of all its kinds, so that a kind's own stand in its own file.
if TYPE_CHECKING:

    class _PEParameters(_PEKind): ...

    class _SchedulerParameters(_Scheduler): ...

    class _DRAMParameters(_DRAMModel): ...

else:
    _PEParameters = create_model("_PE", __base__=_PEKind, **parameter_fields(PES.values()))
    _SchedulerParameters = create_model(
        "_LSB", __base__=_Scheduler, **parameter_fields(SCHEDULERS.values())
    )
    _DRAMParameters = create_model(
        "_DRAM", __base__=_DRAMModel, **parameter_fields(DRAM_MODELS.values())
    )


class PE(_PEParameters):
    """A processing element: its kind and the widest operands it takes in one go (M5).

    Parameters
    ----------
    kind : str
        How it multiplies: the name of one of PES.
    source : str
        Where its numbers come from.
    """

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


class RegisterFiles(Section):
    """The register files of every PE, in words of its widest operand; 0 where it has none (M46).

    Parameters
    ----------
    activation_words, weight_words, sum_words : int
        Words that each PE has for activations, for weights and for unfinished sums.
    source : str
        Where the numbers come from.
    """

    activation_words: Annotated[int, Field(ge=0, le=64)] = 0
    weight_words: Annotated[int, Field(ge=0, le=1024)] = 0
    sum_words: Annotated[int, Field(ge=0, le=64)] = 0
    source: str = ""

    @property
    def words(self) -> int:
        """Words of all three."""
        return self.activation_words + self.weight_words + self.sum_words


class Array(Section):
    """The array of PEs and the dataflow that fills it.

    Parameters
    ----------
    rows, columns : int
        PEs along each side of the array.
    dataflow : str
        What stays in a PE and what moves past it: the name of one of DATAFLOWS.
    lanes : str
        What stands side by side on the columns, where the dataflow leaves a choice (M7).
    overlap : str
        `folds`: a fold begins while the one before drains (M17). `none`: it runs alone (M16).
    first_layer : str
        `im2col`: a network's first layer runs as a product of matrices (M47), not `as_others`.
    pe : PE
        The processing element.
    register_files : RegisterFiles
        The register files of every PE.
    source : str
        Where the numbers come from.
    """

    rows: _Side
    columns: _Side
    dataflow: Annotated[str, NameIn(DATAFLOWS)]
    lanes: Annotated[str, NameIn(LANES)] = "channels"
    overlap: Literal["folds", "none"] = "folds"
    first_layer: Literal["as_others", "im2col"] = "as_others"
    pe: PE
    register_files: RegisterFiles = RegisterFiles()
    source: str = ""

    @property
    def flow(self) -> Dataflow:
        """The dataflow."""
        return DATAFLOWS[self.dataflow]

    def flow_of(self, *, first: bool) -> Dataflow:
        """Return the dataflow of a layer, which may be the network's first one (M47)."""
        return self.flow.by_im2col if first and self.first_layer == "im2col" else self.flow

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

    def fold_spacing(self, fold_cycles: Some) -> Some:
        """Return how far apart the folds of a pass begin, from their steady cycles (M17)."""
        if not self.folds_overlap:
            return fold_cycles + self.flow.edge_cycles(self.rows, self.columns)
        bus_cycles = self.flow.bus_cycles(self.rows)
        if isinstance(fold_cycles, int):
            return max(fold_cycles, bus_cycles)
        return np.maximum(fold_cycles, bus_cycles)

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
    """An on-chip buffer: its capacity, its banks, and the width of each bank's port.

    Parameters
    ----------
    kib : float
        Capacity in KiB, of all banks together.
    banks : int
        Banks, each with a port of its own.
    port_bits : int
        Bits that the port of one bank brings in a cycle.
    source : str
        Where the numbers come from.
    """

    kib: Annotated[float, Field(gt=0, le=1 << 20)]
    banks: Annotated[int, Field(ge=1, le=65536)]
    port_bits: Annotated[int, Field(ge=8, le=4096, multiple_of=8)]
    source: str = ""

    @property
    def cycle_bits(self) -> int:
        """Bits that all banks bring in a cycle."""
        return self.banks * self.port_bits


class DRAMCycles(NamedTuple):
    """Cycles of a burst, and of a page that has to be opened, exactly."""

    burst: Fraction
    row_miss: Fraction


class DRAM(_DRAMParameters):
    """Off-chip memory; a design has one of its two bandwidths.

    Parameters
    ----------
    model : str
        What transfers take beside their bytes: the name of one of DRAM_MODELS (M44).
    kind : str
        The name under which the technology's table has its energy a bit.
    bytes_per_cycle : float, optional
        Bandwidth in bytes a cycle of the array's clock, whatever that is (M25).
    gb_per_s : float, optional
        Bandwidth in 10^9 bytes a second, under which a faster clock waits longer (M44).
    burst_bytes : int
        Bytes of a burst, to which every transfer is rounded up (M23).
    source : str
        Where the numbers come from.
    """

    kind: Name
    bytes_per_cycle: Annotated[float, Field(ge=2**-20, le=2**20)] | None = None
    gb_per_s: Annotated[float, Field(ge=2**-20, le=2**20)] | None = None
    burst_bytes: Annotated[int, Field(ge=1, le=65536)]
    source: str = ""

    @property
    def bandwidth_key(self) -> str:
        """The key that says the bandwidth, and so what stays when the clock changes (M44)."""
        return next(key for key in BANDWIDTH_KEYS if getattr(self, key) is not None)

    @cached_property
    def in_time(self) -> DRAMModel:
        """The model of what transfers take beside their bytes."""
        return configured(DRAM_MODELS[self.model], self)

    def cycles(self, clock_mhz: float) -> DRAMCycles:
        """Return what transfers take, exact fractions of the numbers in the file (M44)."""
        clock, slowdown = Fraction(str(clock_mhz)), self.in_time.slowdown
        if self.gb_per_s is None:
            bytes_per_cycle = Fraction(str(self.bytes_per_cycle))
        else:
            bytes_per_cycle = 1000 * Fraction(str(self.gb_per_s)) / clock
        row_miss = self.in_time.row_miss * clock / 1000
        return DRAMCycles(self.burst_bytes / bytes_per_cycle * slowdown, row_miss * slowdown)

    @model_validator(mode="after")
    def _is_one_that_can_be(self) -> DRAM:
        given = [getattr(self, key) for key in BANDWIDTH_KEYS]
        problems = list(self.in_time.problems(self.burst_bytes).items())
        if given.count(None) != 1:
            word = "missing" if None in given else "given twice"
            keys = " or ".join(BANDWIDTH_KEYS)
            problems.append((BANDWIDTH_KEYS[0], f"{word}: expected either {keys}, and not both."))
        if problems:
            raise KeyProblems(*problems)
        return self


class Memory(Section):
    """The three on-chip buffers and what lies behind them.

    Parameters
    ----------
    activation_sram, weight_sram, output_sram : SRAM
        The buffers.
    lsb_fetch : str
        `with_msb`: all planes of an activation are fetched together. `on_demand`: those that only
        gated passes use are fetched as open gates need them (M24).
    double_buffered : bool
        Whether one half of a buffer is filled while the other one is used.
    retain : bool
        Whether what the next layer reads stays on chip where it fits (M42).
    counting : str
        What is an access to the buffers: the name of one of COUNTINGS (M22, M47).
    ports : str
        `slots`: only the operand of the slots waits for its port (M21). `all`: the ports of all
        buffers are waited for, bank by bank (M43).
    dram : DRAM
        The memory off chip.
    source : str
        Where the numbers come from.
    """

    activation_sram: SRAM
    weight_sram: SRAM
    output_sram: SRAM
    lsb_fetch: Literal["with_msb", "on_demand"] = "with_msb"
    double_buffered: bool = True
    retain: bool = False
    counting: Annotated[str, NameIn(COUNTINGS)] = "per_read"
    ports: Literal["slots", "all"] = "slots"
    dram: DRAM
    source: str = ""

    @cached_property
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

    @property
    def convention(self) -> Counting:
        """What counts as an access to the buffers (M22, M47)."""
        return COUNTINGS[self.counting]

    @property
    def all_ports(self) -> bool:
        """Whether banks and the ports of all three buffers are waited for (M43); else M21 holds."""
        return self.ports == "all"

    def usable_bits(self, sram: SRAM) -> int:
        """Return the bits of a buffer that one tile may use (U of MODEL.md)."""
        return int(sram.kib * 8192 / self.halves)

    @property
    def halves(self) -> int:
        """Parts of a buffer of which one tile uses one: 2 where buffers are doubled."""
        return 2 if self.double_buffered else 1

    @model_validator(mode="after")
    def _banks_hold_words(self) -> Memory:
        problems = [
            (
                f"{name}_sram.kib",
                f"value {sram.kib:.12g}: expected at least "
                f"{sram.banks * sram.port_bits * self.halves / 8192:.12g}: each of {sram.banks} "
                f"banks has a word of {sram.port_bits} bits"
                f"{' in each half' if self.double_buffered else ''}.",
            )
            for name, sram in self.buffers.items()
            if self.usable_bits(sram) < sram.banks * sram.port_bits
        ]
        if problems:
            raise KeyProblems(*problems)
        return self


class LSB(_SchedulerParameters):
    """How the LSB pass is scheduled; the keys of schedulers not chosen are kept for sweeps.

    Parameters
    ----------
    scheduler : str
        Which slots are issued for a mask, and when: the name of one of SCHEDULERS (M11).
    window : int or "auto"
        Slots of a window of a gated layer; `auto`: as many as the output buffer holds (M8).
    lane_order : str
        The order in which channels become lanes: `raster`, as in the layer, or `density`, by that
        of their masks (M7).
    gate_latency_cycles : int
        Cycles from a window's last sum until its gated pass may begin (M19).
    source : str
        Where the numbers come from.
    """

    window: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    lane_order: Literal["raster", "density"] = "raster"
    gate_latency_cycles: Annotated[int, Field(ge=0, le=64)] = 0
    source: str = ""

    @cached_property
    def chosen(self) -> Scheduler:
        """The scheduler that these keys describe."""
        return configured(SCHEDULERS[self.scheduler], self)

    @property
    def by_density(self) -> bool:
        """Whether channels are sorted by the density of their masks (M7)."""
        return self.lane_order == "density"

    @property
    def fixed_window(self) -> int | None:
        """The slots of a window, None if it is as long as the output buffer allows (M8)."""
        return None if self.window == "auto" else self.window
