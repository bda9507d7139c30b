"""What blocks of a gated layer cost at least, whatever its masks (MODEL.md M41)."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping.nest import CHANNELS, IN_CHANNELS
from pgsim.model.fetches import Bools
from pgsim.model.job import Job
from pgsim.model.nests.blocks import MOST_TILES
from pgsim.model.room import most_tiles, vectors_fit
from pgsim.model.search.goal import Floats

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Problem

MOST_BLOCKS = 2**20  # of a run and group


def bounds_of(job: Job, problem: Problem) -> tuple[Counts, Floats]:
    """Return the choices of block sizes, and what leading passes cost at least.

    Returns int64 (choices, 5), and float64 (choices, 4), the first columns of `Choices.least`.
    """
    from pgsim.kernels.nest_bound import choices_of  # Numba: only if nests are searched
    from pgsim.kernels.nest_problem import ARRAY_CYCLES

    every = choices_of(problem, MOST_BLOCKS)
    every = every.some(np.flatnonzero(tiles_fit(job, problem, every.picks())))
    choices, least = every.picks(), every.least(problem)
    several = np.flatnonzero(choices[:, IN_CHANNELS] > 0)
    least[several] = every.some(several).least(_of_first_pass(job, problem))
    return choices, least[:, : ARRAY_CYCLES + 1]


def tiles_fit(job: Job, problem: Problem, choices: Counts) -> Bools:
    """Say which choices have no more tiles, and no larger ones, than are held, bool (choices,)."""
    from pgsim.kernels.nest_problem import FULL_TIMES, REST_TIMES  # Numba: only if searched

    parts, picks = problem.loops.parts, choices.T
    trips = parts[FULL_TIMES] + parts[REST_TIMES]
    blocks = reduce(np.multiply, map(np.take, trips, picks))
    sizes = list(map(np.take, problem.loops.blocks, picks))
    sides = (reduce(np.multiply, sizes[:CHANNELS]), sizes[CHANNELS])
    lanes, slots = sides[problem.machine.lane_side], sides[problem.machine.slot_side]
    of_run = most_tiles(len(job.passes)) // (problem.machine.runs * problem.machine.groups)
    fits: Bools = blocks * -(-lanes // problem.machine.columns) <= min(MOST_TILES, of_run)
    return fits & vectors_fit(job, slots)


def may_be_held(job: Job) -> bool:
    """Say whether a batch is cut into no more, and no larger, tiles than are held."""
    runs_and_groups = job.shape.runs_per_batch * job.shape.groups
    few = job.batch_tiles <= min(MOST_TILES * runs_and_groups, most_tiles(len(job.passes)))
    return few and bool(vectors_fit(job, np.array([job.largest_window])).all())


def bursts_of(job: Job, problem: Problem, choices: Counts) -> Counts:
    """Return the bursts that choices of block sizes move at least, int64 (choices,).

    Gated passes may issue nothing, and then fetch nothing.
    """
    from pgsim.kernels.nest_bursts import compulsory_bits
    from pgsim.kernels.nest_least import refined  # Numba: only if nests are searched

    several = choices[:, IN_CHANNELS] > 0
    bursts = np.empty(several.size, np.int64)
    for own, which in ((problem, ~several), (_of_first_pass(job, problem), several)):
        bursts[which] = refined(own, choices[which], compulsory_bits(own), True)
    return bursts


def bursts_of_all_passes(problem: Problem, choices: Counts) -> Counts:
    """Return the same if every pass issues something in every block."""
    from pgsim.kernels.nest_bursts import compulsory_bits
    from pgsim.kernels.nest_least import refined  # Numba: only if nests are searched

    bursts: Counts = refined(problem, choices, compulsory_bits(problem), True)
    return bursts


def later_bits(job: Job, problem: Problem) -> tuple[int, int]:
    """Return the bits of an activation, and of a weight, that only gated passes use."""
    own, every = _of_first_pass(job, problem).widths, problem.widths
    return every.activation - own.activation, every.weight - own.weight


def _of_first_pass(job: Job, problem: Problem) -> Problem:
    """Return a problem that fetches the planes of the first pass alone.

    Of several C blocks that are not held, each pass fetches its own planes, and a gated one none
    where the gate needs none (M40).
    """
    widths, first = problem.widths, job.passes[0]
    return problem._replace(
        widths=widths._replace(
            activation=min(widths.activation, first.activation_bits),
            weight=min(widths.weight, first.weight_bits),
        )
    )
