"""The sizes that blocks may have, by hand (MODEL.md M41)."""

from __future__ import annotations

import numpy as np
from search_cases import search_case

from pgsim.kernels.nest_fits import Limits
from pgsim.kernels.nest_problem import C, K, N, P, Q
from pgsim.kernels.nest_sizes import extents_of, limits_of, side_of
from pgsim.model.search.problem import problem_of


def seven_channels():
    """A layer's loops, but for its output channels: 7 of them, in blocks of 7, 4, 3, 2 or 1."""
    problem = problem_of(*_asked())
    loops = problem.loops
    sizes, blocks, parts = loops.sizes.copy(), np.zeros((5, 5), np.int64), np.zeros((4, 5, 5), int)
    sizes[:] = 1
    blocks[:, 0] = parts[0, :, 0] = parts[1, :, 0] = 1
    sizes[:, K] = 7, 5
    blocks[K] = parts[0, K] = 7, 4, 3, 2, 1
    parts[1, K], parts[2, K], parts[3, K] = (1, 1, 2, 3, 7), (0, 3, 1, 1, 0), (0, 1, 1, 1, 0)
    sides = np.ones((4, 2, 5), np.int64)
    own = loops._replace(sizes=sizes, blocks=blocks, parts=parts, sides=sides)
    return problem._replace(loops=own)


def _asked():
    case = search_case(0, gated=False)
    return case.job, case.goal("latency")


def test_a_side_has_whole_blocks_and_a_smaller_last_one() -> None:
    """Seven channels are 7; 4 + 3; 3 + 3 + 1; 2 + 2 + 2 + 1; seven of 1."""
    side = side_of(seven_channels(), (K,))
    assert side.picks.tolist() == [[0, 1, 2, 3, 4]]
    assert side.sizes.tolist() == [[7, 4, 3, 2, 1], [0, 3, 1, 1, 0]]
    assert side.often.tolist() == [[1, 1, 2, 3, 7], [0, 1, 1, 1, 0]]
    assert side.last.tolist() == [7, 3, 1, 1, 1]
    assert side.trips.tolist() == [1, 2, 3, 4, 7]
    few = side.of(np.array([False, True, False, False, True]))
    assert few.sizes.tolist() == [[4, 1], [3, 0]]


def test_blocks_are_as_large_as_their_sides_say() -> None:
    """Blocks of 7, 4, 3, 2 or 1 channels at one position, which reaches one pixel."""
    problem = seven_channels()
    sides = [side_of(problem, loops) for loops in ((C,), (N, P, Q), (K,))]
    extents = extents_of(problem.loops, *sides)
    assert extents.inputs.tolist() == [[1], [1], [1], [0]]
    assert extents.positions.tolist() == [[1], [1], [1], [0], [0], [0], [1], [1]]
    whole, last = [7, 4, 3, 2, 1], [7, 3, 1, 1, 1]
    assert extents.channels.tolist() == [whole, [1, 2, 3, 4, 7], last, [0, 1, 2, 3, 4]]
    room = problem.loops._replace(fit_activations=3, fit_sums=4, fit_weights=9)
    assert limits_of(room, 100) == Limits(activations=3, sums=4, weights=9, blocks=100)
