"""A store of results by what decides them, in bounded memory.

Mask work is the slow part of a simulation, and a pure function of the masks, the bounds of tiles,
the order of lanes, the scheduler and the rates of ports. What else designs agree on is shared too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from pgsim.arch import Counts

Arrays = tuple[Counts, ...]
Shared = TypeVar("Shared")


class Known:
    """A key whose hash is found once, which takes long where much decides a result."""

    __slots__ = ("_hash", "_key")

    def __init__(self, key: Hashable) -> None:
        self._key = key
        self._hash = hash(key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Known) and self._key == other._key)


class WorkStore:
    """Results by what decides them; the least recently used are let go of.

    Simulations of one process that share a store do not repeat each other's mask work, nor the
    search and the counts of networks that differ in prices alone.

    Parameters
    ----------
    limit_bytes : int
        Of results that are held, 256 MiB by default. With 0 the store holds nothing and only
        computes.

    Examples
    --------
    >>> from pgsim import WorkStore, simulate
    >>> store = WorkStore()
    >>> first, again = (simulate("digits_pg_4_2", "fixed_8bit", store=store) for _ in range(2))
    >>> first.cycles == again.cycles
    True
    """

    def __init__(self, limit_bytes: int = 2**28) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._held: OrderedDict[Known, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()  # of what is held; work is done without it

    def __reduce__(self) -> tuple[type[WorkStore], tuple[int]]:
        """Return what makes a store of the same size in another process, which begins empty."""
        return WorkStore, (self._limit_bytes,)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept, so that it pays to say what decides a result."""
        return self._limit_bytes > 0

    def get(self, key: Hashable, work: Callable[[], Arrays]) -> Arrays:
        """Return what `work` returned when it was last called for this key, or call it.

        Parameters
        ----------
        key : hashable
            All that decides the result.
        work : callable
            Takes nothing and returns int64 arrays, which become read-only.

        Returns
        -------
        tuple of int64 arrays
            What `work` returned.
        """
        return self.shared(key, lambda: _fixed(work()), _bytes)

    def shared(
        self,
        key: Hashable,
        work: Callable[[], Shared],
        bytes_of: Callable[[Shared], int],
        most_bytes: int | None = None,
    ) -> Shared:
        """Return what `work` returned when it was last called for this key, or call it.

        Parameters
        ----------
        key : hashable
            All that decides the result.
        work : callable
            Takes nothing and returns what nobody changes.
        bytes_of : callable
            Returns how much memory a result takes.
        most_bytes : int, optional
            Of a result that is kept (default: as many as the store holds).

        Returns
        -------
        what `work` returned
        """
        if not self.keeps:
            return work()
        key = key if isinstance(key, Known) else Known(key)
        held: Shared | None = self.held(key)
        if held is not None:
            return held
        found = work()
        needed = bytes_of(found)
        if needed <= (most_bytes or self._limit_bytes):
            self.hold(key, found, needed)
        return found

    def held(self, key: Known) -> Any:
        """Return what is held for a key, which is then used last; None where nothing is.

        Parameters
        ----------
        key : Known
            All that decides a result.

        Returns
        -------
        what was given to `hold`, or None
        """
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def hold(self, key: Known, found: object, size_bytes: int) -> None:
        """Hold a result, in place of one that is held for its key; nothing if it has no room.

        Parameters
        ----------
        key : Known
            All that decides it.
        found : object
            The result, which nobody changes.
        size_bytes : int
            How much memory it takes.
        """
        with self._lock:
            _, before = self._held.pop(key, (None, 0))
            self._held_bytes -= before
            if size_bytes > self._limit_bytes:
                return
            self._held[key] = found, size_bytes
            self._held_bytes += size_bytes
            while self._held_bytes > self._limit_bytes:
                _, (_, dropped) = self._held.popitem(last=False)
                self._held_bytes -= dropped


def _fixed(arrays: Arrays) -> Arrays:
    """Return arrays that are read-only from now on."""
    for each in arrays:
        each.flags.writeable = False
    return arrays


def _bytes(arrays: Arrays) -> int:
    return sum(each.nbytes for each in arrays)
