"""`stonne`: folds at their actual size, by hand (M51)."""

from __future__ import annotations

from typing import Any

import pytest
from designs import design, drawn, linear, trace_of

from pgsim import simulate

STONNE = {"array.convention": "stonne", "memory.dram.model": "ideal"}


def cycles(
    rows: int, columns: int, positions: int, reduction: int, channels: int, **fields: Any
) -> int:
    """Cycles of a product of matrices on an array."""
    layer = linear(positions, reduction, channels, gate="none", msb_bits=4)
    keys = {"array.rows": rows, "array.columns": columns}
    return simulate(trace_of(layer), design(STONNE | keys | fields), "full").cycles


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        # One fold of the whole array, D = 7.
        ((4, 2, 4, 7, 2), 7 + 4 + 2 + 3),
        # 6 positions: folds of 4 and of 2 rows.
        ((4, 2, 6, 7, 2), (7 + 4 + 2 + 3) + (7 + 2 + 2 + 3)),
        # 5 positions: the last fold has one row.
        ((4, 2, 5, 7, 2), (7 + 4 + 2 + 3) + (7 + 1 + 2 + 3 - 1)),
        # 3 channels: two columns, then one.
        ((4, 2, 4, 7, 3), (7 + 4 + 2 + 3) + (7 + 4 + 1 + 3 - 1)),
        # 6 positions by 3 channels: all four.
        (
            (4, 2, 6, 7, 3),
            *((7 + 4 + 2 + 3) + (7 + 2 + 2 + 3) + (7 + 4 + 1 + 3 - 1) + (7 + 2 + 1 + 3 - 1),),
        ),
        # One output: one row and one column, less 1 once.
        ((4, 2, 1, 7, 1), 7 + 1 + 1 + 3 - 1),
        # Arrays of one row, of one column, of one PE: every fold has one.
        ((1, 3, 2, 5, 3), 2 * (5 + 1 + 3 + 3 - 1)),
        ((3, 1, 3, 5, 2), 2 * (5 + 3 + 1 + 3 - 1)),
        ((1, 1, 2, 5, 2), 4 * (5 + 1 + 1 + 3 - 1)),
        # No array is full.
        ((16, 16, 3, 9, 5), 9 + 3 + 5 + 3),
    ],
)
def test_folds_are_charged_at_their_actual_size(shape: tuple[int, ...], expected: int) -> None:
    assert cycles(*shape) == expected


def test_each_pass_has_its_own_folds() -> None:
    # 6 positions, D = 3, one channel: folds of 4 and 2 rows; the mask issues 3 slots.
    layer, mask = linear(6, 3, 1), drawn("x.x..x")
    (row,) = simulate(trace_of(layer, mask), design(STONNE), "pg").rows
    assert (row["msb_cycles"], row["lsb_cycles"]) == (2 * 3, 3)
    assert row["bubble_cycles"] == (4 + 1 + 3 - 1) + (2 + 1 + 3 - 1) + (3 + 1 + 3 - 1)
    assert row["cycles"] == row["msb_cycles"] + row["lsb_cycles"] + row["bubble_cycles"]


def test_a_window_begins_a_fold_of_its_own() -> None:
    # An output buffer of two windows of 4 slots, 2 columns, 32 bits; doubled.
    small = {"kib": 2 * 4 * 2 * 32 / 8192, "banks": 1, "port_bits": 8}
    keys = {f"memory.output_sram.{key}": value for key, value in small.items()}
    assert cycles(4, 2, 6, 7, 2, **keys) == cycles(4, 2, 6, 7, 2)


def test_ports_see_whole_folds() -> None:
    # Folds of 3 cycles and 4 + 2 + 3 around them need 4 * 3 * 4 bits of activations: 6 cycles at 8
    # bits. So only the first one waits, and the second has caught up: 2 * 6 < 12 + 3.
    slow = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    layer = linear(8, 3, 2, gate="none", msb_bits=4)
    (row,) = simulate(trace_of(layer), design(STONNE | slow), "full").rows
    assert row["port_stall_cycles"] == 6 - 3
