"""Gate waits, residency waits and skews, against a list of events (M19) and by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import pytest

from pgsim.kernels.timeline import Order, timeline

Cycles = Sequence[int]  # of each tile


def events(tiles: int, order: Order) -> Iterator[tuple[str, int]]:
    """The order of passes in a run, as M19 writes it, and the end of each segment."""
    for first in range(0, tiles, order.segment_tiles):
        own = range(first, min(first + order.segment_tiles, tiles))
        ahead = order.gated and order.double_buffered
        if ahead:
            yield "msb", own[0]
        for tile in own:
            if not ahead:
                yield "msb", tile
            elif tile + 1 in own:
                yield "msb", tile + 1
            yield "lsb", tile
        yield "end of segment", own[-1]


def naive(msb: Cycles, lsb: Cycles, waits: Cycles, order: Order) -> list[int]:
    bubbles = [0] * len(msb)
    now = last_step = 0
    gate_known: dict[int, int] = {}

    def wait(tile: int, cycles: int) -> None:
        nonlocal now
        bubbles[tile] += max(0, cycles)
        now += max(0, cycles)

    for event, tile in events(len(msb), order):
        if event == "msb":
            now = last_step = now + msb[tile]
            gate_known[tile] = now + order.skew_cycles
        elif event == "lsb":
            if order.gated:
                wait(tile, gate_known[tile] - now)
            if lsb[tile]:
                now = last_step = now + lsb[tile]
                if order.gated and not order.double_buffered:
                    wait(tile, order.skew_cycles)
        else:
            residency = waits[tile // order.segment_tiles]
            wait(tile, residency)
            last_step += residency
    wait(len(msb) - 1, last_step + order.skew_cycles - now)
    return bubbles


def bubbles_of(msb: Cycles, lsb: Cycles, waits: Cycles, order: Order) -> list[int]:
    arrays = (np.array([each], np.int64) for each in (msb, lsb, waits))
    return timeline(*arrays, order)[0].tolist()


@pytest.mark.parametrize("seed", range(200))
def test_bubbles_equal_those_of_the_events(seed: int) -> None:
    rng = Random(seed)
    tiles, runs = rng.randint(1, 8), rng.choice((1, 3))
    segment = rng.choice((1, 2, tiles))
    order = Order(rng.choice((0, 1, 6, 30)), segment, rng.random() < 0.7, rng.random() < 0.5)
    longest = rng.choice((3, 40))
    msb = [[rng.randint(1, longest) for _ in range(tiles)] for _ in range(runs)]
    lsb = [[rng.choice((0, rng.randint(0, longest))) for _ in range(tiles)] for _ in range(runs)]
    waits = [[rng.choice((0, 5)) for _ in range(-(-tiles // segment))] for _ in range(runs)]
    found = timeline(*(np.array(each, np.int64) for each in (msb, lsb, waits)), order)
    assert found.tolist() == [naive(*run, order) for run in zip(msb, lsb, waits, strict=True)]


# Three tiles, each an MSB pass of 10 cycles and an LSB pass of 4, on an array of skew 6.
MSB, LSB, NO_WAIT = (10, 10, 10), (4, 4, 4), (0,)


def test_a_layer_without_a_gate_pays_one_skew_at_its_end() -> None:
    assert bubbles_of(MSB, LSB, NO_WAIT, Order(6, 3, False, True)) == [0, 0, 6]


def test_a_single_buffer_shows_the_skew_after_each_pass() -> None:
    # Each tile: 6 until its gate is known, 6 until its results have left.
    assert bubbles_of(MSB, LSB, NO_WAIT, Order(6, 3, True, False)) == [12, 12, 12]


def test_a_double_buffer_hides_the_gate_behind_the_next_msb_pass() -> None:
    # MSB 1, 2 end at 10, 20; gate 1 is known at 16. LSB 1 20-24. MSB 3 24-34. LSB 2: its gate was
    # known at 26; 34-38. LSB 3: its gate is known at 40: 2 cycles; 40-44; skew: 50.
    assert bubbles_of(MSB, LSB, NO_WAIT, Order(6, 3, True, True)) == [0, 0, 8]


def test_an_empty_lsb_pass_still_waits_for_its_gate() -> None:
    # MSB 1, 2 end at 10, 20, MSB 3 at 30; gate 3 is known at 36, and nothing is left to drain.
    assert bubbles_of(MSB, (0, 0, 0), NO_WAIT, Order(6, 3, True, True)) == [0, 0, 6]
    assert bubbles_of(MSB, (0, 0, 0), NO_WAIT, Order(6, 3, True, False)) == [6, 6, 6]


def test_no_msb_pass_overtakes_across_a_segment() -> None:
    # Every lane group its own segment: each tile waits 6 for its gate, and the last drains.
    assert bubbles_of(MSB, LSB, (0, 0, 0), Order(6, 1, True, True)) == [6, 6, 12]
    # A residency wait of 3 after each; after the last, the array still drains for 6.
    assert bubbles_of(MSB, LSB, (3, 3, 3), Order(6, 1, True, True)) == [9, 9, 15]
