"""A gated design beside what one would build instead, and where its saving goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import costs_of
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.results.verdicts import Verdict
from pgsim.study.beside import row_beside
from pgsim.study.cautions import cautions
from pgsim.study.findings import (
    Spent,
    alternatives_in_words,
    energy_in_words,
    gating_in_words,
    saving_in_words,
    verdict,
)
from pgsim.study.jobs import split, taken
from pgsim.study.rows import BASELINE, GATED, UNGATED, Pricing, Row, rows_of, with_shape
from pgsim.study.shapes import fastest
from pgsim.study.simulation import calibration_count, repriced
from pgsim.study.waterfalls import Waterfall, waterfalls
from pgsim.text import writable
from pgsim.workload import GateTrace, load_trace

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TRACE = "resnet20_pg_4_2"
DEFAULT_ARCH = "pg_os"


@dataclass(frozen=True, eq=False)
class Outcome:
    """A row of a comparison, what simulating it gave, and the data set of the gated trace."""

    row: Row
    result: Result
    dataset: str

    @cached_property
    def spent(self) -> Spent:
        """What the row is judged by, of an image."""
        summary, images = self.result.summary, self.result.images
        return Spent(
            self.row.name,
            self.row.accuracy,
            summary["time_us"] / images,
            summary["energy_pj"] / images,
            self.row.buildable,
            self.row.trace.dataset == self.dataset,
        )


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` found: a gated design beside its alternatives.

    Attributes
    ----------
    outcomes : tuple of Outcome
        A row and its result for each design, the gated one first.
    results : mapping of str to Result
        By name of design, in the same order.
    warnings : tuple of str
        What a reader must know, such as that masks are synthetic.
    gated, baseline : Result
        PG's, and that of 8-bit activations and weights on the same array.
    designs : DataFrame
        One row per design: its `design` and summary, `accuracy`, `verdict` (M48), `speedup` and
        `energy_ratio` over the baseline.
    layers : DataFrame
        The layer tables of all designs, with a first column `design`.
    waterfalls : tuple of Waterfall
        Where the promised saving goes, exactly: in cycles and in energy, against the baseline and
        against the same network ungated (M30).
    waterfall : DataFrame
        The first of them: for each layer, and for `network`, the steps from the baseline to the
        gated design, as `step`, `total_cycles`, `change_cycles`, `meaning`.
    promise : dict of str to float
        What bit counting promises, as a speed-up: by activation bits alone, and with weight bits
        (M30).
    finding : str
        What was found, in a few sentences.

    Examples
    --------
    >>> comparison = compare("digits_pg_4_2", "fixed_8bit")
    >>> comparison.designs["design"].tolist()[:3]
    ['PG', 'ungated', 'uniform 8,8']
    >>> for each in comparison.waterfalls:
    ...     print(each.quantity, each.against, list(each.steps)[-1])
    cycles uniform 8,8 DRAM stalls
    cycles ungated DRAM stalls
    energy_pj uniform 8,8 leakage
    energy_pj ungated leakage
    >>> int(comparison.waterfalls[0].network["DRAM stalls"]) == comparison.gated.cycles
    True
    """

    outcomes: tuple[Outcome, ...]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Comparison of {self.gated.trace.name} on {self.gated.arch.name}>"

    @cached_property
    def results(self) -> Mapping[str, Result]:
        """The results by name of design."""
        return {each.row.name: each.result for each in self.outcomes}

    @property
    def gated(self) -> Result:
        """The result of the gated design."""
        return self.results[GATED]

    @property
    def baseline(self) -> Result:
        """The result of 8-bit activations and weights on the same array."""
        return self.results[BASELINE]

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What each design says of the gated one (M48)."""
        return [self._verdict(each) for each in self.outcomes]

    def _verdict(self, outcome: Outcome) -> Verdict:
        return verdict(outcome.spent, self.outcomes[0].spent)

    @cached_property
    def designs(self) -> pd.DataFrame:
        """One row per design: the network's summary, beside its gain over the baseline."""
        import pandas as pd

        base = self._outcome(BASELINE).spent
        return pd.DataFrame(
            {
                "design": writable(each.row.name),
                **each.result.summary,
                "accuracy": each.row.accuracy,
                "verdict": said.name,
                "speedup": base.time_us / each.spent.time_us,
                "energy_ratio": base.energy_pj / each.spent.energy_pj,
            }
            for each, said in zip(self.outcomes, self.verdicts, strict=True)
        )

    def _outcome(self, name: str) -> Outcome:
        return next(each for each in self.outcomes if each.row.name == name)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The layer tables of all designs, with a first column `design`."""
        import pandas as pd

        frames = {design: result.layers for design, result in self.results.items()}
        joined = pd.concat(frames, names=["design"]).reset_index(level="design")
        return joined.reset_index(drop=True)

    @cached_property
    def waterfalls(self) -> tuple[Waterfall, ...]:
        """Where the promised saving goes, exactly: by layer, and for the network (M30)."""
        baselines = {name: self.results[name] for name in (BASELINE, UNGATED)}
        return waterfalls(baselines, self.gated)

    @cached_property
    def waterfall(self) -> pd.DataFrame:
        """Where the saving of cycles over the baseline goes: by layer, and for the network."""
        import pandas as pd

        account, *_ = self.waterfalls
        return pd.DataFrame(
            {
                "layer": writable(layer),
                "step": step,
                "total_cycles": float(totals[index]),
                "change_cycles": float(totals[index] - totals[index - 1]) if index else 0.0,
                "meaning": meaning,
            }
            for layer, totals in account.totals.items()
            for index, (step, meaning) in enumerate(account.steps.items())
        )

    @cached_property
    def promise(self) -> dict[str, float]:
        """What bit counting promises: by activation bits alone, and with weight bits (M30)."""
        layers = self.gated.columns
        macs, bits, weight_bits = (layers[name] for name in ("macs", "average_bits", "weight_bits"))
        promised = [own * each for own, each in zip(macs, bits, strict=True)]
        products = (own * each for own, each in zip(promised, weight_bits, strict=True))
        return {
            "8 / average bits": 8 * sum(macs) / sum(promised),
            "64 / (average bits x w)": 64 * sum(macs) / sum(products),
        }

    @property
    def finding(self) -> str:
        """What was found: the best alternative first, then what is left of the promise."""
        if not any(layer.gated for layer in self.gated.layer_results):
            return f"No layer of {self.gated.trace.name} is gated: there is nothing to compare."
        gated, *others = (each.spent for each in self.outcomes)
        cycles, cycles_ungated, energy, energy_ungated = (
            {step: float(total) for step, total in each.network.items()} for each in self.waterfalls
        )
        sentences = (
            alternatives_in_words(others, gated),
            saving_in_words(self.gated.arch.name, BASELINE, cycles) + f"{energy_in_words(energy)}.",
            gating_in_words(self._outcome(UNGATED).spent, gated, cycles_ungated, energy_ungated),
        )
        return " ".join(sentences)


def compare(
    trace: GateTrace | str | Path = DEFAULT_TRACE,
    arch: ArchConfig | str | Path = DEFAULT_ARCH,
    *,
    calibration_images: int | None = None,
    beside: Sequence[str] = (),
) -> Comparison:
    """Simulate a trace on a gated design and on what one would build instead.

    All designs simulate the same images.

    Parameters
    ----------
    trace : GateTrace, str or Path
        Loaded, or the path or name of a shipped one.
    arch : ArchConfig, str or Path
        The gated design, likewise.
    calibration_images : int, optional
        As `simulate` has it.
    beside : sequence of str
        What else to set beside them: `ARCH` or `ARCH:SCHEME` runs the trace on another design (as
        `pg` by default), `TRACE:SCHEME` another trace on this one.

    Returns
    -------
    Comparison
        `.designs`, `.layers`, `.waterfalls`, `.promise` and `.finding`.

    Raises
    ------
    InputError
        As `simulate` does, and for what is neither a design nor a trace, with the nearest names.

    Notes
    -----
    Source: MODEL.md M30 for the accounts, M33 and M48 for the designs.

    Examples
    --------
    >>> compare("digits_pg_4_2", "fixed_8bit").gated
    <Result of digits_pg_4_2 on fixed-8bit-16x16 under pg>
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = load_arch(arch)
    asked = tuple(row_beside(each, trace, arch) for each in beside)
    return compared((*rows_of(trace, arch, costs_of), *asked), calibration_images, WorkStore())


def compared(
    rows: Sequence[Row],
    calibration_images: int | None,
    store: WorkStore,
    costs: Pricing = costs_of,
) -> Comparison:
    """Simulate the rows of a comparison, the gated design first, at these prices.

    What runs under the gated one's scheme is simulated last: a first run compiles other kernels
    for it than for all else, and a second process compiles them meanwhile.
    """
    gated = rows[0]
    taken(split(gated.trace, gated.scheme, store), gated.designs[0])  # its refusal comes first
    outcomes = {}
    for row in sorted(rows, key=lambda row: row.scheme == gated.scheme):
        count = calibration_count(row.trace, gated.designs[0], calibration_images)
        result = fastest(row.trace, row.designs, row.scheme, count, store)
        result = result if costs is costs_of else repriced(result, costs(result.arch))
        outcomes[row] = Outcome(with_shape(row, result.arch), result, gated.trace.dataset)
    return Comparison(
        tuple(outcomes[row] for row in rows), tuple(cautions(gated.trace, gated.designs[0]))
    )
