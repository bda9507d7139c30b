"""The memories of an architecture file: buffers on chip, and DRAM behind them.

The ranges stand on the fields and are what error messages quote.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field, create_model, model_validator

from pgsim.arch.countings import COUNTINGS, Counting
from pgsim.arch.dram_models import DRAM_MODELS, DRAMModel
from pgsim.arch.lsb_fetches import LSB_FETCHES, LSBFetch
from pgsim.arch.overlaps import TRANSFER_OVERLAPS
from pgsim.arch.ports import PORTS
from pgsim.arch.section import NameIn, Section, configured, parameter_fields
from pgsim.arch.validation import KeyProblems

BANDWIDTH_KEYS = ("bytes_per_cycle", "gb_per_s")  # of a DRAM, which has one of them


class _DRAMModel(Section):
    model: Annotated[str, NameIn(DRAM_MODELS)] = "bandwidth"


# Its keys are those of all models, so that a model's own stand in its own file.
if TYPE_CHECKING:

    class _DRAMParameters(_DRAMModel): ...

else:
    _DRAMParameters = create_model(
        "_DRAM", __base__=_DRAMModel, **parameter_fields(DRAM_MODELS.values())
    )


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

    kind: Annotated[str, Field(min_length=1)]
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
        When the planes of an activation are fetched: the name of one of LSB_FETCHES (M24).
    double_buffered : bool
        Whether one half of a buffer is filled while the other one is used.
    overlap : str
        What hides the transfers of a nest's blocks where buffers are doubled: the name of one of
        TRANSFER_OVERLAPS (M40, M47).
    retain : bool
        Whether what the next layer reads stays on chip where it fits (M42).
    counting : str
        What is an access to the buffers: the name of one of COUNTINGS (M22, M47).
    ports : str
        Which buffers' ports are waited for: the name of one of PORTS (M21, M43).
    dram : DRAM
        The memory off chip.
    source : str
        Where the numbers come from.
    """

    activation_sram: SRAM
    weight_sram: SRAM
    output_sram: SRAM
    lsb_fetch: Annotated[str, NameIn(LSB_FETCHES)] = "with_msb"
    double_buffered: bool = True
    overlap: Annotated[str, NameIn(TRANSFER_OVERLAPS)] = "turns"
    retain: bool = False
    counting: Annotated[str, NameIn(COUNTINGS)] = "per_read"
    ports: Annotated[str, NameIn(PORTS)] = "slots"
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
    def planes(self) -> LSBFetch:
        """When the planes of an activation are fetched (M24)."""
        return LSB_FETCHES[self.lsb_fetch]

    @property
    def runs_ahead(self) -> bool:
        """Whether the transfers of a nest hide behind all of its work (M47)."""
        return self.double_buffered and TRANSFER_OVERLAPS[self.overlap].whole_run

    @property
    def convention(self) -> Counting:
        """What counts as an access to the buffers (M22, M47)."""
        return COUNTINGS[self.counting]

    @property
    def all_ports(self) -> bool:
        """Whether banks and the ports of all three buffers are waited for (M43); else M21 holds."""
        return PORTS[self.ports].of_all_buffers

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


def few_bits(parts: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return parts of a cycle, and of a burst and a page, whose products with counts int64 holds.

    They are the same where each is below 2^31, and else say a little less time.

    Examples
    --------
    >>> few_bits((3, 4, 2**31 + 8))
    (2, 2, 1073741828)
    """
    over = max(0, max(parts).bit_length() - 31)
    cycle, burst, page = parts
    return -(-cycle >> over), burst >> over, page >> over
