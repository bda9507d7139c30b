"""What happens in every turn of a layer's runs, and what each of its cycles is spent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.kernels.turns import Events, Transfers

STEPS = ("msb_cycles", "lsb_cycles")
WAITS = ("bubble_cycles", "port_stall_cycles", "dram_stall_cycles")
OTHERS = PREDICTOR, EXECUTOR = ("predictor_wait_cycles", "executor_wait_cycles")
READS = tuple(f"dram_{of}_read_bytes" for of in ("activation", "weight", "sum"))
MOVED = ("dram_read_bytes", *READS, "dram_write_bytes")


@dataclass(frozen=True)
class Held:
    """One pass in every turn, from the turn's begin on; all 0 where a turn does not hold it.

    name: MSB and LSB of two passes, else its number. column: of the result table, to which its
    steps add. behind: turns from the one in which a tile leads to the one in which this pass takes
    it. where: which part of a block it takes, by loop, counted from 1; nothing where it takes all.
    begins, ends, steady_cycles, port_stall_cycles: int64 (runs, turns); ends are after the stall.
    """

    name: str
    column: str
    behind: int
    begins: Counts
    ends: Counts
    steady_cycles: Counts
    port_stall_cycles: Counts
    where: Mapping[str, int] = field(default_factory=dict)

    @property
    def bubble_cycles(self) -> Counts:
        """Cycles within the pass in which no step enters, and no port is waited for (M16, M17)."""
        return self.ends - self.begins - self.steady_cycles - self.port_stall_cycles


@dataclass(frozen=True)
class Worker:
    """An array in every turn: the passes that it takes, and when it has done them.

    ends: int64 (runs, turns), since the turn began. wait: the column that counts how long it waits
    for another array from then on (M59); nothing where there is no other.
    """

    passes: tuple[Held, ...]
    ends: Counts
    wait: str = ""


@dataclass(frozen=True)
class Part:
    """What a transfer reads of one tile, or writes.

    words: what it does. ahead: the tile, less the turn; None for all tiles. moved: bytes by column
    of the result table, int64 (runs, turns) each.
    """

    words: str
    ahead: int | None
    moved: Mapping[str, Counts]

    @cached_property
    def total(self) -> Counts:
        """All its bytes, int64 (runs, turns)."""
        first, *others = self.moved.values()
        return sum(others, first)


class Span(NamedTuple):
    """Some cycles of every turn, from the turn's begin on, int64 (runs, turns) each."""

    begins: Counts
    cycles: Counts

    @property
    def ends(self) -> Counts:
        """The cycle after the last."""
        return self.begins + self.cycles


@dataclass(frozen=True)
class Moved:
    """One of a turn's transfers; without cycles where there is none.

    span: when it happens, from its begin on. parts: what is moved one after the other. gives_way:
    what DRAM moves before all else (M24), so that the rest of this transfer comes after it.
    """

    span: Span
    parts: tuple[Part, ...]
    gives_way: Span | None = None

    def pieces(self, place: tuple[int, int]) -> list[tuple[int, int]]:
        """Return the begin and the cycles of what happens at once in a turn, and of the rest."""
        begin, cycles = (int(each[place]) for each in self.span)
        if self.gives_way is None:
            return [(begin, cycles)]
        first, held_up = (int(each[place]) for each in self.gives_way)
        if not held_up or first >= begin + cycles:
            return [(begin, cycles)]
        rest = (first + held_up, begin + cycles - first)
        return [(begin, first - begin), rest] if first > begin else [rest]


@dataclass(frozen=True)
class Turns:
    """The turns of some runs of a layer (M25), each from its begin on.

    A turn begins with the transfer that its array waits for, and ends where the next begins.
    unit: what passes in it: tiles, or blocks of a nest.
    begins: int64 (runs, turns + 1), since the run began; the last is when the run ends.
    work_begins, work_ends: of the work of all arrays, int64 (runs, turns). workers: the arrays.
    stands_still: when the array waits within it for planes on demand (M24); None where none come.
    axes: how the tiles, or blocks, of a run are nested, outermost first: the name and the size of
    each loop.
    """

    unit: str
    begins: Counts
    work_begins: Counts
    work_ends: Counts
    workers: tuple[Worker, ...]
    transfers: tuple[Moved, ...]
    axes: Mapping[str, int]
    stands_still: Span | None = None

    @cached_property
    def passes(self) -> tuple[Held, ...]:
        """The passes of all arrays."""
        return tuple(each for worker in self.workers for each in worker.passes)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.begins)

    @property
    def turns(self) -> int:
        """How many turns each of them has."""
        return len(self.work_begins[0])

    @cached_property
    def cycles(self) -> Counts:
        """Of every turn, int64 (runs, turns)."""
        return np.diff(self.begins, axis=1)

    @cached_property
    def moves_before(self) -> Counts:
        """For how long each turn still moves what an earlier one began to, int64 (runs, turns).

        What runs ahead goes on beside many turns (M47).
        """
        starts, until = self.begins[:, :-1], np.zeros_like(self.cycles)
        for each in self.transfers:
            until[:, 1:] = np.maximum(until[:, 1:], (starts + each.span.ends)[:, :-1])
        left: Counts = np.maximum(0, np.maximum.accumulate(until, axis=1) - starts)
        return left

    @cached_property
    def counts(self) -> Mapping[str, Counts]:
        """What every turn adds to columns of the result table, int64 (runs, turns) each."""
        none = np.zeros_like(self.cycles)
        work = self.work_ends - self.work_begins
        busy = sum((each.ends - self.work_begins for each in self.workers), none)
        if self.stands_still is not None:
            work, busy = work - self.stands_still.cycles, busy - self.stands_still.cycles
        ports = sum((each.port_stall_cycles for each in self.passes), none)
        waits = {each.wait: self.work_ends - each.ends for each in self.workers if each.wait}
        steps = {
            column: sum((each.steady_cycles for each in self.passes if each.column == column), none)
            for column in STEPS
        }
        return {
            **steps,
            "bubble_cycles": busy - ports - sum(steps.values()),
            "port_stall_cycles": ports,
            "dram_stall_cycles": self.cycles - work,
            **dict.fromkeys(OTHERS, none),
            **waits,
            **self._moved,
        }

    @property
    def _moved(self) -> Mapping[str, Counts]:
        moved = dict.fromkeys(MOVED, np.zeros_like(self.cycles))
        for transfer in self.transfers:
            for part in transfer.parts:
                for column, own in part.moved.items():
                    moved[column] = moved[column] + own
        moved["dram_read_bytes"] = sum(
            (moved[column] for column in READS), moved["dram_read_bytes"]
        )
        return moved

    @cached_property
    def looks(self) -> tuple[Counts, ...]:
        """All that decides how a turn is drawn, int64 (runs, turns) each."""
        return (
            self.cycles,
            self.work_begins,
            self.work_ends,
            *(each.ends for each in self.workers),
            *(
                part
                for each in self.passes
                for part in (each.begins, each.ends, each.steady_cycles, each.port_stall_cycles)
            ),
            *(each.span.cycles for each in self.transfers),
            *(own for each in self._on_demand for own in each),
            *(own for each in self.transfers for part in each.parts for own in part.moved.values()),
        )

    @property
    def _on_demand(self) -> tuple[Span, ...]:
        """What begins anywhere in a turn, and where it ends."""
        held_up = tuple(each.gives_way for each in self.transfers if each.gives_way is not None)
        return held_up if self.stands_still is None else (*held_up, self.stands_still)


def begins_of(events: Events, around: Transfers) -> Counts:
    """Return when each turn begins, with the transfer that its work waits for, and the run ends."""
    return np.concatenate([events.turn_begins - around.before, events.ends[:, None]], axis=1)


def pass_names(count: int) -> list[str]:
    """Return what the passes of a layer are called."""
    return ["MSB", "LSB"] if count == 2 else [f"pass {index + 1}" for index in range(count)]


def held_of(
    name: str,
    index: int,
    behind: int,
    turns: Counts,
    counts: tuple[Counts, Counts, Counts, Counts],
    where: Mapping[str, int],
) -> Held:
    """Return one pass turn by turn, or a part of it.

    index: of the pass. turns: when turns begin, as `begins_of`. counts: when the pass begins and
    ends in every tile, its steady cycles and its port stalls, int64 (runs, tiles) each.
    """
    begins, ends, steady, ports = (in_turns(each, behind, turns.shape[1] - 1) for each in counts)
    happens = steady > 0
    return Held(
        name,
        STEPS[min(index, 1)],
        behind,
        np.where(happens, begins - turns[:, :-1], 0),
        np.where(happens, ends - turns[:, :-1], 0),
        steady,
        ports,
        where,
    )


def around_work(
    begins: Counts, around: Transfers, parts: tuple[tuple[Part, ...], ...]
) -> tuple[Moved, ...]:
    """Return what is moved before, beside and after the work of every turn (M25).

    parts: of each of the three.
    """
    late = np.diff(begins, axis=1) - around.after
    starts = (np.zeros_like(around.before), around.before, late)
    return tuple(
        Moved(Span(start, cycles), tuple(part for part in own if part.total.any()))
        for start, cycles, own in zip(starts, around[:3], parts, strict=True)
    )


def in_turns(of_tiles: Counts, behind: int, turns: int) -> Counts:
    """Return counts of tiles (runs, tiles) by the turns so far behind them, 0 where there is none.

    Returns int64 (runs, turns).
    """
    found = np.zeros((of_tiles.shape[0], turns), np.int64)
    found[:, behind : behind + of_tiles.shape[1]] = of_tiles
    return found
