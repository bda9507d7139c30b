"""Rules of traffic: they count what they declare, of tiles that know what stays (M18, M22, M23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from designs import design, drawn, linear
from jobs import Listed, job_of, mask_work

from pgsim.model.ledger import shown
from pgsim.model.passes import time_passes
from pgsim.model.traffic import TRAFFIC, Tiles, TrafficRule, added

LAYER, MASK = linear(6, 3, 3), drawn("x.x... .xx.x. ......")
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}


def tiles_of(changes: Mapping[str, Any], scheme: str | Listed = "pg", **sizes: int) -> Tiles:
    """The tiles of the layer, or of a dense one of other sizes."""
    if sizes:
        layer = linear(**({"positions": 6, "in_channels": 3, "out_channels": 3} | sizes))
        job = job_of(layer, None, changes, scheme)
        return Tiles(job, time_passes(job, None), None, 1)
    job = job_of(LAYER, MASK, changes, scheme)
    work = mask_work(job)
    return Tiles(job, time_passes(job, work), work, 1)


def counted(**counts: int) -> Mapping[str, np.ndarray]:
    """So many of each name, in the one tile."""
    return {name: np.full((1, 1, 1, 1), each) for name, each in counts.items()}


RULE = TrafficRule(
    (shown("rings", "words", "words on a ring"), shown("hops", "hops", "hops of all of them")),
    lambda tiles: counted(rings=tiles.batches, hops=2 * tiles.batches),
)


def test_a_rule_returns_what_it_declares() -> None:
    found = RULE.of(Tiles(None, (), None, batches=3))
    assert {name: each.item() for name, each in found.items()} == {"rings": 3, "hops": 6}


@pytest.mark.parametrize(
    ("counts", "wrong"),
    [
        ({"rings": 1}, ["hops"]),  # declared and not counted
        ({"rings": 1, "hops": 1, "skips": 1}, ["skips"]),  # counted and not declared
        ({"rings": 1, "skips": 1}, ["hops", "skips"]),
        ({}, ["hops", "rings"]),
    ],
)
def test_a_rule_that_counts_anything_else_is_wrong(
    counts: dict[str, int], wrong: list[str]
) -> None:
    """A count that no price finds, or that stays 0 unnoticed, is a fault of the rule."""
    rule = TrafficRule(RULE.counts, lambda tiles: counted(**counts))
    with pytest.raises(ValueError, match="a rule of traffic counts or declares") as raised:
        rule.of(Tiles(None, (), None, 1))
    assert str(wrong) in str(raised.value)


def test_every_rule_counts_what_it_declares() -> None:
    tiles = tiles_of({})
    for rule in TRAFFIC:
        assert set(rule.of(tiles)) == {count.name for count in rule.counts}


def test_no_two_rules_declare_the_same_count() -> None:
    names = [count.name for rule in TRAFFIC for count in rule.counts]
    assert len(names) == len(set(names))


def test_counts_are_shown_in_bytes() -> None:
    arch = design({"memory.dram.burst_bytes": 32, "memory.weight_sram.port_bits": 64})
    shown_in = {count.column: count.each(arch) for rule in TRAFFIC for count in rule.counts}
    assert shown_in == {
        "activation_sram_read_bytes": 64,
        "weight_sram_read_bytes": 8,
        "output_sram_read_bytes": 64,
        "output_sram_write_bytes": 64,
        "dram_read_bytes": 32,
        "dram_activation_read_bytes": 32,
        "dram_weight_read_bytes": 32,
        "dram_sum_read_bytes": 32,
        "dram_write_bytes": 32,
        "activation_sram_write_bytes": 64,
        "network_words": 1,
        "register_file_words": 1,
        "dram_demand_read_bytes": 32,
        "dram_demand_read_row_misses": 1,
        "dram_read_row_misses": 1,
        "dram_write_row_misses": 1,
    }


def test_counts_of_passes_are_added_up() -> None:
    own = [np.array([[[[1, 2]]]]), np.array([[[[10]]]]), np.array([[[[100, 0]], [[0, 7]]]])]
    assert added(own).tolist() == [[[[111, 12]], [[11, 19]]]]
    assert added(own[:1]) is own[0]  # of one pass there is nothing to add


def test_a_smaller_last_lane_group_may_fit_where_others_do_not() -> None:
    """By hand (M23): the weights of 8 elements by 2 lanes and by 1 are 128 and 64 bits.

    Half of 16 bytes is 64 bits. Under `is` lanes are positions: 8 activations of 4 bits of 2 of
    them are 64 bits, and of the fifth 32. Half of 16 bytes holds both, half of 15 the last one.
    """
    buffers = {"banks": 1, "port_bits": 8, "kib": 16 / 1024}
    small = {f"memory.weight_sram.{key}": each for key, each in buffers.items()}
    assert tiles_of(small, "full", in_channels=8).once.tolist() == [False, True]
    larger = small | {"memory.weight_sram.kib": 32 / 1024}
    assert tiles_of(larger, "full", in_channels=8).once.tolist() == [True, True]
    small = {f"memory.activation_sram.{key}": each for key, each in buffers.items()}
    five = {"positions": 5, "in_channels": 8, "out_channels": 8}
    assert tiles_of(IS | small, "full", **five).once.tolist() == [True, True, True]
    smaller = IS | small | {"memory.activation_sram.kib": 15 / 1024}
    assert tiles_of(smaller, "full", **five).once.tolist() == [False, False, True]
    # Four elements fit the four rows, and stay in the array whatever their buffer holds.
    stays = smaller | {"memory.activation_sram.kib": 2 / 1024}
    assert tiles_of(stays, "full", positions=5, in_channels=4).once.tolist() == [True] * 3


def loads(tiles: Tiles) -> list[Any]:
    """How often each pass loads the lanes' operands, by lane group and window."""
    shape = tiles.job.tiling.tiles(1)
    return [np.broadcast_to(each, shape)[0, 0].tolist() for each in tiles.loads]


def test_how_often_lanes_are_loaded() -> None:
    """By hand (M18, M22), windows of 2 of 6 positions; D = 3 and 4 rows.

    `os` streams lanes in every fold. Under `ws` they stay from the first window on, of each lane
    group, or with 2 rows each pass that happens loads them: the second lane group issues nothing in
    its LSB pass, nor the first one in window 3.
    """
    window = {"lsb.window": 2, "array.rows": 2}
    assert loads(tiles_of(window)) == [[[1, 1, 1]] * 2, [[1, 1, 1], [0, 0, 0]]]
    assert loads(tiles_of(WS | window)) == [[[1, 1, 1]] * 2, [[1, 1, 1], [0, 0, 0]]]
    stay = WS | {"lsb.window": 2}
    assert loads(tiles_of(stay)) == [[[1, 0, 0]] * 2, [[0, 0, 0]] * 2]
    assert loads(tiles_of({"lsb.window": 4})) == [[[1, 1]] * 2, [[1, 1], [0, 0]]]
    # Three folds of 2 of 6 slots, in one window.
    assert loads(tiles_of({"array.rows": 2}, "full", positions=6)) == [[[3]] * 2]
    # `is`: lanes are 3 groups of 2 positions, and 3 channels a window of 2 and one of 1.
    assert loads(tiles_of(IS | {"lsb.window": 2}, "planes:4/4,4", out_channels=3)) == [
        [[1, 0]] * 3,
        [[0, 0]] * 3,
    ]


def test_one_output_is_one_tile() -> None:
    """The smallest layer: one position, one channel, one element; every fold streams it once."""
    tiles = tiles_of({}, "full", positions=1, in_channels=1, out_channels=1)
    assert (tiles.once.tolist(), loads(tiles)) == ([True], [[[1]]])
