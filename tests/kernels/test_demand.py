"""Bursts of the LSB plane on demand, against sets of bursts (M24) and by hand."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from packed_rows import Rows, packed, random_bits

from pgsim.kernels.demand import Nesting, Plane, demand_by_lanes, demand_by_slots
from pgsim.kernels.sides import Line, Side

POINT = Line(1, 1, 1, 1, 0, 1)

ALL = np.ones((1, 10_000), bool)  # the planes of all pixels are taken


def bursts_of(plane: Plane, position: int) -> set[int]:
    """The bursts under the kernel window of one position of a run, bit by bit."""
    depth, height, width = plane.rows.frames, plane.rows.rows, plane.columns.rows
    image, pixel = divmod(position, positions_of(plane))
    out_z, out_y, out_x = np.unravel_index(pixel, (depth.outputs, height.outputs, width.outputs))
    sizes = (plane.images, depth.inputs, height.inputs, width.inputs)
    found = set()
    for taps in np.ndindex(depth.taps, height.taps, width.taps):
        z, y, x = (
            int(out) * line.stride - line.padding + tap * line.dilation
            for out, line, tap in zip(
                (out_z, out_y, out_x), (depth, height, width), taps, strict=True
            )
        )
        if 0 <= z < depth.inputs and 0 <= y < height.inputs and 0 <= x < width.inputs:
            first = int(np.ravel_multi_index((image, z, y, x), sizes)) * plane.pixel_bits
            found |= {bit // plane.burst_bits for bit in range(first, first + plane.pixel_bits)}
    return found


def positions_of(plane: Plane) -> int:
    """Outputs of an image and channel."""
    return plane.rows.frames.outputs * plane.rows.rows.outputs * plane.columns.rows.outputs


def bursts_of_all(plane: Plane, first: int, mask: Sequence[Sequence[int]]) -> set[int]:
    """The bursts of a tile's positions, from `first` on, at which anything is active."""
    active = [first + index for index, entries in enumerate(mask) if any(entries)]
    return set().union(*(bursts_of(plane, position) for position in active))


def random_line(rng: Random, taps: int) -> Line:
    stride, dilation = rng.choice((1, 1, 2, 3)), rng.choice((1, 1, 2, 3))
    before, after = rng.choice((0, taps // 2)), rng.choice((0, taps // 2))
    outputs = rng.randint(1, 5) if taps > 1 else rng.choice((1, 1, 4))
    inputs = (outputs - 1) * stride + dilation * (taps - 1) + 1 - before - after
    return Line(outputs, inputs, taps, stride, before, dilation) if inputs > 0 else POINT


def random_plane(rng: Random) -> Plane:
    taps = rng.choice(((1, 1, 1), (1, 3, 3), (1, 2, 3), (1, 1, 5), (2, 2, 2)))
    depth, height, width = (random_line(rng, each) for each in taps)
    return Plane(
        rng.randint(1, 3),
        Side(height, depth),
        Side(width, POINT),
        pixel_bits=rng.choice((1, 2, 6, 40, 64)),
        burst_bits=rng.choice((8, 64, 256)),
    )


def cut(rng: Random, total: int, repeats: int) -> tuple[int, ...]:
    """Bounds of `repeats` times the same pieces of `total`."""
    size = rng.randint(1, total)
    one = range(0, total, size)
    return (
        *(total * repeat + first for repeat in range(repeats) for first in one),
        total * repeats,
    )


def arguments(rows: Rows) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    words, *bounds = rows.arguments
    return words, tuple(bounds)


@pytest.mark.parametrize("seed", range(50))
def test_slots_that_are_positions(seed: int) -> None:
    rng = Random(seed)
    plane, nesting = random_plane(rng), Nesting(rng.choice((1, 1, 3)), rng.choice((1, 1, 2)))
    positions, channels = plane.images * positions_of(plane), rng.choice((1, 3, 7))
    lanes = list(range(channels * nesting.groups))
    rng.shuffle(lanes)
    rows = Rows(
        random_bits(rng, rng.choice((1, 2)), len(lanes), positions * nesting.runs),
        tuple(lanes),
        cut(rng, channels, nesting.groups),
        cut(rng, positions, nesting.runs),
    )
    resident = rng.random() < 0.5
    lane_groups = (len(rows.lane_bounds) - 1) // nesting.groups
    held_by_all = np.full(lane_groups, resident)
    found = demand_by_slots(*arguments(rows), nesting, plane, ALL, held_by_all)

    held: dict[tuple[int, ...], set[int]] = {}
    windows = (len(rows.slot_bounds) - 1) // nesting.runs
    for (batch, place, window), mask in rows.tiles:
        run, group = window // windows, place // lane_groups
        begin = rows.slot_bounds[window] - run * positions
        needed = bursts_of_all(plane, begin, mask)
        key = (batch, run, group) if resident else (batch, run, place)
        before = held.setdefault(key, set())
        assert found[batch, place, window] == len(needed - before)
        before |= needed


@pytest.mark.parametrize("seed", range(50))
def test_lanes_that_are_positions(seed: int) -> None:
    rng = Random(seed)
    plane, nesting = random_plane(rng), Nesting(rng.choice((1, 1, 3)), rng.choice((1, 1, 2)))
    positions, channels = plane.images * positions_of(plane), rng.choice((1, 3, 7))
    rows = Rows(
        random_bits(rng, rng.choice((1, 2)), positions * nesting.runs, channels * nesting.groups),
        tuple(range(positions * nesting.runs)),
        cut(rng, positions, nesting.runs),
        cut(rng, channels, nesting.groups),
    )
    lane_groups = (len(rows.lane_bounds) - 1) // nesting.runs
    windows = (len(rows.slot_bounds) - 1) // nesting.groups
    # All lane groups but the last are of one size, so that only the last may be held by itself.
    resident = np.full(lane_groups, rng.random() < 0.5)
    resident[-1] |= rng.random() < 0.5
    found = demand_by_lanes(*arguments(rows), nesting, plane, ALL, resident)

    held: dict[tuple[int, ...], set[int]] = {}
    for (batch, place, window), mask in rows.tiles:
        run, group = place // lane_groups, window // windows
        begin = rows.lane_bounds[place] - run * positions
        needed = bursts_of_all(plane, begin, list(zip(*mask, strict=True)))
        shared = held.setdefault((batch, run, group), set())
        before = shared if resident[place - run * lane_groups] else set()
        assert found[batch, place, window] == len(needed - before)
        before |= needed


# One row of six pixels of 4 bits, two a burst of 8, and a kernel of three taps: position p, of
# four, needs pixels p to p + 2.
POINTS = Side(POINT, POINT)
ROW = Plane(1, POINTS, Side(Line(4, 6, 3, 1, 0, 1), POINT), pixel_bits=4, burst_bits=8)


def test_a_burst_is_fetched_once_while_it_is_held() -> None:
    # Two lane groups of one lane, windows of two positions. Lane 0 at position 0: pixels 0-2,
    # bursts 0 and 1; at position 3: pixels 3-5, bursts 1 and 2, of which 1 is held. Lane 1 at
    # position 1: pixels 1-3, bursts 0 and 1.
    rows = Rows([[[1, 0, 0, 1], [0, 1, 0, 0]]], (0, 1), (0, 1, 2), (0, 2, 4))
    nesting = Nesting(1, 1)
    held = demand_by_slots(*arguments(rows), nesting, ROW, ALL, np.array([True, True]))
    again = demand_by_slots(*arguments(rows), nesting, ROW, ALL, np.array([False, False]))
    assert held.tolist() == [[[2, 1], [0, 0]]]
    assert again.tolist() == [[[2, 1], [2, 0]]]


def test_padding_is_not_fetched() -> None:
    padded = ROW._replace(columns=Side(Line(6, 6, 3, 1, 1, 1), POINT))
    rows = Rows([[[1, 0, 0, 0, 0, 1]]], (0,), (0, 1), (0, 1, 6))
    # Position 0 needs pixels 0 and 1: one burst; position 5 pixels 4 and 5: one burst.
    found = demand_by_slots(*arguments(rows), Nesting(1, 1), padded, ALL, np.array([True]))
    assert found.tolist() == [[[1, 1]]]


def test_lane_groups_that_do_not_fit_hold_bursts_through_one_tile() -> None:
    # Positions are lanes, in two groups of two; two windows of one channel; all active. The first
    # group needs pixels 0-3, bursts 0 and 1, the second pixels 2-5, bursts 1 and 2.
    rows = Rows([[[1, 1]] * 4], (0, 1, 2, 3), (0, 2, 4), (0, 1, 2))
    words, bounds = packed(rows.bits), arguments(rows)[1]
    both = demand_by_lanes(words, bounds, Nesting(1, 1), ROW, ALL, np.array([True, True]))
    neither = demand_by_lanes(words, bounds, Nesting(1, 1), ROW, ALL, np.array([False, False]))
    assert both.tolist() == [[[2, 0], [1, 0]]]
    assert neither.tolist() == [[[2, 2], [2, 2]]]


def test_planes_of_unimportant_pixels_are_not_fetched() -> None:
    # All positions are active, of two lanes and in two windows: each needs one pixel that counts.
    rows = Rows([[[1] * 4] * 2], (0, 1), (0, 1, 2), (0, 2, 4))
    taken = np.zeros((1, 6), bool)
    taken[0, [0, 4]] = True
    for resident, of_second in ((True, 0), (False, 1)):
        held = np.array([resident, resident])
        found = demand_by_slots(*arguments(rows), Nesting(1, 1), ROW, taken, held)
        assert found.tolist() == [[[1, 1], [of_second, of_second]]]
