"""All systems on one network: equal logic area, equal bandwidth of DRAM, each at its own clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import costs_of, logic_area_mm2
from pgsim.errors import InputError, nearest
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.results.accuracies import accuracy_of
from pgsim.schemes import scheme_named
from pgsim.study.jobs import any_scheduled, split, taken
from pgsim.study.rows import ungated
from pgsim.study.simulation import simulate
from pgsim.study.systems import FAMILIES, SYSTEMS, Run, System
from pgsim.study.systems.field_table import Entry, FieldTable
from pgsim.study.systems.fitting import fitted
from pgsim.workload import GateTrace

DEFAULT_ARCH = "pg_os"


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
