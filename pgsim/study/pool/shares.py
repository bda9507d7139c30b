"""Which process does which points: a batch each, and at the end halves of others' batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

Given = TypeVar("Given")

_MOST_AT_ONCE = 64  # points that are sent in one message


class Shares(Generic[Given]):
    """The points that wait for each of so many processes, and the batches that no one has yet."""

    def __init__(self, batches: Iterator[Sequence[Given]], processes: int) -> None:
        self._batches = batches
        self._waiting: list[deque[Given]] = [deque() for _ in range(processes)]
        self._alone = [0] * processes

    def take(self, process: int) -> list[Given]:
        """Return the points that a process is to be asked next; none when nothing waits."""
        own = self._waiting[process]
        while not own:
            batch = next(self._batches, None)
            if batch is None:
                own.extend(self._half_of_most())
                break
            own.extend(batch)
        most = 1 if self._alone[process] else _MOST_AT_ONCE
        self._alone[process] = max(0, self._alone[process] - 1)
        points = list(islice(own, most))
        for _ in points:
            own.popleft()
        return points

    def waiting(self, process: int) -> int:
        """Return how many points wait for a process."""
        return len(self._waiting[process])

    def give_back(self, process: int, points: Sequence[Given]) -> None:
        """Let points wait for a process again, before all others."""
        self._waiting[process].extendleft(reversed(points))

    def alone(self, process: int, count: int) -> None:
        """Send the next so many points of a process one by one: one of them was its end."""
        self._alone[process] = max(self._alone[process], count)

    def _half_of_most(self) -> list[Given]:
        """Return the later half of what waits for the process for which most waits."""
        most = max(self._waiting, key=len)
        half = [most.pop() for _ in range((len(most) + 1) // 2)]
        return half[::-1]
