"""Deep windows against many channels: what each window costs a gated layer (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pgsim.arch import PARTIAL_SUM_BITS, ArchConfig, Objective
from pgsim.mapping import Nest, loop_sizes
from pgsim.mapping.nest import FIXED_CELLS
from pgsim.model.job import Job
from pgsim.model.ledger import Ledger
from pgsim.results.choices import BEST, CHOSEN, FIXED
from pgsim.results.mask_sources import MaskSource, mask_source_of
from pgsim.results.rows import Row, counted
from pgsim.text import writable
from pgsim.workload import GateTrace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Point:
    """One way to map the layer, and what it costs over the images that are looked at.

    job: with its nest, or without one in the fixed order. cost: what decides, the objective's value
    first. energies: by part, in pJ.
    """

    job: Job
    cost: tuple[Any, ...]
    ledger: Ledger
    energies: Mapping[str, float]

    @property
    def nest(self) -> Nest | None:
        """The nest; None in the fixed order."""
        return self.job.nest

    @property
    def slots(self) -> int:
        """Slots of the window; the largest, where the last is smaller."""
        return self.job.largest_window

    @property
    def lanes(self) -> int:
        """Lanes of a block; in the fixed order, those of a lane group."""
        if self.nest is None:
            return self.job.cuts[0].largest
        _, lanes = self.job.arch.lanes.slots_and_lanes(
            self.nest.block_positions, self.nest.block_channels
        )
        return lanes

    @property
    def room(self) -> int:
        """Lanes for which the output buffer has room beside the window, at most those there are."""
        memory, loops = self.job.arch.memory, loop_sizes(self.job.shape, self.job.batch)
        sums = memory.usable_bits(memory.output_sram) // PARTIAL_SUM_BITS
        images, rows, columns, channels, _ = loops
        _, lanes = self.job.arch.lanes.slots_and_lanes(images * rows * columns, channels)
        return min(lanes, sums // self.slots)

    @cached_property
    def counts(self) -> Row:
        """The columns that show the ledger's counts."""
        return counted(self.ledger.total(), self.job.arch)


@dataclass(frozen=True, repr=False)
class WindowTrade:
    """What each window costs a gated layer, beside the fixed order and the search's choice.

    Attributes
    ----------
    trace : GateTrace
        Whose masks decide.
    arch : ArchConfig
        The design.
    scheme, layer : str
        What runs.
    images : range
        The images of the trace that are looked at.
    objective : Objective
        What is to be least.
    points : tuple of Point
        The best of each window, ascending in slots.
    fixed : Point
        The fixed order.
    chosen : Point
        One of `points`, or `fixed`.
    given : bool
        Whether the design gives the layer its nest; else the search chose it.
    """

    trace: GateTrace
    arch: ArchConfig
    scheme: str
    layer: str
    images: range
    objective: Objective
    points: tuple[Point, ...]
    fixed: Point
    chosen: Point
    given: bool

    def __repr__(self) -> str:
        return f"<WindowTrade of {self.layer} of {self.trace.name} on {self.arch.name}>"

    @property
    def mask_source(self) -> MaskSource:
        """Where the masks come from."""
        return mask_source_of(self.trace)

    @property
    def slots_and_lanes(self) -> tuple[str, str]:
        """What slots are, and what lanes are: positions or channels."""
        return self.arch.lanes.slots_and_lanes("positions", "channels")

    def cycles(self, point: Point) -> float:
        """Return the cycles of a point, of an image."""
        return float(point.counts["cycles"]) / len(self.images)

    def value(self, point: Point) -> float:
        """Return what is to be least of a point, of an image."""
        total, images = point.ledger.total(), len(self.images)
        bursts = total["dram_read_bursts"] + total["dram_write_bursts"]
        return self.objective.value(
            total["cycles"] / images, bursts / images, point.energies["energy_pj"] / images
        )

    @property
    def finding(self) -> str:
        """What is chosen, and how it compares to the fixed order."""
        fixed, chosen = self.fixed, self.chosen
        (of_slots, of_lanes), what = self.slots_and_lanes, self.objective.description
        count = f"{len(self.points)} windows"
        if chosen is fixed:
            return (
                f"None of {count} betters the fixed order of {fixed.slots:,} {of_slots} by "
                f"{fixed.lanes:,} {of_lanes} in {what}."
            )
        change = 100 * (self.value(chosen) / self.value(fixed) - 1)
        much = f"{abs(change):.1f} % {'above' if change > 0 else 'below'}"
        return (
            f"{'Given, beside' if self.given else 'Chosen of'} {count}: {chosen.slots:,} "
            f"{of_slots} by {chosen.lanes:,} {of_lanes}; {what} "
            f"{much if round(change, 1) else 'as in'} the fixed order of {fixed.slots:,} by "
            f"{fixed.lanes:,}."
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per window, and one for the fixed order; columns as `pgsim.COLUMNS` explains."""
        import pandas as pd

        apart = () if self.chosen in (self.fixed, *self.points) else (self.chosen,)
        return pd.DataFrame([self._row(each) for each in (self.fixed, *apart, *self.points)])

    def _row(self, point: Point) -> Row:
        names = {
            "arch": self.arch.name,
            "trace": self.trace.name,
            "mask_source": self.mask_source.name,
            "scheme": self.scheme,
            "layer": self.layer,
        }
        row: Row = {column: writable(name) for column, name in names.items()}
        row |= {
            "choice": CHOSEN if point is self.chosen else FIXED if point is self.fixed else BEST,
            "window_slots": point.slots,
            "window_lanes": point.lanes,
            "room_lanes": point.room,
            "objective": self.objective.name,
            "objective_value": self.value(point),
        }
        row |= FIXED_CELLS if point.nest is None else point.nest.cells
        counts = point.counts
        stall = counts["port_stall_cycles"] + counts["dram_stall_cycles"]
        row |= {"images": len(self.images)} | counts | {"stall_cycles": stall}
        return {**row, **point.energies}
