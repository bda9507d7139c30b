"""Events of a Chrome trace: what a turn looks like, and what stands for many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from pgsim.study.timeline.turns import (
    EXECUTOR,
    MOVED,
    OTHERS,
    PREDICTOR,
    READS,
    STEPS,
    WAITS,
    Held,
    Moved,
    Part,
    Turns,
    Worker,
)

Event = dict[str, Any]


class Track(IntEnum):
    """The rows of the viewer, from the top; 1 would be the process's main thread.

    The last two are of an array that predicts, beside which the array is the executor (M59).
    """

    LAYERS = 2
    ARRAY = 3
    WAITS = 4
    DRAM = 5
    PREDICTOR = 6
    PREDICTOR_WAITS = 7

    @property
    def title(self) -> str:
        """Its name in the viewer."""
        return {
            Track.LAYERS: "layers and runs",
            Track.ARRAY: "array",
            Track.WAITS: "waits of the array",
            Track.DRAM: "DRAM",
            Track.PREDICTOR: "predictor",
            Track.PREDICTOR_WAITS: "waits of the predictor",
        }[self]


_ONE_ARRAY = (Track.LAYERS, Track.ARRAY, Track.WAITS, Track.DRAM)
_TRACKS = {  # of the passes and the waits of an array, by whom else it waits for
    "": (Track.ARRAY, Track.WAITS),
    EXECUTOR: (Track.ARRAY, Track.WAITS),
    PREDICTOR: (Track.PREDICTOR, Track.PREDICTOR_WAITS),
}
_WAITS = dict(zip(WAITS, ("bubble", "port stall", "DRAM stall"), strict=True))
_WAITS |= {EXECUTOR: "wait for the predictor", PREDICTOR: "wait for the executor"}
_MERGED = (  # what is on a track, and which columns it adds to
    (Track.ARRAY, "pass", STEPS),
    (Track.WAITS, "wait", (*WAITS, *OTHERS)),
    (Track.DRAM, "transfer", MOVED),
)


def heads(title: str, *, predicts: bool) -> Iterator[Event]:
    """Return the events that name the tracks and put them in order.

    predicts: whether a part of the array is one of its own (M59).
    """
    yield {"ph": "M", "pid": 1, "name": "process_name", "args": {"name": title}}
    for track in Track if predicts else _ONE_ARRAY:
        about = {"thread_name": {"name": track.title}, "thread_sort_index": {"sort_index": track}}
        for name, args in about.items():
            yield {"ph": "M", "pid": 1, "tid": track, "name": name, "args": args}


def event(
    track: Track, kind: str, name: str, begin: int, cycles: int, args: Mapping[str, int]
) -> Event:
    """Return one event of a track; kind: a layer, run, pass, wait or transfer."""
    times = {"ts": begin, "dur": cycles}
    return {"ph": "X", "pid": 1, "tid": track, "cat": kind, "name": name, **times, "args": args}


def turn_events(turns: Turns, run: int, turn: int, begin: int) -> Iterator[Event]:
    """Return the passes, waits and transfers of one turn, which begins at `begin`."""
    place = run, turn
    for worker in turns.workers:
        for each in worker.passes:
            if each.steady_cycles[place]:
                yield _pass_event(turns, each, _TRACKS[worker.wait][0], place, begin)
    for worker in turns.workers:
        yield from _wait_events(turns, worker, place, begin)
    for transfer in turns.transfers:
        name, args = _moved(turns, transfer, place)
        if name:
            (first, cycles), *rest = transfer.pieces(place)
            yield event(Track.DRAM, "transfer", name, begin + first, cycles, args)
            for first, cycles in rest:
                yield event(Track.DRAM, "transfer", f"{name}, the rest", begin + first, cycles, {})


def _pass_event(
    turns: Turns, held: Held, track: Track, place: tuple[int, int], begin: int
) -> Event:
    """Return a pass that happens in a turn, which begins at `begin`."""
    first, end, tile = int(held.begins[place]), int(held.ends[place]), place[1] - held.behind
    steady = int(held.steady_cycles[place])
    args = {held.column: steady, **_coordinates(turns, tile), **held.where}
    name = ", ".join([f"{held.name} {_name(turns, tile)}", *_words(held.where)])
    return event(track, "pass", name, begin + first, end - first, args)


def _wait_events(
    turns: Turns, worker: Worker, place: tuple[int, int], begin: int
) -> Iterator[Event]:
    """Return what an array waits for in a turn; of two, DRAM is drawn with the executor."""
    _, track = _TRACKS[worker.wait]
    for wait, first, end in _waits(turns, worker, place):
        drawn_already = wait == WAITS[-1] and worker.wait == PREDICTOR
        if end > first and not drawn_already:
            args = {wait: end - first}
            yield event(track, "wait", _WAITS[wait], begin + first, end - first, args)


class Merged(NamedTuple):
    """Turns or runs for which one event stands on each track.

    what: a turn or a run. number: how many there are. repeats: how often those right before them
    are repeated, 0 where they are not alike. cycles: of all of them.
    """

    what: str
    number: int
    repeats: int
    cycles: int

    @property
    def name(self) -> str:
        """What the viewer shows."""
        if not self.repeats:
            return f"{self.number} {self.what}s, summed"
        if self.number == self.repeats:
            return f"{self.number} {self.what}s like the one before"
        return f"{self.repeats} times the {self.number // self.repeats} {self.what}s before"

    @property
    def about(self) -> dict[str, int]:
        """How many there are, or what is repeated how often."""
        if not self.repeats:
            return {f"{self.what}s": self.number}
        return {
            "repeats": self.repeats,
            f"period_{self.what}s": self.number // self.repeats,
            "period_cycles": self.cycles // self.repeats,
        }


def merged_events(
    merged: Merged, begin: int, counts: Mapping[str, int], moves_before: int = 0
) -> Iterator[Event]:
    """Return one event on each track for many turns or runs.

    counts: their sums, by column. moves_before: cycles in which DRAM moves what came before.
    """
    for track, kind, columns in _MERGED:
        late = min(moves_before, merged.cycles) if track is Track.DRAM else 0
        if own := {column: counts[column] for column in columns if counts[column]}:
            cycles = merged.cycles - late
            yield event(track, kind, merged.name, begin + late, cycles, merged.about | own)


def _waits(turns: Turns, worker: Worker, place: tuple[int, int]) -> Iterator[tuple[str, int, int]]:
    """Return what an array waits for in a turn, from when to when; some of no length.

    Those within a pass are between its folds and steps, and are drawn together at its end.
    """
    bubble, port, dram = WAITS
    now = int(turns.work_begins[place])
    yield dram, 0, now
    still = _stands_still(turns, place)
    happening = [each for each in worker.passes if each.steady_cycles[place]]
    for each in sorted(happening, key=lambda each: int(each.begins[place])):
        begin, end = int(each.begins[place]), int(each.ends[place])
        stalls = end - int(each.port_stall_cycles[place])
        yield from _between(now, begin, still)
        yield bubble, begin + int(each.steady_cycles[place]), stalls
        yield port, stalls, end
        now = end
    done, over = int(worker.ends[place]), int(turns.work_ends[place])
    yield from _between(now, done, still)
    yield worker.wait, done, over
    yield dram, over, int(turns.cycles[place])


def _stands_still(turns: Turns, place: tuple[int, int]) -> range:
    """Return the cycles of a turn in which its trailing passes wait for planes on demand."""
    if turns.stands_still is None:
        return range(0)
    begin, cycles = (int(each[place]) for each in turns.stands_still)
    return range(begin, begin + cycles)


def _between(first: int, end: int, still: range) -> Iterator[tuple[str, int, int]]:
    """Return the waits between two passes: bubbles, but for the cycles in which DRAM is awaited."""
    bubble, _, dram = WAITS
    if not still or not first <= still.start < end:
        yield bubble, first, end
        return
    yield bubble, first, still.start
    yield dram, still.start, still.stop
    yield bubble, still.stop, end


def _moved(turns: Turns, transfer: Moved, place: tuple[int, int]) -> tuple[str, dict[str, int]]:
    """Return the name of a transfer, and the bytes that it reads and writes."""
    moved: dict[str, int] = dict.fromkeys(MOVED, 0)
    names = []
    for part in transfer.parts:
        if part.total[place]:
            names.append(f"{part.words} {_whose(turns, part, place[1])}")
            for column, own in part.moved.items():
                moved[column] += int(own[place])
    moved["dram_read_bytes"] = sum(moved[column] for column in READS)
    return ", ".join(names), {column: own for column, own in moved.items() if own}


def _whose(turns: Turns, part: Part, turn: int) -> str:
    return f"all {turns.unit}s" if part.ahead is None else _name(turns, turn + part.ahead)


def _name(turns: Turns, tile: int) -> str:
    return f"{turns.unit} {tile + 1}"


def _words(where: Mapping[str, int]) -> list[str]:
    return [f"{loop.replace('_', ' ')} {number}" for loop, number in where.items()]


def _coordinates(turns: Turns, tile: int) -> dict[str, int]:
    """Return the number of a tile and where it is in every loop, counted from 1."""
    places = {}
    rest = tile
    for axis, size in reversed(list(turns.axes.items())):
        rest, places[axis] = divmod(rest, size)
    return {turns.unit: tile + 1, **{axis: places[axis] + 1 for axis in turns.axes}}
