"""What the fixed order costs at least in smaller windows, whatever a mask leaves (MODEL.md M41).

The hand-counted cases run on the array of `designs`, four rows and two columns, whose skew is 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs import drawn, linear
from fixed_orders import (
    BYTES,
    as_known,
    bound_of,
    case_of,
    fixed_costs,
    fixed_counts,
    goal_of_one,
    windowed_case,
)
from search_cases import SearchCase

from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_value import better
from pgsim.model.search.fixed_bound import FixedBound
from pgsim.model.search.goal import ROUNDED

WS = {"array.dataflow": "ws"}
KINDS = pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])


@KINDS
@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("number", range(8))
def test_no_window_costs_less_than_its_bound(number: int, ports: str, gated: bool) -> None:
    """Every window is simulated, over all batches."""
    case = windowed_case(number, gated=gated, ports=ports)
    costs = fixed_costs(case)
    for objective in OBJECTIVES:
        bound = bound_of(case, case.goal(objective))
        least = bound.costs(np.arange(len(costs)))
        for cost, value, known in zip(costs, bound.values, least, strict=True):
            own = as_known(cost, objective)
            assert value <= own.value
            assert known.value <= own.value
            assert not better(own, known)[0]


@KINDS
@pytest.mark.parametrize("number", range(8))
def test_no_window_counts_less_of_anything_that_has_a_price(number: int, gated: bool) -> None:
    """Every window is simulated. If one count alone has a price, energy is that count."""
    case = windowed_case(number, gated=gated, ports=("slots", "all")[number // 2 % 2])
    counts = fixed_counts(case)
    for name in case.prices:
        least = bound_of(case, goal_of_one(case, name)).costs(np.arange(len(counts)))
        for count, known in zip(counts, least, strict=True):
            assert known.energy_pj <= count[name], name


def test_windows_take_the_cycles_of_the_array_or_those_of_dram() -> None:
    """By hand, the example of M41, turn by turn: 2 bytes a slot come for the next, and 1 leaves.

    The first window also needs 8 bytes of weights, and the skew of 4 is behind the last one.
    """
    case = case_of(linear(6, 4, 2, gate="none"), {**WS, **BYTES})
    expected = [
        10 + 2 + 4 * (2 + 1) + (1 + 4) + 1,
        12 + 4 + (4 + 2) + (2 + 4) + 2,
        14 + 6 + (3 + 4) + 3,
        16 + 4 + (2 + 4) + 2,
        18 + 5 + (1 + 4) + 1,
    ]
    assert bound_of(case, case.goal("latency")).values.tolist() == expected
    assert [each.cycles for each in fixed_costs(case)] == expected
    assert bound_of(case, case.goal("dram")).values.tolist() == [26] * 5


@pytest.mark.parametrize(
    ("dataflow", "rows", "columns", "port_bits", "inputs"),
    [("ws", 4, 4, 64, 70), ("os", 16, 1, 8, 300)],
)
def test_what_leaves_may_leave_beside_gated_passes(
    dataflow: str, rows: int, columns: int, port_bits: int, inputs: int
) -> None:
    """M43: a leading pass of one bit is short, and seven bits take longer than all outputs.

    Where sums wait, the first visit reads none. Else they leave the array finished, with the last
    pass. Every window is simulated.
    """
    ports = {"banks": 1, "port_bits": port_bits}
    changes = {
        "array.dataflow": dataflow,
        "array.rows": rows,
        "array.columns": columns,
        "array.pe.kind": "serial_activation",
        "array.pe.max_activation_bits": 8,
        "memory.ports": "all",
        "memory.dram.bytes_per_cycle": 4096,
        **{f"memory.output_sram.{key}": each for key, each in ports.items()},
        **{f"memory.{name}_sram.port_bits": 64 for name in ("activation", "weight")},
    }
    layer = linear(64, inputs, 4, activation_bits=8, msb_bits=1)
    case = case_of(layer, changes, np.ones((1, 4, 64), bool), output_bits=32)
    values = bound_of(case, case.goal("latency")).values
    costs = fixed_costs(case)
    assert len(values) == len(costs) > 0
    for cost, value in zip(costs, values, strict=True):
        assert value <= cost.cycles


ENTRIES = ("x.x..x .x....", "...... ......", "xxxxxx xxx...")


def gated(images: int = 1, output_bits: int = 8) -> SearchCase:
    """Six slots of two lanes and four input channels, whose transfers take a cycle at most."""
    layer, mask = linear(6, 4, 2), drawn(*ENTRIES[:images])
    changes = {**WS, "memory.dram.burst_bytes": 1}
    return case_of(layer, changes, mask, images=images, output_bits=output_bits)


def test_gated_passes_take_their_entries_packed_without_a_gap() -> None:
    """By hand: four entries in two columns take 2 cycles, beside 6 + 4 of the MSB pass.

    A cycle of DRAM comes before, and one after.
    """
    case = gated()
    assert bound_of(case, case.goal("latency")).values.tolist() == [10 + 2 + 2] * 5


def test_every_batch_is_counted_with_the_masks_of_its_own() -> None:
    """By hand: 4, 0 and 9 entries of three images take 7 cycles, the last one in one column."""
    case = gated(images=3)
    bound = bound_of(case, case.goal("latency"))
    assert bound.values.tolist() == [3 * 12 + 7] * 5
    assert bound.array_cycles.tolist() == [3 * 12] * 5
    assert bound_of(case, case.goal("dram")).values.tolist() == [3 * (8 + 12 + 12)] * 5
    for name, count in (("msb_busy_pe_cycles", 3 * 12 * 4), ("lsb_busy_pe_cycles", 13 * 4)):
        spent_pj = bound_of(case, goal_of_one(case, name)).values
        assert spent_pj == pytest.approx([count] * 5, rel=1e-8)


def test_every_batch_waits_for_what_it_moves() -> None:
    """By hand, sums of 32 bits at a byte a cycle: three images move 8, 12 and 48 bytes each.

    The arrays' cycles are fewer, at most 8 + 6 + 10 + 24 in a batch and 7 of the entries.
    """
    case = gated(images=3, output_bits=32).with_changes(BYTES)
    assert bound_of(case, case.goal("latency")).values.tolist() == [3 * 68] * 5


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("cycles", 14),
        ("msb_busy_pe_cycles", 12 * 4),  # 12 outputs of 4 products
        ("lsb_busy_pe_cycles", 4 * 4),  # 4 entries of as many
        ("dram_weight_read_bursts", 4 * 2),
        ("dram_activation_read_bursts", 6 * 2),  # of 4 channels of 4 bits
        ("dram_write_bursts", 6 * 2),
    ],
)
def test_energy_is_of_what_is_counted(name: str, count: int) -> None:
    """By hand, at 1 pJ for one count alone; but for cycles, a simulation has as many."""
    case = gated()
    bound = bound_of(case, goal_of_one(case, name))
    assert bound.values == pytest.approx([count] * 5, rel=1e-8)
    if name != "cycles":
        assert [each[name] for each in fixed_counts(case)] == [count] * 5


def known(bound: FixedBound, *about: Any) -> list[tuple[int, float]]:
    """Cycles and energy of the windows of one and of three slots."""
    return [(each.cycles, each.energy_pj) for each in bound.costs(np.array([0, 2]), *about)]


def test_what_is_known_beside_raises_the_bound_and_never_lowers_it() -> None:
    """By hand, at 1 pJ a cycle: 14 cycles are known, to which 20 add six, and 9 take none away."""
    case = gated()
    bound = bound_of(case, goal_of_one(case, "cycles"))
    approx = [(14, 14 * ROUNDED)] * 2
    assert known(bound) == approx
    assert known(bound, np.array([20.0, 9.0])) == [(20, 20 * ROUNDED), approx[1]]
    more_pj = np.array([0.0, 5.0])
    assert known(bound, None, more_pj) == [approx[0], (14, 19 * ROUNDED)]
    assert known(bound, np.array([9.0, 20.0]), more_pj) == [approx[0], (20, 25 * ROUNDED)]
