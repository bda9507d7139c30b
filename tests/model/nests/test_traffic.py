"""What the blocks of a nest move: by hand, and bounds that any nest keeps (MODEL.md M22, M40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from designs import drawn as mask_drawn
from designs import linear, random_mask, recurrent
from nest_cases import NestCase, random_nest_case
from nest_jobs import job_of_case, nested, trace_of_case
from reference.layers import layer_of

from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.layer import simulate_layer
from pgsim.model.ledger import shown
from pgsim.model.nests import Blocks, blocks_of_nest, timed_blocks
from pgsim.model.nests import traffic as module
from pgsim.model.nests.timing import Chunks
from pgsim.model.nests.traffic import (
    Fetch,
    ends_of_sums,
    fetches_of,
    loads_of,
    operand_words_of,
    others_of,
    output_words,
    sum_reads,
    writes,
)
from pgsim.model.traffic import TrafficRule, added
from pgsim.model.work_store import WorkStore
from pgsim.schemes import union

BUFFERS = ("activation_sram", "weight_sram", "output_sram")


def first_batch(drawn: NestCase, arch: Mapping[str, Any] | None = None) -> Blocks:
    """The blocks of the first batch, which may have fewer images than the design's."""
    job = job_of_case(drawn, arch)
    images = min(job.batch, drawn.case.images)
    return blocks_of_nest(replace(job, batch=images, nest=job.nest.of_batch(images)))


def most_moved(blocks: Blocks) -> np.ndarray:
    """The bursts of every block if every pass issues something, int64 (4, blocks)."""
    moved = blocks.bursts.sum(axis=-1)
    held = blocks.holding.held
    for way, depth in enumerate((held.activation, held.weight)):
        if blocks.in_trips > 1 and depth > blocks.nest.order.index("C"):  # pass by pass
            passes = [blocks.bursts_of(plan)[way] for plan in blocks.job.passes]
            moved[way] = np.sum(passes, axis=(0, 2))
    return moved


@pytest.mark.parametrize("seed", range(5000, 5150))
def test_a_larger_buffer_never_adds_to_what_a_block_moves(seed: int) -> None:
    drawn, rng = random_nest_case(seed), Random(seed)
    memory = drawn.case.arch["memory"]
    larger = {
        name: memory[name] | {"kib": memory[name]["kib"] * rng.choice((1, 1.25, 2, 3, 64))}
        for name in BUFFERS
    }
    before = most_moved(first_batch(drawn))
    arch = drawn.case.arch | {"memory": memory | larger}
    after = most_moved(first_batch(drawn, arch))
    assert (after <= before).all()


@pytest.mark.parametrize("seed", range(5000, 5150))
def test_every_operand_is_moved_once_at_least(seed: int) -> None:
    """Counted from the reference's list of the pixels under every position's taps."""
    drawn = random_nest_case(seed)
    case, job = drawn.case, job_of_case(drawn)
    layer = layer_of(case.layer)
    ledger = simulate_layer(
        job, case.calibration_images, trace_of_case(drawn).images, WorkStore(0)
    ).total()
    pixels = {p for each in range(layer.positions_per_step) for p in layer.window_pixels(each)}
    leading = job.passes[: job.leading]
    activations = case.images * layer.time_steps * len(pixels - {None}) * layer.in_channels
    batches = -(-case.images // case.arch["batch"])
    least_bits = {
        "activation_read": activations * union(each.activation for each in leading).bit_count(),
        "weight_read": batches
        * layer.out_channels
        * layer.reduction
        * union(each.weight for each in leading).bit_count(),
        "write": ledger["outputs"] * case.output_bits,
    }
    burst_bits = case.arch["memory"]["dram"]["burst_bytes"] * 8
    for way, bits in least_bits.items():
        assert ledger[f"dram_{way}_bursts"] * burst_bits >= bits, way


UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
BYTES = {"memory.dram.burst_bytes": 1}
WORDS = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}


def small(buffer: str, usable_bits: int) -> dict[str, Any]:
    """A buffer of so many bits in each half, a word of 8 at a time."""
    sizes = {"kib": usable_bits * 2 / 8192, "banks": 1, "port_bits": 8}
    return {f"memory.{buffer}_sram.{key}": own for key, own in sizes.items()}


def blocks_with_timings(job: Job, batches: int = 1) -> tuple[Blocks, Chunks]:
    blocks, _, chunks = timed_blocks(job, Block(0, job.batch, batches, 0), WorkStore(0))
    return blocks, chunks


def by_block(job: Job, runs: int = 1, batches: int = 1) -> dict[str, list[Any]]:
    """Bursts of both operands: before each block's turn, and in its leading and trailing passes."""
    blocks, chunks = blocks_with_timings(job, batches)
    fetches = fetches_of(blocks, chunks[0][1], runs)
    number, found = blocks.indices.shape[1], {}
    for name, each in fetches.items():
        parts = (each.opening, each.rest, each.trailing)
        found[name] = [np.broadcast_to(own, (runs, 1, number))[:, 0].tolist() for own in parts]
        assert np.array_equal(each.total, sum(parts))
    return found


# 4 positions by 8 inputs by 2 channels: two blocks of 2 positions, and 3, 3 and 2 inputs. Both
# active entries are in the first block.
GATED, ENTRIES = linear(4, 8, 2), mask_drawn("x... .x..")


def three_parts(changes: Mapping[str, Any], **of_nest: Any) -> Job:
    job = nested(GATED, "NPQKC", (1, 2, 1, 2, 3), changes, "pg", ENTRIES)
    return replace(job, nest=replace(job.nest, **of_nest))


def test_what_is_held_comes_once_and_what_is_not_comes_with_each_pass() -> None:
    """By hand, in bursts of a byte: 48 of 64 usable bits are what an input block has of weights.

    So both passes fetch 6, 6 and 4 bytes of weights, the LSB pass in the first block only. All bits
    of activations come at once, 24, 24 and 16 of a block, and the first ones ahead of it.
    """
    found = by_block(three_parts(BYTES | small("weight", 64)))
    assert found["weight"] == [[[6, 6]], [[6 + 4, 6 + 4]], [[16, 0]]]
    assert found["activation"] == [[[3, 3]], [[3 + 2, 3 + 2]], [[0, 0]]]


def test_what_a_nest_leaves_unheld_comes_plane_by_plane() -> None:
    """By hand: two planes of 2 bits, 12, 12 and 8 of a block, in whole bytes; weights are held."""
    found = by_block(three_parts(BYTES, unheld=("activation",)))
    assert found["activation"] == [[[2, 2]], [[2 + 1, 2 + 1]], [[2 + 2 + 1, 0]]]
    assert found["weight"] == [[[6, 0]], [[6 + 4, 0]], [[0, 0]]]


def test_several_leading_passes_fetch_their_planes_before_the_gate() -> None:
    """By hand: without a gate each input block is a turn of its own, and comes before it."""
    job = nested(linear(4, 8, 2, **UNGATED), "NPQKC", (1, 2, 1, 2, 3), BYTES, "planes:2,2")
    found = by_block(job)
    assert found["activation"] == [[[3, 3, 2] * 2], [[0] * 6], [[0] * 6]]
    assert found["weight"] == [[[6, 6, 4] + [0] * 3], [[0] * 6], [[0] * 6]]


@pytest.mark.parametrize("gate", ["none", "output"])
def test_weights_that_fit_come_in_the_first_step_of_each_batch(gate: str) -> None:
    """By hand: two batches of three steps; 8 x 2 weights of 8 bits, 8 inputs of 4 bits a step."""
    layer = recurrent(3, 8, 2, **(UNGATED if gate == "none" else {}))
    mask = None if gate == "none" else random_mask(layer, 2)
    nest = ("NPQKC", (1, 1, 1, 2, 8))
    batches = 1 if gate == "none" else 2
    for changes, weights in ((BYTES, [16, 0, 0]), (BYTES | small("weight", 120), None)):
        if weights is None:  # a bit less than all: half of the channels at a time
            nest, weights = ("NPQKC", (1, 1, 1, 1, 8)), [8, 8, 8]
        job = nested(layer, *nest, changes, "full" if gate == "none" else "pg", mask)
        found = by_block(job, runs=3 * batches, batches=batches)
        blocks = len(found["weight"][0][0])
        assert found["weight"][0] == [[own] * blocks for own in weights] * batches
        assert found["activation"][0] == [[4] + [0] * (blocks - 1)] * 3 * batches


def test_each_part_of_a_fetch_is_a_stream_of_its_own() -> None:
    """By hand (M44): pages of 64 bytes hold four bursts of 16; 5, 1 and 0 are 2, 1 and 0 pages."""
    pages = {"memory.dram.model": "pages", "memory.dram.page_bytes": 64}
    job = nested(linear(4, 8, 2), "NPQKC", (1, 2, 1, 2, 8), pages | {"memory.dram.channels": 1})
    bursts = Fetch(*(np.array([[[own]]]) for own in (5, 1, 0)))
    opened = bursts.row_misses(job)
    assert [each.item() for each in (opened.opening, opened.rest, opened.trailing)] == [2, 1, 0]
    assert (bursts.total.item(), opened.total.item()) == (6, 3)


def of_outputs(job: Job) -> list[dict[str, list[Any]]]:
    """Words read and written of each chunk's tiles, (lane groups, blocks)."""
    blocks, chunks = blocks_with_timings(job)
    words = output_words(blocks, chunks)
    return [
        {name.split("_")[2]: each[0, 0].tolist() for name, each in own.items()} for own in words
    ]


@pytest.mark.parametrize(
    ("changes", "lane_groups", "sums", "visits"),
    [
        ({}, 2, 4, 1),  # 2 of 4 channels by 2 positions
        (IS, 1, 8, 1),  # 2 positions by 4 channels
        (WS | {"array.rows": 2}, 2, 4, 2),  # 4 inputs are two folds of two rows
    ],
)
def test_sums_that_leave_between_their_input_blocks(
    changes: dict[str, Any], lane_groups: int, sums: int, visits: int
) -> None:
    """By hand, MODEL.md's example: room for the 8 sums of a block, of 32 bits or 4 words.

    Every visit writes all sums and, but for the first of all, reads them; they are read once more
    as they leave, after each of the two input blocks of 8 inputs.
    """
    job = nested(
        linear(8, 8, 4, **UNGATED), "CPNQK", (1, 2, 1, 4, 4), small("output", 256) | changes
    )
    first, second = of_outputs(job)
    assert first["write"] == second["write"] == [[4 * sums * visits] * 4] * lane_groups
    assert first["read"] == [[4 * sums * (visits - 1 + 1)] * 4] * lane_groups
    assert second["read"] == [[4 * sums * (visits + 1)] * 4] * lane_groups
    blocks, chunks = blocks_with_timings(job)
    # 32 bytes of unfinished sums are two bursts, and 8 outputs of 4 bits one.
    assert sum_reads(blocks).tolist() == [[[0] * 4 + [2] * 4]]
    assert writes(blocks).tolist() == [[[2] * 4 + [1] * 4]]
    ends = [[own.tolist() for own in ends_of_sums(blocks, chunk)] for chunk, _ in chunks]
    assert ends == [[[1] * 4, [1] * 4], [[0] * 4, [1] * 4]]


def test_sums_that_stay_are_read_once_more_at_their_end() -> None:
    """By hand: inputs 3, 3 and 2 of 8, and 8 sums of 4 words that the buffer holds."""
    job = nested(linear(4, 8, 2, **UNGATED), "NPQKC", (1, 4, 1, 2, 3), WORDS)
    found = of_outputs(job)
    assert found == [
        {"read": [[0]], "write": [[32]]},
        {"read": [[32]], "write": [[32]]},
        {"read": [[32 + 32]], "write": [[32]]},
    ]
    blocks, chunks = blocks_with_timings(job)
    ends = [[own.tolist() for own in ends_of_sums(blocks, chunk)] for chunk, _ in chunks]
    assert ends == [[[1], [0]], [[0], [0]], [[0], [1]]]
    assert (sum_reads(blocks).tolist(), writes(blocks).tolist()) == ([[[0, 0, 0]]], [[[0, 0, 1]]])


def test_sums_of_a_gate_move_in_all_input_blocks_of_a_turn() -> None:
    """By hand: 4 sums of 4 words in each of two turns, three visits of the MSB pass in each.

    The LSB pass visits both entries of the first turn three times, and the mask is a word of 4
    bits. What is read is as much: two visits of the first pass, and the last sums as they leave.
    """
    job = three_parts(WORDS)
    first, *others = of_outputs(job)
    words = [4 * 4 * 3 + 2 * 4 * 3 + 1, 4 * 4 * 3 + 1]
    assert first == {"read": [words], "write": [words]}
    assert others == [{}, {}]


def test_operands_that_stay_are_loaded_by_the_first_block_of_a_stretch() -> None:
    """By hand: 2 of 4 channels by 3 inputs of 8 bits are 6 words, for four blocks of rows each."""
    layer = linear(8, 3, 4, **UNGATED)
    job = nested(layer, "KPNQC", (1, 2, 1, 2, 3), WS | WORDS)
    _, ((chunk, timings),) = blocks_with_timings(job)
    (loads,) = loads_of(chunk, timings, stretch=4)
    assert loads.ravel().tolist() == [1, 0, 0, 0, 1, 0, 0, 0]
    words = operand_words_of(chunk, timings, stretch=4)
    assert words["weight_sram_read_words"].ravel().tolist() == [6, 0, 0, 0, 6, 0, 0, 0]
    assert words["activation_sram_read_words"].ravel().tolist() == [3] * 8  # 2 x 3 x 4 bits
    again = operand_words_of(chunk, timings, stretch=0)
    assert again["weight_sram_read_words"].ravel().tolist() == [6] * 8


def test_a_chunk_is_read_as_often_as_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: input blocks of 2 of 8, of which three are alike, and take turns for each pass.

    2 positions by 2 inputs of 2 bits are a word, and 2 lanes by 2 inputs 4 words; the LSB pass
    happens in the first turn, with both of its slots.
    """
    rule = TrafficRule(
        (shown("loads", "loads", "of lanes"),), lambda tiles: {"loads": added(tiles.loads)}
    )
    monkeypatch.setattr(module, "TRAFFIC", (*module.OWN, rule))
    job = nested(GATED, "NPQKC", (1, 2, 1, 2, 2), WORDS, "pg", ENTRIES)
    # Four visits of 4 sums of 4 words for the MSB pass, of 2 for the LSB pass, and the mask.
    assert of_outputs(job)[0]["write"] == [[4 * 16 + 4 * 8 + 1, 4 * 16 + 1]]
    _, chunks = blocks_with_timings(job)
    assert [chunk.times for chunk, _ in chunks] == [1, 3]
    for chunk, timings in chunks:
        words = operand_words_of(chunk, timings, stretch=0)
        times = chunk.times
        assert words["activation_sram_read_words"].tolist() == [[[[2 * times, times]]]]
        assert words["weight_sram_read_words"].tolist() == [[[[8 * times, 4 * times]]]]
        others = others_of(chunk, timings, stretch=0, batches=1)
        assert {name: own.tolist() for name, own in others.items()} == {
            "loads": [[[[2 * times, times]]]]
        }


def test_one_output_moves_one_of_everything() -> None:
    """The smallest layer: a byte of weight, and of input and output 4 bits, a byte too."""
    job = nested(linear(1, 1, 1, **UNGATED), "NPQKC", (1, 1, 1, 1, 1), BYTES | WORDS)
    found = by_block(job)
    assert found == {name: [[[1]], [[0]], [[0]]] for name in ("activation", "weight")}
    assert of_outputs(job) == [{"read": [[1]], "write": [[1]]}]
