"""The events of one layer: its first runs turn by turn, the others summed, never too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pgsim.study.timeline.drawing import (
    Event,
    Merged,
    Track,
    event,
    merged_events,
    turn_events,
)
from pgsim.study.timeline.stretches import Stretch, alike_runs, stretches
from pgsim.study.timeline.turns import Turns

_DRAWN = 2  # this part of the most events is for turns that are drawn one by one
_SUMS = 32  # and this part of it is how many sums stand for all others, on four tracks each


class Numbering(NamedTuple):
    """What the runs of a layer are called.

    first, end: the images of the trace that are simulated. batch: how many images a batch has.
    steps: runs of a batch, more than one in a recurrent layer (M6).
    """

    first: int
    end: int
    batch: int
    steps: int

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return -(-(self.end - self.first) // self.batch) * self.steps

    def name(self, runs: range) -> str:
        """Return the name of some runs: images as the trace counts them, from 0 on."""
        ends = dict.fromkeys((self._name(runs[0]), self._name(runs[-1])))
        return " to ".join(ends)

    def _name(self, run: int) -> str:
        batch, step = divmod(run, self.steps)
        first = self.first + batch * self.batch
        last = min(first + self.batch, self.end) - 1
        images = f"image {first}" if first == last else f"images {first}-{last}"
        return f"{images}, step {step}" if self.steps > 1 else images


class Block(NamedTuple):
    """Some batches of a layer: the turns of those that are simulated, and how often these come."""

    turns: Turns
    times: int


@dataclass(frozen=True)
class Unit:
    """Runs that are drawn, or summed, together.

    turns, rows: the turns of these runs. times: how often they come one after the other. repeats:
    how often the runs right before them are repeated by it, 0 where they are not.
    """

    turns: Turns
    rows: range
    times: int = 1
    repeats: int = 0

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.rows) * self.times

    @property
    def part(self) -> slice:
        """The rows, as arrays are cut by them."""
        return slice(self.rows.start, self.rows.stop)

    @property
    def cycles(self) -> int:
        """Of all the runs."""
        return int(self.turns.begins[self.part, -1].sum()) * self.times

    @property
    def counts(self) -> dict[str, int]:
        """What all the runs add to columns of the result table."""
        return {
            name: int(each[self.part].sum()) * self.times
            for name, each in self.turns.counts.items()
        }


class Sum(NamedTuple):
    """Runs for which one event on each track stands; repeats: as of a unit."""

    runs: range
    begin: int
    cycles: int
    counts: Mapping[str, int]
    repeats: int

    @property
    def merged(self) -> Merged:
        """What is merged."""
        return Merged("run", len(self.runs), self.repeats, self.cycles)


def layer_events(
    blocks: Iterable[Block], numbering: Numbering, begin: int, most: int
) -> Iterator[Event]:
    """Return the events of a layer that begins at `begin`, about `most` of them at most.

    Runs are drawn turn by turn until a half of these are used up, and one that is like the run
    before is merged with its like. Then so many runs are summed together that few sums are left.
    """
    sums = max(1, most // _SUMS)
    left, run, now = most // _DRAWN, 0, begin
    units = _units(blocks)
    for unit in units:
        own = _sum_of(unit, run, now)
        if unit.repeats:
            drawn = _sum_events(numbering, own)
        else:
            drawn = [_run_event(numbering, own, {}), *_drawn_run(unit, now, left, sums)]
        yield from drawn
        left, run, now = left - len(drawn), own.runs.stop, now + own.cycles
        if left <= 0:
            break
    for own in _together(units, run, now, -(-numbering.runs // sums)):
        yield from _sum_events(numbering, own)


def _units(blocks: Iterable[Block]) -> Iterator[Unit]:
    """Return runs that are the first of their like, those like them, and batches like one."""
    for turns, times in blocks:
        for alike in alike_runs(turns):
            yield Unit(turns, alike[:1])
            if later := alike[1:]:
                yield Unit(turns, later, repeats=len(later))
        if times > 1:
            yield Unit(turns, range(turns.runs), times - 1, times - 1)


def _sum_of(unit: Unit, run: int, now: int) -> Sum:
    return Sum(range(run, run + unit.runs), now, unit.cycles, unit.counts, unit.repeats)


def _together(units: Iterable[Unit], run: int, now: int, most_runs: int) -> Iterator[Sum]:
    """Return the sums of units from a run on, of at most so many runs but where one has more."""
    held: Sum | None = None
    for unit in units:
        own = _sum_of(unit, run, now)
        run, now = own.runs.stop, now + own.cycles
        if held and len(held.runs) + len(own.runs) > most_runs:
            yield held
            held = own
        else:
            held = _added(held, own) if held else own
    if held:
        yield held


def _added(first: Sum, second: Sum) -> Sum:
    runs = range(first.runs.start, second.runs.stop)
    counts = {name: first.counts[name] + second.counts[name] for name in first.counts}
    return Sum(runs, first.begin, first.cycles + second.cycles, counts, repeats=0)


def _run_event(numbering: Numbering, own: Sum, about: Mapping[str, int]) -> Event:
    return event(Track.LAYERS, "run", numbering.name(own.runs), own.begin, own.cycles, about)


def _sum_events(numbering: Numbering, own: Sum) -> list[Event]:
    return [
        _run_event(numbering, own, own.merged.about),
        *merged_events(own.merged, own.begin, own.counts),
    ]


def _drawn_run(unit: Unit, begin: int, most: int, sums: int) -> Iterator[Event]:
    """Return about `most` events of a run's first turns, then those of so many sums of others."""
    turns, run = unit.turns, unit.rows[0]
    for stretch in stretches(turns, run):
        if stretch.repeats == 1:
            at = begin + int(turns.begins[run, stretch.first])
            drawn = list(turn_events(turns, run, stretch.first, at))
        else:
            drawn = _turns_events(turns, run, stretch, begin)
        if len(drawn) > most:  # a turn of a nest may have many
            for rest in _rest(turns, stretch.first, sums):
                yield from _turns_events(turns, run, rest, begin)
            return
        yield from drawn
        most -= len(drawn)


def _rest(turns: Turns, first: int, sums: int) -> Iterator[Stretch]:
    """Cut the turns from one on into so many stretches, in which nothing needs to repeat."""
    size = -(-(turns.turns - first) // sums)
    for begin in range(first, turns.turns, size):
        yield Stretch(begin, min(size, turns.turns - begin), 1)


def _turns_events(turns: Turns, run: int, stretch: Stretch, begin: int) -> list[Event]:
    first, end = (int(turns.begins[run, turn]) for turn in (stretch.first, stretch.end))
    repeats = stretch.repeats if stretch.repeats > 1 else 0
    part = slice(stretch.first, stretch.end)
    counts = {name: int(each[run, part].sum()) for name, each in turns.counts.items()}
    own = Merged("turn", stretch.end - stretch.first, repeats, end - first)
    moves_before = int(turns.moves_before[run, stretch.first])
    return list(merged_events(own, begin + first, counts, moves_before))
