"""In which order the points of a sweep run: those that share most come one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product
from math import prod

from pgsim.study.sweeps.choices import Group
from pgsim.study.sweeps.points import Points

_USUAL_BATCH = 64  # points of a batch, if those that share are no more
_LARGEST_BATCH = 256
_BATCHES_A_TAKER = 4  # at least, so that all have about as much to do
_PRICES = ("clock_mhz", "technology", "corner", "memory.dram.kind")
_AFTER_MASK_WORK = ("memory.", "mapping.")


def batches(points: Points, wanted: Callable[[int], bool], takers: int) -> Iterator[list[int]]:
    """Yield the numbers of all points, those that share their mask work in the same list.

    There are some lists for each of so many takers, if there are points enough. They are the same
    whatever is `wanted`, and only have fewer numbers then.
    """
    ranks = {group.name: _rank(group) for group in points.spec.groups}
    strides, stride = [], 1
    for name, choices in reversed(points.places):
        strides.append((ranks.get(name, -1), range(0, choices * stride, stride)))
        stride *= choices
    strides = sorted(reversed(strides), key=lambda each: each[0])  # the last changes first
    sharing = prod(len(each) for rank, each in strides if rank > 0)
    size = sharing * max(1, _USUAL_BATCH // sharing) if sharing < _LARGEST_BATCH else _LARGEST_BATCH
    size = min(size, -(-points.spec.point_count // (_BATCHES_A_TAKER * takers)))
    every = map(sum, product(*(each for _, each in strides)))
    for _ in range(0, points.spec.point_count, size):
        own = islice(every, size)
        yield [number for number in own if points.is_kept(number) and wanted(number)]


def _rank(group: Group) -> int:
    """Return how little must be done anew when a group changes: 2 if nothing but prices do."""
    return min(map(_key_rank, group.keys))


def _key_rank(key: str) -> int:
    if key in _PRICES:
        return 2
    return 1 if key.startswith(_AFTER_MASK_WORK) else 0
