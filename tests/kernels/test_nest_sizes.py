"""The sizes that blocks may have, and which fit, by hand (MODEL.md M41)."""

from __future__ import annotations

import numpy as np
from search_cases import search_case

from pgsim.kernels.nest_problem import C, K, N, P, Q
from pgsim.kernels.nest_sizes import fit, side_of
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


def test_blocks_fit_their_buffers_and_are_not_too_many() -> None:
    """One sum for each of 7, 4, 3, 2 or 1 channels, one weight as well; 1, 2, 3, 4 or 7 blocks."""
    problem = seven_channels()
    sides = [side_of(problem, loops) for loops in ((C,), (N, P, Q), (K,))]
    room = problem.loops._replace(fit_activations=1, fit_sums=4, fit_weights=9)
    assert fit(room, *sides, 100).tolist() == [[[False, True, True, True, True]]]
    assert fit(room, *sides, 3).tolist() == [[[False, True, True, False, False]]]
    room = room._replace(fit_weights=2)
    assert fit(room, *sides, 100).tolist() == [[[False, False, False, True, True]]]
    assert not fit(room._replace(fit_activations=0), *sides, 100).any()
