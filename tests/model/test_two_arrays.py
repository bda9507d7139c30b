"""A predictor beside an executor, worked by hand (M59)."""

from __future__ import annotations

from typing import Any

import pytest
from designs import design, drawn, linear, recurrent, trace_of
from layer_rows import row_of

from pgsim import simulate

IDEAL = {"memory.dram.model": "ideal"}
HALVES = IDEAL | {"array.predictor_share": 0.5}  # 2 rows each, so that both skews are 2 + 2 - 2


def account(row: dict[str, Any]) -> dict[str, int]:
    """The cycles of a row that are not 0, after checking that they add up."""
    names = ("msb", "lsb", "bubble", "port_stall", "dram_stall")
    both = int(row["both_cycles"])
    assert row["cycles"] == sum(row[f"{name}_cycles"] for name in names) - both
    every = (*names, "predictor_wait", "executor_wait")
    found = {name: int(row[f"{name}_cycles"]) for name in every} | {"both": both}
    return {name: cycles for name, cycles in found.items() if cycles}


def test_one_tile_is_predicted_and_then_executed() -> None:
    # Four slots of D = 8 on 2 rows: 2 folds and the skew, 18 cycles. One active slot: 8 + 2.
    row = row_of(linear(4, 8, 2), drawn(".x.. ...."), HALVES)
    assert account(row) == {
        "msb": 16, "lsb": 8, "bubble": 4, "predictor_wait": 10, "executor_wait": 18
    }  # fmt: skip
    assert row["cycles"] == 28


def test_an_empty_tile_leaves_the_executor_nothing() -> None:
    # Two windows, of which the first has no active entry: turns of 18, 18 and 10 cycles.
    changes = HALVES | {"lsb.window": 4}
    row = row_of(linear(8, 8, 2), drawn("......x. ........"), changes)
    assert account(row) == {
        "msb": 32, "lsb": 8, "bubble": 6, "predictor_wait": 10, "executor_wait": 36
    }  # fmt: skip


def test_the_gates_latency_is_the_predictors() -> None:
    changes = HALVES | {"lsb.gate_latency_cycles": 3}
    row = row_of(linear(4, 8, 2), drawn(".x.. ...."), changes)
    assert row["executor_wait_cycles"] == 18 + 3
    assert row["predictor_wait_cycles"] == 10


def test_short_folds_wait_for_the_buses_of_their_own_rows() -> None:
    # D = 1: of 4 slots the predictor's one row sends a sum in each of 4 cycles, and never waits.
    # The executor's three rows take three slots, then one: its second fold begins 3 later.
    changes = IDEAL | {"array.predictor_share": 0.25}
    row = row_of(linear(4, 1, 2), drawn("xxxx ...."), changes)
    # Predictor 4 + a skew of 1; executor 1 + 2 (the bus) + 1, and a skew of 3.
    assert row["msb_cycles"] == 4
    assert row["lsb_cycles"] == 2
    assert row["cycles"] == (4 + 1) + (1 + 2 + 1 + 3)


def test_a_layer_that_predicts_nothing_has_the_executor_alone() -> None:
    # Six slots of D = 3 in one pass: on three rows 2 folds of 3 cycles, and a skew of 3 + 2 - 2.
    changes = IDEAL | {"array.predictor_share": 0.25}
    row = row_of(linear(6, 3, 2), drawn("xxxxxx xxxxxx"), changes, "full")
    assert account(row) == {"msb": 6, "bubble": 3}
    one = row_of(linear(6, 3, 2), drawn("xxxxxx xxxxxx"), IDEAL | {"array.rows": 3}, "full")
    assert row["msb_pe_utilization"] == one["msb_pe_utilization"]
    assert row["pe_utilization"] == pytest.approx(one["pe_utilization"] * 3 / 4)


def test_utilization_is_of_the_rows_that_take_a_pass() -> None:
    # 4 x 2 outputs of 8 MACs of 2 x 8 bits, on 2 rows of 2 PEs of 8 x 8 bits in 16 cycles: 1/4.
    # The executor's PEs do one output of two in one row of two.
    row = row_of(linear(4, 8, 2), drawn(".x.. ...."), HALVES)
    assert row["msb_pe_utilization"] == 4 * 2 * 8 * 2 * 8 / (2 * 2 * 16 * 64)
    assert row["lsb_pe_utilization"] == 1 * 8 * 2 * 8 / (2 * 2 * 8 * 64)
    assert row["pe_utilization"] == (8 + 1) * 8 * 2 * 8 / (4 * 2 * 28 * 64)


def test_sums_of_two_arrays_wait_in_the_output_buffer() -> None:
    # One array of `skip` keeps four slots in its rows: 8 outputs of 4 bits, 8 bits of mask. Two
    # arrays write 32-bit sums: 8, then the active slot's one entry, and the mask.
    word = {"memory.output_sram.port_bits": 8, "memory.output_sram.banks": 1}
    mask = drawn(".x.. ....")
    assert row_of(linear(4, 8, 2), mask, IDEAL | word)["output_sram_write_bytes"] == 4 + 1
    two = row_of(linear(4, 8, 2), mask, HALVES | word)
    assert two["output_sram_write_bytes"] == (8 + 1) * 4 + 1
    assert two["output_sram_read_bytes"] == (8 + 1) * 4 + 1


def test_every_step_of_a_recurrence_has_its_first_and_its_last_turn() -> None:
    # One position a step: a fold of 8 cycles and the skew, then the same where a gate is open.
    row = row_of(recurrent(3, 8, 2), drawn("x.x ..."), HALVES)
    assert account(row) == {
        "msb": 24,
        "lsb": 16,
        "bubble": 3 * 2 + 2 * 2,
        "predictor_wait": 2 * 10,
        "executor_wait": 3 * 10,
    }


def test_dram_moves_beside_turns() -> None:
    # Turns of 18, 18 and 18 cycles (MODEL.md's example), a byte a cycle. The first tile reads 16
    # bytes of weights and 16 of inputs, the second 16 of inputs; each writes 4, a burst of 16.
    changes = {"array.predictor_share": 0.5, "lsb.window": 4, "memory.dram.bytes_per_cycle": 1}
    row = row_of(linear(8, 8, 2), drawn(".x..xx.. .....x.x"), changes)
    assert row["cycles"] == 32 + 18 + 18 + 18 + 16
    assert row["dram_stall_cycles"] == 48


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_all_of_both_arrays_is_the_work_of_one(share: float) -> None:
    """MACs, busy PE cycles and issued slots are of the masks, whoever takes them."""
    trace = trace_of(linear(40, 6, 5), (drawn("x..x." * 8) * [[[1]] * 5]).astype(bool))
    one, two = (
        simulate(trace, design({"lsb.window": 8, "array.predictor_share": each})).rows[0]
        for each in (0, share)
    )
    for name in ("macs", "lsb_macs", "msb_busy_pe_cycles", "lsb_busy_pe_cycles"):
        assert one[name] == two[name]
    assert one["lsb_slots_issued"] == two["lsb_slots_issued"]
    assert two["energy_gating_pj"] == one["energy_gating_pj"]
