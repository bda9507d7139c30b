"""All systems on one network: equal logic area, equal bandwidth of DRAM, each at its own clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import costs_of, logic_area_mm2
from pgsim.errors import InputError, nearest
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.results.accuracies import accuracy_of
from pgsim.results.fronts import dominated
from pgsim.results.system_kinds import TRAINED, UNTRAINED
from pgsim.schemes import scheme_named
from pgsim.study.jobs import any_scheduled, split, taken
from pgsim.study.rows import ungated
from pgsim.study.simulation import simulate
from pgsim.study.systems import FAMILIES, SYSTEMS, Run, System
from pgsim.study.systems.fitting import fitted
from pgsim.study.waterfalls import bit_operations
from pgsim.text import writable
from pgsim.workload import GateTrace

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_ARCH = "pg_os"


@dataclass(frozen=True, eq=False)
class Entry:
    """A system that ran: on the fastest of its shapes, and there under the ideal scheduler.

    accuracy: NaN where no network was trained for it. ideal: None where no scheduler is at work.
    missing: what of the network did not run, in words; nothing where all of it did.
    """

    system: System
    result: Result
    accuracy: float
    ideal: Result | None
    missing: str = ""

    @cached_property
    def row(self) -> dict[str, object]:
        """What a table has of it, an image each."""
        summary, images, design = self.result.summary, self.result.images, self.result.arch
        work = sum(bit_operations(layer) for layer in self.result.layer_results)
        return {
            "system": self.system.name,
            "system_kind": self.system.kind,
            "array.pe.kind": design.pe.name,
            "array.rows": design.array.rows,
            "array.columns": design.array.columns,
            "array.dataflow": design.array.dataflow,
            "lsb.scheduler": design.scheduler.name if self.result.gated else "none",
            "clock_mhz": design.mhz,
            **summary,
            "accuracy": self.accuracy,
            "trained": UNTRAINED if self.accuracy != self.accuracy else TRAINED,
            "bit_operations_per_image": work / images,
            "time_us_per_image": summary["time_us"] / images,
            "scheduler_gap": self.scheduler_gap,
            "lacks": writable(self.lacks),
        }

    @property
    def lacks(self) -> str:
        """What of the system or of the network is not there, in words."""
        return "; ".join(filter(None, (self.missing, self.system.lacks))) or "nothing"

    @property
    def scheduler_gap(self) -> float:
        """Cycles beyond those under the ideal scheduler, over these; NaN where none is at work."""
        if self.ideal is None:
            return float("nan")
        return self.result.cycles / self.ideal.cycles - 1


@dataclass(frozen=True, repr=False)
class FieldTable:
    """What `systems` found.

    Attributes
    ----------
    family, network : str
        The network, as it is asked for and in words.
    area_mm2, gb_per_s : float
        What all systems have alike: the logic area that they may fill, the bandwidth of DRAM.
    entries : tuple of Entry
        The systems that ran, in the order that was asked for.
    left_out : dict of str to str
        Why each of the others did not.
    in_part : dict of str to str
        Of systems that ran on a part of the network, which.
    table : DataFrame
        One row per system that ran, under the columns of `pgsim.COLUMNS`.
    finding : str
        What was found, in a few sentences.
    """

    family: str
    area_mm2: float
    gb_per_s: float
    entries: tuple[Entry, ...]
    left_out: dict[str, str]

    def __repr__(self) -> str:
        return f"<FieldTable of {self.family}, {len(self.entries)} systems>"

    @property
    def network(self) -> str:
        """The network in words."""
        return FAMILIES[self.family]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per system that ran."""
        import pandas as pd

        return pd.DataFrame(each.row for each in self.entries)

    @cached_property
    def undominated(self) -> tuple[str, ...]:
        """The trained systems to which no trained one is as good in all and better in something.

        What counts is accuracy, time and energy of an image. A system of which a part of the
        network did not run is not among them.
        """
        trained = [each for each in self._whole if each.accuracy >= 0]
        costs = np.array([_spent(each) for each in trained]).reshape(-1, 3)
        pairs = zip(trained, dominated(costs), strict=True)
        return tuple(each.system.name for each, is_beaten in pairs if not is_beaten)

    @property
    def in_part(self) -> dict[str, str]:
        """What of the network did not run, by the names of the systems of which this is so."""
        return {each.system.name: each.missing for each in self.entries if each.missing}

    @property
    def _whole(self) -> list[Entry]:
        return [each for each in self.entries if not each.missing]

    @property
    def finding(self) -> str:
        """What was found: the best of those as accurate as the first, and who is beaten by none."""
        if not self._whole:
            return "Of no system did the whole network run, so none is the best."
        first, *_ = self._whole
        accurate = [each for each in self._whole if each.accuracy >= first.accuracy]
        if not accurate:
            return f"How accurate {first.system.name} is, its trace does not state."
        best = min(accurate, key=lambda each: each.result.summary["energy_delay_product_pj_s"])
        return (
            f"{_best_in_words(best, first)} No trained system beats these in accuracy, time and "
            f"energy together: {', '.join(self.undominated)}."
        )


def _best_in_words(best: Entry, first: Entry) -> str:
    """Return how the trained system of least energy times time compares with the first one."""
    than = f"at least as accurate as {first.system.name}"
    if best is first:
        return f"No other trained system {than} has less energy times time."
    _, time, energy = (a / b for a, b in zip(_spent(best), _spent(first), strict=True))
    return (
        f"Of the trained systems {than}, {best.system.name} has the least energy times time: "
        f"{time:.2f}x the time and {energy:.2f}x the energy, with {100 * best.accuracy:.1f}% right "
        f"where it has {100 * first.accuracy:.1f}%."
    )


def _spent(entry: Entry) -> tuple[float, float, float]:
    """Return what should be small: errors, and the time and energy of an image."""
    summary, images = entry.result.summary, entry.result.images
    return 1 - entry.accuracy, summary["time_us"] / images, summary["energy_pj"] / images


def systems(
    family: str = "resnet20",
    arch: ArchConfig | str | Path = DEFAULT_ARCH,
    *,
    names: Sequence[str] = tuple(SYSTEMS),
    objective: str | None = None,
) -> FieldTable:
    """Run the field's precision systems on a committed network, as alike as can be.

    Each fills the logic area of the reference design, its scheduler included, with PEs of its own,
    at the bandwidth of that design's DRAM and at a clock of its own. Of arrays of 8, 16, 32 and 64
    columns, each with all rows that fit, the fastest in the fixed order stands for the system.

    Parameters
    ----------
    family : str
        `resnet20` or `char_lstm`.
    arch : ArchConfig, str or Path
        The reference design, or the path or name of a shipped one.
    names : sequence of str
        Which systems, by default all that there are.
    objective : str, optional
        What loop nests are searched for to make least, one of `pgsim.OBJECTIVES`, in the shape that
        was found. By default all layers run in the fixed order.

    Returns
    -------
    FieldTable
        `.table`, `.left_out` and `.finding`.

    Raises
    ------
    InputError
        For another family or name, where no system runs in the design's area, and as `load_arch`
        does.

    Notes
    -----
    A system whose PE has no price in the design's technology is left out, with the reason. Source:
    MODEL.md M29, M33, M44, M45.

    Examples
    --------
    >>> found = systems("char_lstm", names=("DRQ", "Uniform 8"))
    >>> found.left_out
    {'DRQ': 'a mask of input pixels belongs to a convolution'}
    >>> found.table["array.rows"].tolist()
    [67]
    """
    _check(family, tuple(FAMILIES))
    for name in names:
        _check(name, tuple(SYSTEMS))
    arch = load_arch(arch)
    costs = costs_of(arch)
    area_mm2, gb_per_s = logic_area_mm2(costs), _gb_per_s(costs.arch)
    common = {"mapping": "fixed", "clock_mhz": "auto", "memory.dram.gb_per_s": gb_per_s}
    base, study = (
        arch.override({**common, "name": arch.name}),
        _Study(area_mm2, objective, {}, WorkStore()),
    )
    entries, left_out = [], {}
    for name in names:
        try:
            entries.append(study.entry(SYSTEMS[name], family, base))
        except InputError as error:
            left_out[name] = str(error)
    if not entries:
        reasons = "".join(f"\n{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"{arch.name}: no system runs in its {area_mm2:.3g} mm2{reasons}")
    return FieldTable(family, area_mm2, gb_per_s, tuple(entries), left_out)


def _check(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise InputError(f"{name}: expected one of {', '.join(known)}.{nearest(name, known)}")


def _gb_per_s(arch: ArchConfig) -> float:
    """Return the bandwidth of a design's DRAM, whose clock is a number."""
    dram = arch.memory.dram
    if dram.bytes_per_cycle is None:
        assert dram.gb_per_s is not None, "a design has one of both"
        return dram.gb_per_s
    return dram.bytes_per_cycle * arch.mhz / 1000


@dataclass(frozen=True)
class _Study:
    """What systems share: the area, what nests are searched for, traces that are loaded, work."""

    area_mm2: float
    objective: str | None
    traces: dict[tuple[str, object], GateTrace]
    store: WorkStore

    def entry(self, system: System, family: str, base: ArchConfig) -> Entry:
        """Return what a system takes; raises InputError where it cannot be run, and why."""
        run = system.runs.get(family)
        if run is None:
            raise InputError(system.absent)
        trace, scheme = self._trace(run), scheme_named(run.scheme)
        design = base.override({**run.changes, "name": base.name})
        gated = any_scheduled(taken(split(trace, scheme, self.store), design))
        shapes = list(fitted(design if gated else ungated(design), self.area_mm2, gated=gated))
        if not shapes:
            raise InputError(f"no row of its PEs fits {self.area_mm2:.3f} mm2")
        results = [simulate(trace, each, run.scheme, store=self.store) for each in shapes]
        best = min(results, key=lambda each: each.summary["time_us"])
        shape = shapes[results.index(best)]
        if self.objective is not None:
            best = self._simulated(trace, shape, run)
        ideal = None
        if best.gated:
            ideal = self._simulated(trace, shape.override({"lsb.scheduler": "ideal"}), run)
        return Entry(system, best, accuracy_of(trace, scheme), ideal, run.missing(trace))

    def _simulated(self, trace: GateTrace, design: ArchConfig, run: Run) -> Result:
        return simulate(trace, design, run.scheme, objective=self.objective, store=self.store)

    def _trace(self, run: Run) -> GateTrace:
        if run.network not in self.traces:
            self.traces[run.network] = run.loaded()
        return self.traces[run.network]
