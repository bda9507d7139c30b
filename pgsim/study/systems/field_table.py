"""What systems of the field take on one network, and which of them is the best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pgsim.results import Result
from pgsim.results.fronts import dominated
from pgsim.results.system_kinds import TRAINED, UNTRAINED
from pgsim.study.systems import FAMILIES, System
from pgsim.study.waterfalls import bit_operations
from pgsim.text import writable

if TYPE_CHECKING:
    import pandas as pd


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
