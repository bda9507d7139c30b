"""`scalesim`: totals of SCALE-Sim itself, and by hand what it has no word for (M51)."""

from __future__ import annotations

from typing import Any

import pytest
from designs import design, drawn, linear, trace_of
from scalesim_rows import ideal, told

from pgsim import GateTrace, simulate
from pgsim.workload import layer_shape


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_totals_are_those_of_scale_sim(dataflow: str) -> None:
    layers = told(dataflow)
    found = [simulate(each.trace, ideal(each.array), "full").cycles for each in layers]
    assert found == [each.total_cycles for each in layers]
    assert len(layers) == 52


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
def test_windows_change_no_total(dataflow: str) -> None:
    for each in told(dataflow)[::5]:
        rows, columns = each.array["array.rows"], each.array["array.columns"]
        least = {"kib": 2 * 32 * rows * columns / 8192, "banks": 1, "port_bits": 8}
        arch = ideal(each.array, **{f"memory.output_sram.{key}": least[key] for key in least})
        (row,) = simulate(each.trace, arch, "full").rows
        assert row["cycles"] == each.total_cycles
        assert row["cycles"] == row["msb_cycles"] + row["bubble_cycles"] + row["port_stall_cycles"]


def cycles(
    layer: Any, changes: dict[str, Any], mask: Any = None, scheme: str = "pg"
) -> tuple[int, ...]:
    """Cycles of the first pass, of later ones, and bubbles of a layer on the 4 x 2 array."""
    (row,) = simulate(trace_of(layer, mask), ideal({}, **changes), scheme).rows
    parts = ("msb_cycles", "lsb_cycles", "bubble_cycles")
    assert row["cycles"] == sum(row[part] for part in parts)
    return tuple(row[part] for part in parts)


def test_each_pass_has_its_folds() -> None:
    # 6 positions, D = 3, 2 channels. os: 2 folds and 1 (of 3 slots issued) of 3 cycles, an edge of
    # 4 + 2 - 2 = 4 each, less 1.
    layer, mask = linear(6, 3, 2), drawn("x.x..x ......")
    assert cycles(layer, {}, mask) == (6, 3, 3 * 4 - 1)
    # ws: 6 slots and 3 stream through one fold each, with an edge of 2 * 4 + 2 - 2 = 8.
    assert cycles(layer, {"array.dataflow": "ws"}, mask) == (6, 3, 2 * 8 - 1)


def test_a_window_in_which_a_pass_issues_nothing_has_no_edge() -> None:
    # Windows of 2 slots; the later pass issues in the second and the third alone.
    layer, mask = linear(6, 3, 2), drawn("..x..x ......")
    changes = {"array.dataflow": "ws", "lsb.window": 2}
    assert cycles(layer, changes, mask) == (6, 2, 2 * 8 - 1)
    none = drawn("...... ......")
    assert cycles(layer, changes, none) == (6, 0, 8 - 1)


def test_each_group_is_a_layer_and_a_batch_is_one() -> None:
    grouped = layer_shape(
        {
            "name": "grouped",
            "op": "conv2d",
            "in_size": [2, 3],
            "kernel": [1, 1],
            "in_channels": 6,
            "out_channels": 6,
            "groups": 3,
            "activation_bits": 8,
            "weight_bits": 8,
            "gate": "none",
        }
    )
    # Of each group: ceil(6 / 4) folds of 2 cycles, an edge of 4 each, less 1.
    assert cycles(grouped, {}, scheme="full") == (3 * 4, 0, 3 * (2 * 4 - 1))
    # Of both images: ceil(12 / 4) folds of each group.
    trace = GateTrace.from_masks({}, [grouped], images=2)
    assert simulate(trace, ideal({}, batch=2), "full").cycles == 3 * (3 * (2 + 4) - 1)


def test_wider_steps_and_slower_ones_count_as_they_are() -> None:
    # 8 bits on PEs of 4: T = 2. D = 3, 6 positions: 2 folds of 6 cycles.
    narrow = {"array.pe.max_activation_bits": 4}
    layer = linear(6, 3, 2, activation_bits=8, gate="none", msb_bits=8)
    assert cycles(layer, narrow, scheme="full") == (12, 0, 2 * 4 - 1)


def test_ports_wait_as_where_folds_run_alone() -> None:
    # 4 rows * 3 elements * 8 bits a fold of 3 cycles at 8 bits a cycle: 12 - 3 in the first fold,
    # and 2 * 12 - (3 + 4) - 3 in the second.
    layer = linear(8, 3, 2, activation_bits=8, gate="none", msb_bits=8)
    slow = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    (row,) = simulate(trace_of(layer), ideal({}, **slow), "full").rows
    assert row["port_stall_cycles"] == 2 * 12 - (3 + 4) - 3
    alone = design({"array.overlap": "none", **slow})
    (same,) = simulate(trace_of(layer), alone, "full").rows
    assert same["port_stall_cycles"] == row["port_stall_cycles"]


def test_later_windows_have_no_edge_in_which_a_port_could_catch_up() -> None:
    # ws, D = 5: folds of 1 and of 4 elements of 8 bits, 8 bits a cycle. A window of 2 slots needs
    # 16 bits in its first fold and 64 in its second: 8 cycles by the end of that.
    layer = linear(4, 5, 2, activation_bits=8, gate="none", msb_bits=8)
    slow = {
        "memory.activation_sram.banks": 1,
        "memory.activation_sram.port_bits": 8,
        "memory.output_sram.kib": 2 * 2 * 64 / 8192,
        "memory.output_sram.banks": 1,
        "memory.output_sram.port_bits": 8,
        "array.dataflow": "ws",
    }
    (row,) = simulate(trace_of(layer), ideal({}, **slow), "full").rows
    # First window: folds 2 + 8 cycles apart, all there by 10 + 2. Second: 2 apart, by 2 + 2.
    assert row["port_stall_cycles"] == max(0, 10 - 12) + (10 - 4)
