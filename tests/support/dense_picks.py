"""What nests of picked block sizes cost, and whether a bound says more (M41)."""

from __future__ import annotations

from collections.abc import Iterable

from search_cases import Cost, SearchCase

from pgsim.arch import LOOPS
from pgsim.kernels.nest_problem import Problem
from pgsim.mapping import Nest, loop_sizes

ROUNDED = 1 + 1e-9  # bounds are sums of floats


def blocks_of(problem: Problem, picks: Iterable[int]) -> tuple[int, ...]:
    """The size of each loop's block."""
    return tuple(int(problem.loops.blocks[loop, pick]) for loop, pick in enumerate(picks))


def nest_of(case: SearchCase, problem: Problem, order: Iterable[int], picks: Iterable[int]) -> Nest:
    """The nest of an order, outermost first."""
    letters = "".join(LOOPS[loop] for loop in order)
    return Nest(letters, loop_sizes(case.job.shape, case.job.batch), blocks_of(problem, picks))


def is_over(cycles: float, bursts: float, energy_pj: float, cost: Cost) -> bool:
    """Whether a bound says more than a nest costs."""
    return (
        cycles > cost.cycles * ROUNDED
        or bursts > cost.bursts
        or energy_pj > cost.energy_pj * ROUNDED
    )
