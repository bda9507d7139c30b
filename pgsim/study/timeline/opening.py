"""How a layer begins: the events of its first turns, for a picture of a few of them."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.model.work_store import WorkStore
from pgsim.results import LayerResult, Result
from pgsim.study.timeline.drawing import Event, turn_events
from pgsim.study.timeline.files import blocks_drawn


class FirstTurns(NamedTuple):
    """The events of a layer's first turns, none of them merged, and what they are a part of.

    events: as in a timeline's file, from the layer's begin on. unit: what passes in a turn: a tile,
    or a block of a nest. turns, turns_of_run: that are drawn, and that the first run has. runs: of
    the layer. cycles: of the turns drawn.
    """

    events: tuple[Event, ...]
    unit: str
    turns: int
    turns_of_run: int
    runs: int
    cycles: int


def first_turns(
    result: Result, layer: LayerResult, most_events: int, store: WorkStore | None = None
) -> FirstTurns:
    """Return the events of a layer's first turns: one turn, and more up to so many events.

    The layer is run once more, because a result holds no event. Source: MODEL.md M49.
    """
    block = next(iter(blocks_drawn(result, layer, store or WorkStore(limit_bytes=0))))
    begins = block.turns.begins[0]
    events: list[Event] = []
    drawn = 0
    while drawn < block.turns.turns:
        own = list(turn_events(block.turns, 0, drawn, int(begins[drawn])))
        if drawn and len(events) + len(own) > most_events:
            break
        events += own
        drawn += 1
    batches = -(-result.images // layer.job.batch)
    runs = batches * layer.shape.runs_per_batch
    return FirstTurns(
        tuple(events), block.turns.unit, drawn, block.turns.turns, runs, int(begins[drawn])
    )
