"""Gated passes spend no less than is known of them, whatever they issue (MODEL.md M22, M28, M41).

Some counts have a price and the others none, so that energies are words or cycles. What is spent is
simulated, block by block. Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=500 python -m pytest tests/model/search/test_spent.py
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from designs import drawn, linear
from jobs import Listed, job_of
from search_cases import SearchCase, nests_of, steered_case

from pgsim.arch import OBJECTIVES
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.job import Job
from pgsim.model.ledger import Ledger
from pgsim.model.search import Goal
from pgsim.model.search.spent import Paid, Spent, visits

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "6"))
ROUNDED = 1 + 1e-13  # bounds are sums of floats
PES = ("lsb_busy_pe_cycles",)
SUMS = ("output_sram_read_words", "output_sram_write_words")
KEPT = ("activation_sram_write_words",)
TABLE = ("issue_table_read_words",)
ROOMY = {f"memory.{each}_sram.kib": 1 for each in ("activation", "weight")}
BYTES = {f"memory.{each}_sram.port_bits": 8 for each in ("activation", "weight", "output")}


def paid(job: Job, counts: tuple[str, ...]) -> Paid:
    """At a price of 1 of each of these counts."""
    return Paid(job, Goal(OBJECTIVES["energy"], defaultdict(float, dict.fromkeys(counts, 1.0))))


def trailing(case: SearchCase, counts: tuple[str, ...], in_channels: list[int]) -> list[float]:
    spent = Spent(paid(case.job, counts), case.mask.size, int(case.mask.sum()))
    return spent.trailing_pj(np.array(in_channels)).tolist()


def total(ledger: Ledger, counts: tuple[str, ...]) -> int:
    return sum(ledger.total()[name] for name in counts)


def simulated(case: SearchCase) -> Iterator[tuple[Nest, Ledger]]:
    """About thirty nests of other blocks each."""
    nests = sorted(
        {nest.blocks: nest for nest in nests_of(case)}.values(), key=lambda own: own.trips
    )
    for nest in nests[:: max(1, len(nests) // 30)]:
        yield nest, case.ledger(nest)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_nest_spends_less(seed: int) -> None:
    """Busy PEs are known exactly: every entry takes them, in every block of input channels."""
    case = steered_case(seed, most=3, batches=1 + seed % 2).with_changes(ROOMY)
    case = replace(case, stays=(False, bool(seed % 2)))
    nests = list(simulated(case))
    for counts in (PES, SUMS, KEPT):
        least = trailing(case, counts, [nest.blocks[4] for nest, _ in nests])
        for own, (nest, ledger) in zip(least, nests, strict=True):
            spent = total(ledger, counts)
            assert own == spent if counts == PES else own <= spent * ROUNDED, (counts, nest)


@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_issued_slots_are_read_no_less(seed: int, ports: str) -> None:
    """Without entries only leading passes read: what masks add to that is what gated ones do."""
    case = steered_case(seed, most=3).with_changes(ROOMY | {"memory.ports": ports})
    empty = replace(case, mask=np.zeros_like(case.mask))
    counts = (f"{case.job.slot_operand.name}_sram_read_words",)
    nests = list(simulated(case))
    least = paid(case.job, counts).vectors_pj(np.array([nest.blocks[4] for nest, _ in nests]))
    for own, (nest, ledger) in zip(least, nests, strict=True):
        gated = ledger.passes[case.job.leading]
        apart = case.changes["lsb.scheduler"] == "queue"  # a vector for each entry (M11)
        vectors = int((gated.outputs if apart else gated.active_slots).sum())
        read = total(ledger, counts) - total(empty.ledger(nest), counts)
        assert vectors * own <= read * ROUNDED, nest
        if ports == "all":
            assert vectors * own == pytest.approx(read), nest


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_block_of_input_channels_reads_the_issue_table_again(seed: int) -> None:
    """What nests read that differ in them alone is compared."""
    case = steered_case(seed, most=3).with_changes(ROOMY)
    again, whole = paid(case.job, TABLE), case.job.shape.in_channels_per_group
    for nest, ledger in simulated(case):
        once = case.ledger(replace(nest, blocks=(*nest.blocks[:4], whole), unheld=()))
        slots = int(ledger.passes[case.job.leading].slots_issued.sum())
        (own,) = again.slots_pj(np.array([nest.blocks[4]])).tolist()
        assert slots * own == total(ledger, TABLE) - total(once, TABLE), nest


# Four positions, eight input channels and two outputs; four entries in three slots (M22).
DRAWN = drawn("x..x ..xx")
LAYER = linear(4, 8, 2)


def by_hand(changes: dict[str, Any], *, output_stays: bool = False) -> SearchCase:
    return SearchCase(LAYER, DRAWN, 1, BYTES | changes, "pg", 4, (False, output_stays))


def ledger_in(case: SearchCase, in_channels: int) -> Ledger:
    return case.ledger(Nest("KNPQC", loop_sizes(LAYER, 1), (1, 4, 1, 2, in_channels)))


@pytest.mark.parametrize(
    ("changes", "in_channels", "leading_bits", "trailing_bits"),
    [
        # M22: `skip` leaves slots in their rows. Finished outputs and the mask, `8 * (4 + 1)` bits
        # in all, are of the leading pass, whatever the gate says.
        ({}, 8, 8 * 4 + 8, 0),
        # Under `combine` sums wait at 32 bits, of which the leading pass alone would write 4. The
        # mask is a bit.
        ({"lsb.scheduler": "combine"}, 8, 8 * 4, 8 * (32 - 4) + 4 * 32 + 8),
        # Between two blocks of input channels sums wait in any case.
        ({}, 4, 2 * 8 * 32, 2 * 4 * 32 + 8),
        # `ws` has two folds on four rows, whose sums wait; two blocks have one each.
        ({"array.dataflow": "ws", "lsb.scheduler": "combine"}, 8, 2 * 8 * 32, 2 * 4 * 32 + 8),
        ({"array.dataflow": "ws", "lsb.scheduler": "combine"}, 4, 2 * 8 * 32, 2 * 4 * 32 + 8),
        # Four blocks of two channels have a fold each.
        ({"array.dataflow": "ws", "lsb.scheduler": "combine"}, 2, 4 * 8 * 32, 4 * 4 * 32 + 8),
    ],
)
def test_sums_are_known_exactly_where_words_are_whole(
    changes: dict[str, Any], in_channels: int, leading_bits: int, trailing_bits: int
) -> None:
    """By hand, and simulated: sums go in and out in words of a byte."""
    case = by_hand(changes)
    assert trailing(case, SUMS, [in_channels]) == [pytest.approx(2 * trailing_bits / 8)]
    moved = total(ledger_in(case, in_channels), SUMS)
    assert moved == 2 * (leading_bits + trailing_bits) / 8


def test_outputs_that_stay_are_written_once() -> None:
    """By hand, and simulated: eight outputs of 4 bits are four words of a byte (M42)."""
    case = by_hand({}, output_stays=True)
    assert trailing(case, KEPT, [8, 4]) == [4, 4]
    assert [total(ledger_in(case, each), KEPT) for each in (8, 4)] == [4, 4]
    assert trailing(by_hand({}), KEPT, [8]) == [0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # By hand: a vector has `8 * 2` bits, two bytes, whatever the blocks of input channels.
        ({}, {8: 2, 4: 2, 2: 2, 1: 2}),
        # Half of a word of 32 bits, if others are in it.
        ({"memory.activation_sram.port_bits": 32}, {8: 0.5, 4: 0.5, 1: 0.5}),
        # M43: in whole words for each block of input channels.
        ({"memory.ports": "all", "memory.activation_sram.port_bits": 32}, {8: 1, 4: 2, 1: 8}),
        # Channels are slots: a vector has eight weights of 8 bits.
        ({"array.dataflow": "is"}, {8: 8, 4: 8}),
    ],
    ids=str,
)
def test_a_vector_has_an_element_of_each_input_channel(
    changes: dict[str, Any], words: dict[int, float]
) -> None:
    job = by_hand(changes).job
    found = paid(job, (f"{job.slot_operand.name}_sram_read_words",)).vectors_pj(np.array([*words]))
    assert found.tolist() == list(words.values())


@pytest.mark.parametrize(
    ("changes", "folds"),
    [
        # By hand: `os` has one fold in each block, of which all but one are read again.
        ({}, {8: 0, 4: 1, 1: 7}),
        # `ws` has two folds of the whole, as two blocks of 4 have, and four blocks of 2 four. Three
        # blocks of 3, 3 and 2 have one each.
        ({"array.dataflow": "ws"}, {8: 0, 4: 0, 2: 2, 3: 1}),
        # `queue` reads a bank for each of two lanes.
        ({"lsb.scheduler": "queue"}, {8: 0, 4: 2}),
    ],
    ids=str,
)
def test_all_gated_passes_count(changes: dict[str, Any], folds: dict[int, int]) -> None:
    """By hand, with two gated passes over 4 bits of weights each."""
    dense, lower, upper = ((2, 2), (0, 8)), ((0, 2), (0, 4)), ((0, 2), (4, 4))
    job = job_of(LAYER, DRAWN, BYTES | changes, Listed((dense,), (lower, upper)))
    sizes = np.array([*folds])
    again = paid(job, TABLE)
    assert again.slots_pj(sizes).tolist() == [2 * own for own in folds.values()]
    assert again.slots_pj(sizes[::-1]).tolist() == [2 * own for own in folds.values()][::-1]
    # Each entry takes two passes of eight MACs, one a cycle.
    assert paid(job, PES).entries_pj(sizes).tolist() == [2 * 8] * sizes.size
    vectors = paid(job, ("activation_sram_read_words",)).vectors_pj(sizes)
    assert vectors.tolist() == [2 * 8 * 2 / 8] * sizes.size


def test_sums_come_as_often_as_a_reduction_has_folds() -> None:
    """By hand: eight input channels are two folds of four rows, or one reduction of `os` (M22)."""
    for dataflow, times in (("os", 1), ("ws", 2), ("is", 2)):
        job = job_of(LAYER, DRAWN, {"array.dataflow": dataflow}, "pg")
        assert [visits(job, rate) for rate in job.rates] == [times, times]
