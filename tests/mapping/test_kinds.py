"""Which blocks of a nest are alike: by hand, and block by block in plain Python."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest
from designs import conv, linear

from pgsim.arch import LOOPS
from pgsim.mapping import Kinds, kinds_of, loop_sizes, nest_of_blocks
from pgsim.mapping.nest import Five, Nest, walk_of
from pgsim.workload import LayerShape


def kinds(layer: LayerShape, order: str, blocks: Five) -> tuple[Nest, Kinds]:
    """A nest of one image, and its kinds."""
    made = nest_of_blocks(order, loop_sizes(layer, 1), blocks)
    return made, kinds_of(made, walk_of(layer, made)[0])


@pytest.fixture
def by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few blocks there are."""
    monkeypatch.setattr("pgsim.mapping.kinds._FEW", 0)


@pytest.mark.usefixtures("by_kind")
def test_all_between_the_first_and_the_last_of_a_loop_are_one_kind() -> None:
    """By hand: channels 2, 2, 2, 1 outside of five blocks of two rows, as 3 x 3 kinds."""
    made, found = kinds(linear(10, 3, 7), "KPNQC", (1, 2, 1, 2, 3))
    assert (made.trips, found.nest.trips) == ((1, 5, 1, 4, 1), (1, 3, 1, 3, 1))
    assert [found.nest.block_sizes(loop).tolist() for loop in (1, 3)] == [[2, 2, 2], [2, 2, 1]]
    assert found.numbers.tolist() == [0, 1, 4, 5, 6, 9, 15, 16, 19]
    first, between, last = [0, 1, 1, 1, 2], [3, 4, 4, 4, 5], [6, 7, 7, 7, 8]
    assert found.by_block(np.arange(9)).tolist() == first + between * 2 + last
    one, every = np.ones((1, 9), np.int64), np.ones(9, bool)
    assert [each.tolist() for each in found.of_all([one], every)] == [[[1, 3, 1, 2, 6, 2, 1, 3, 1]]]
    (some,) = found.of_all([np.array([[10], [1]])], np.arange(9) == 4)
    assert some.tolist() == [[60], [6]]


@pytest.mark.usefixtures("by_kind")
def test_rows_that_reach_as_much_are_one_kind() -> None:
    """By hand: 5 taps on 9 rows with 2 of padding at either end, a row at a time.

    Rows 1 and 7 reach four rows, of which one and none are new; those between reach five, one new.
    """
    _, found = kinds(conv(1, 1, 9, 5, padding=(2, 2)), "NPQKC", (1, 1, 9, 1, 1))
    assert found.by_block(np.arange(5)).tolist() == [0, 1, 2, 2, 2, 2, 2, 3, 4]
    assert found.walk.reach[0].tolist() == [3, 4, 5, 4, 3]
    assert found.walk.fresh[0].tolist() == [3, 1, 1, 0, 0]
    assert found.numbers.tolist() == [0, 1, 2, 7, 8]


def test_of_few_blocks_each_is_a_kind() -> None:
    made, found = kinds(linear(256, 3, 1), "NPQKC", (1, 1, 1, 1, 3))
    assert found.nest is made
    assert found.numbers.tolist() == list(range(256))
    counts = [np.arange(256)]
    assert found.by_block(counts[0]) is counts[0]
    assert found.of_all(counts, np.ones(256, bool)) is counts
    assert kinds(linear(257, 3, 1), "NPQKC", (1, 1, 1, 1, 3))[1].nest.trips == (1, 3, 1, 1, 1)


@pytest.mark.usefixtures("by_kind")
@pytest.mark.parametrize("seed", range(40))
def test_blocks_of_a_kind_differ_in_nothing(seed: int) -> None:
    """Block by block: sizes, what is reached, and whether it is the first or last of each loop."""
    rng = Random(seed)
    fields = {"padding": (rng.randint(0, 4), rng.randint(0, 2)), "stride": (rng.randint(1, 2),) * 2}
    dilation = (rng.randint(1, 3), 1)
    layer = conv(rng.randint(1, 5), rng.randint(1, 9), rng.randint(8, 20), 3, **fields)
    layer = layer.replace(dilation=dilation)
    blocks = tuple(rng.randint(1, max(1, size // 2)) for size in loop_sizes(layer, 1))
    made, found = kinds(layer, "".join(rng.sample(LOOPS, 5)), blocks)
    whole, _, _ = walk_of(layer, made)

    def facts(nest: Nest, walk: object, at: dict[int, int]) -> list[object]:
        own: list[object] = []
        for loop in range(5):
            place = at[loop]
            own += [walk.sizes[loop, place], place == 0, place == nest.trips[loop] - 1]
            if loop in (1, 2):
                own += [walk.reach[loop - 1, place], walk.fresh[loop - 1, place]]
        return own

    def every(nest: Nest, walk: object) -> list[list[object]]:
        places = product(*(range(nest.trips[loop]) for loop in nest.depths))
        return [facts(nest, walk, dict(zip(nest.depths, at, strict=True))) for at in places]

    blocks_of, kinds_of_them = every(made, whole), every(found.nest, found.walk)
    number = len(kinds_of_them)
    own = found.by_block(np.arange(number)).tolist()
    assert blocks_of == [kinds_of_them[kind] for kind in own]
    assert [own.index(kind) for kind in range(number)] == found.numbers.tolist()
    (times,) = found.of_all([np.ones(number, np.int64)], np.ones(number, bool))
    assert times.tolist() == [own.count(kind) for kind in range(number)]
