"""Which findings of a comparison hold if prices or the design were others (MODEL.md M48)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import Costs, costs_of
from pgsim.kinds import by_name
from pgsim.model.work_store import WorkStore
from pgsim.study.comparison import DEFAULT_ARCH, DEFAULT_TRACE, compared
from pgsim.study.factors import FACTORS, Factor, Setting
from pgsim.study.findings import Spent
from pgsim.study.rows import GATED, SAME_AREA, UNGATED, Row, rows_of
from pgsim.text import writable
from pgsim.workload import GateTrace, load_trace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Quantity:
    """What a rival may take more of than PG, and what a design is called that takes less of it."""

    name: str
    less: str
    of: Callable[[Spent], float]


QUANTITIES = by_name(
    (
        Quantity("time", "faster", lambda spent: spent.time_us),
        Quantity("energy", "leaner", lambda spent: spent.energy_pj),
    )
)

AS_IT_IS = "nothing"


class Question(NamedTuple):
    """Whether PG takes less time, or energy, than a rival."""

    rival: str
    quantity: str


@dataclass(frozen=True)
class Answer:
    """What a setting makes of every question: the rival's time or energy over PG's."""

    factor: str
    setting: str
    ratios: dict[Question, float]


@dataclass(frozen=True, repr=False)
class Sensitivity:
    """How a comparison's findings depend on what is varied.

    Attributes
    ----------
    trace, arch : str
        What was compared.
    base : Answer
        The design and prices as they are.
    answers : tuple of Answer
        One for each setting of each factor.
    table : DataFrame
        One row per setting and question, as `factor`, `setting`, `rival`, `quantity`, `ratio` and
        `flips`: whether PG wins here and loses as it is, or the other way.
    finding : str
        Which findings flip, and under which settings.
    """

    trace: str
    arch: str
    base: Answer
    answers: tuple[Answer, ...]

    def __repr__(self) -> str:
        return f"<Sensitivity of {self.trace} on {self.arch}>"

    def flips(self, answer: Answer, question: Question) -> bool:
        """Say whether an answer is another than that of the design and prices as they are."""
        return (answer.ratios[question] > 1) != (self.base.ratios[question] > 1)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per setting and question."""
        import pandas as pd

        return pd.DataFrame(
            {
                "factor": answer.factor,
                "setting": answer.setting,
                "rival": writable(question.rival),
                "quantity": question.quantity,
                "ratio": ratio,
                "flips": int(self.flips(answer, question)),
            }
            for answer in (self.base, *self.answers)
            for question, ratio in answer.ratios.items()
        )

    @property
    def finding(self) -> str:
        """Which findings flip, and under which settings."""
        sentences = []
        for question, ratio in self.base.ratios.items():
            others = [
                f"{each.factor} {each.setting} ({each.ratios[question]:.2f})"
                for each in self.answers
                if self.flips(each, question)
            ]
            if others:
                word = QUANTITIES[question.quantity].less
                holds = f"PG is {word}" if ratio > 1 else f"PG is not {word}"
                sentences.append(
                    f"{holds} than {question.rival} ({ratio:.2f}), but for {', '.join(others)}."
                )
        kept = len(self.base.ratios) - len(sentences)
        return " ".join(
            [*sentences, f"{kept} of {len(self.base.ratios)} findings hold throughout."]
        )


def sensitivity(
    trace: GateTrace | str | Path = DEFAULT_TRACE,
    arch: ArchConfig | str | Path = DEFAULT_ARCH,
    *,
    calibration_images: int | None = None,
    factors: Sequence[Factor] = FACTORS,
) -> Sensitivity:
    """Ask of a comparison whether its findings would be the same at other prices and designs.

    Parameters
    ----------
    trace, arch, calibration_images
        As `compare` has them.
    factors : sequence of Factor
        What is varied, one at a time.

    Returns
    -------
    Sensitivity
        `.table` and `.finding`.

    Raises
    ------
    InputError
        As `compare` does.

    Notes
    -----
    Source: MODEL.md M48. The rivals are the same network ungated, and fixed PEs in the same logic
    area that run a network of as many bits as they have.
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = load_arch(arch)
    store = WorkStore()

    def answer(factor: str, setting: Setting) -> Answer:
        def costs(design: ArchConfig) -> Costs:
            return setting.costs(costs_of(design))

        changed = arch.override(setting.design) if setting.design else arch
        rows = [row for row in rows_of(trace, changed, costs) if _is_asked_about(row)]
        outcomes = compared(rows, calibration_images, store, costs).outcomes
        spent = {row.name: each.spent for row, each in zip(rows, outcomes, strict=True)}
        return Answer(factor, setting.name, _ratios(spent))

    return Sensitivity(
        trace.name,
        arch.name,
        answer(AS_IT_IS, Setting("varied")),
        tuple(
            answer(factor.name, setting) for factor in factors for setting in factor.settings(arch)
        ),
    )


def _is_asked_about(row: Row) -> bool:
    return row.name in (GATED, UNGATED) or (row.group == SAME_AREA and row.first)


def _ratios(spent: dict[str, Spent]) -> dict[Question, float]:
    gated = spent[GATED]
    return {
        Question(name, quantity.name): quantity.of(each) / quantity.of(gated)
        for name, each in spent.items()
        if name != GATED
        for quantity in QUANTITIES.values()
    }
