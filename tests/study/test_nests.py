"""A nest from a design to the table, the sweep and the lines that explain it (M40, M41)."""

from __future__ import annotations

import pytest
import yaml
from designs import conv, design, filled, linear, recurrent, trace_of

from pgsim import GateTrace, InputError, load_arch, simulate
from pgsim.study.nests import explain
from pgsim.study.sweeps import SweepSpec, sweep
from pgsim.workload import save_trace

NEST = {"layer": "b", "order": "PKNQC", "block_rows": 3, "block_channels": 4}
LAYERS = [
    linear(4, 8, 8, name="a", gate="none"),
    linear(4, 8, 6, name="b", gate="none"),
    linear(4, 6, 5, name="c", gate="none"),
]
TRACE = GateTrace.from_masks({}, LAYERS, images=1)


def given(**changes):
    return design({"mapping.nests": [NEST]} | changes)


def test_the_lines_of_a_nest():
    """All fits: activations and weights are held outside of every loop, and filled once."""
    assert explain(simulate(TRACE, given(), "full"), "b") == [
        "layer b on test-4x2, for each batch:",
        "  hold activations, filled once",
        "  hold weights, filled once",
        "  hold sums, filled once",
        "  for 2 blocks of 3 rows (P), the last of 1:",
        "    for 2 blocks of 4 channels (K), the last of 2:",
        "      one block: 1 images, 3 rows, 1 columns, 4 channels, 8 input channels",
    ]


def test_what_each_buffer_holds_stands_inside_the_loops_that_fill_it():
    """In 32 bytes of two halves: 3 rows of 8 channels at 4 bits are 12 bytes, 4 rows are 16.

    15 usable bytes hold one block of rows. 4 channels of 8 weights take 32 bytes, all 6 take 48.
    """
    arch = given(
        **{
            "memory.activation_sram.kib": 30 / 1024,
            "memory.activation_sram.banks": 1,
            "memory.activation_sram.port_bits": 8,
            "memory.weight_sram.kib": 80 / 1024,
            "memory.weight_sram.banks": 1,
            "memory.weight_sram.port_bits": 8,
        }
    )
    assert explain(simulate(TRACE, arch, "full"), "b")[1:] == [
        "  hold sums, filled once",
        "  for 2 blocks of 3 rows (P), the last of 1:",
        "    hold activations, filled 2 times",
        "    for 2 blocks of 4 channels (K), the last of 2:",
        "      hold weights, filled 4 times",
        "      one block: 1 images, 3 rows, 1 columns, 4 channels, 8 input channels",
    ]


def test_what_is_on_chip_already_is_said():
    lines = explain(simulate(TRACE, given(**{"memory.retain": True}), "full"), "b")
    assert lines[-2:] == ["  activations are on chip already", "  outputs stay on chip"]
    assert not any("hold activations" in line for line in lines)


def test_the_fixed_order_has_loops_over_lane_groups():
    """6 channels on 2 columns are 3 lane groups; all fits, and one window has all positions."""
    assert explain(simulate(TRACE, design(), "full"), "b") == [
        "layer b on test-4x2, for each batch: the fixed order (MODEL.md M9, M23):",
        "  hold activations, filled once",
        "  for 3 lane groups of 2 channels:",
        "    hold weights, filled 3 times",
        "    hold sums, filled 3 times",
        "    one tile: 4 positions, 2 channels, 8 input channels",
    ]


def small(**kib):
    """Buffers of so many KiB, half of which a tile may use."""
    return {
        f"memory.{name}_sram.{key}": value
        for name, size in kib.items()
        for key, value in {"kib": size, "banks": 1, "port_bits": 8}.items()
    }


def fixed(layer, scheme="pg", **changes):
    """The lines of a layer whose gates are closed, below the first."""
    mask = None if layer.gate == "none" else filled(layer, False)
    result = simulate(trace_of(layer, mask), design(changes), scheme)
    return [line.strip() for line in explain(result, layer.name)[1:]]


def test_what_no_buffer_holds_is_fetched_again():
    """An example of M23: 640 bits of weights, 256 of which fit; 1280 of activations, 512 fit."""
    layer = linear(8, 40, 4)
    buffers = small(weight=0.0625) | small(activation=0.125)
    assert fixed(layer, **buffers, **{"lsb.window": 4}) == [
        "for 2 lane groups of 2 channels:",
        "for 2 windows of 4 positions:",
        "hold activations, filled 4 times",
        "fetch weights again in every pass, up to 8 times",
        "hold sums, filled 4 times",
        "one tile: 4 positions, 2 channels, 40 input channels",
    ]
    assert "fetch weights again in every tile, 2 times" in fixed(layer, "full", **buffers)


def test_the_last_lane_group_may_fit_alone():
    """2 channels of 8 weights are 128 bits, one is 64, which is all that fits."""
    lines = fixed(linear(8, 8, 3), **small(weight=0.015625), **{"lsb.window": 4})
    assert lines[1:5] == [
        "for 2 lane groups of 2 channels, the last of 1:",
        "hold weights of the last lane group, filled once",
        "for 2 windows of 4 positions:",
        "fetch weights again in every pass, up to 4 times, those of other lane groups",
    ]


def test_rows_that_do_not_fit_come_once_for_each_row_of_the_kernel():
    """An example of M23: three rows of 32 bits, of which 64 fit."""
    lines = fixed(conv(2, 2, in_size=4, kernel=3), **small(activation=0.015625))
    assert "hold activations, filled once, each row 3 times" in lines


def test_weights_that_feed_slots_come_pass_by_pass_where_a_window_does_not_fit():
    """An example of M23: six channels of 64 bits under `is`, 256 bits fit."""
    stationary = {"array.dataflow": "is"}
    assert fixed(linear(2, 8, 6), **stationary, **small(weight=0.0625)) == [
        "hold activations, filled once",
        "fetch weights again in every pass, up to 2 times",
        "hold sums, filled once",
        "one tile: 6 channels, 2 positions, 8 input channels",
    ]
    assert fixed(linear(2, 8, 6), **stationary)[0] == "hold weights, filled once"


def test_weights_of_time_steps_stay():
    lines = fixed(recurrent(5, 4, 2))
    assert "hold weights, filled once in the first time step, and then not again" in lines


def test_what_comes_on_demand_and_what_stays_is_said_of_the_fixed_order():
    assert fixed(linear(4, 8, 2), **{"memory.lsb_fetch": "on_demand"})[-1] == (
        "2 of 4 bits of an activation come where gates open (M24)"
    )
    lines = explain(simulate(TRACE, design({"memory.retain": True}), "full"), "b")
    assert lines[-2:] == ["  activations are on chip already", "  outputs stay on chip"]
    assert not any("hold activations" in line for line in lines)


def test_a_layer_that_there_is_not():
    with pytest.raises(InputError, match=r"no layer 'bb'.*It has a, b, c"):
        explain(simulate(TRACE, design(), "full"), "bb")


def test_a_file_gives_one_layer_its_nest_and_the_others_are_searched(tmp_path):
    path = tmp_path / "design.yaml"
    arch = design({"mapping.kind": "search", "mapping.nests": [NEST]})
    path.write_text(yaml.safe_dump(arch.model_dump(mode="json", exclude_unset=True)))
    rows = {row["layer"]: row for row in simulate(TRACE, load_arch(path), "full").rows}
    blocks = [rows["b"][f"block_{each}"] for each in ("images", "rows", "columns", "channels")]
    assert (rows["b"]["nest_order"], blocks) == ("PKNQC", [1, 3, 1, 4])
    assert rows["b"]["block_in_channels"] == 8
    searched = simulate(TRACE, design({"mapping.kind": "search"}), "full").rows
    assert [rows[name]["nest_order"] for name in "ac"] == [
        row["nest_order"] for row in searched if row["layer"] in "ac"
    ]
    assert rows["a"]["nest_order"] != "fixed"


def test_the_word_of_an_override_and_the_argument_turn_the_search_on():
    expected = simulate(TRACE, design({"mapping.kind": "search"}), "full").rows
    word = design().override({"mapping": "search", "name": "test-4x2"})
    assert repr(simulate(TRACE, word, "full").rows) == repr(expected)
    found = simulate(TRACE, design(), "full", objective="latency").rows
    assert repr(found) == repr(expected)
    with pytest.raises(InputError, match=r"Did you mean 'energy'\?"):
        simulate(TRACE, design(), "full", objective="enrgy")


def test_a_sweep_goes_over_kinds_and_objectives(tmp_path):
    path = tmp_path / "network.safetensors"
    save_trace(TRACE, path)
    axes = {"mapping.kind": ("fixed", "search"), "mapping.objective": ("latency", "dram")}
    frame = sweep(
        SweepSpec(traces=[str(path)], archs=["pg_os"], schemes=["full"], axes=axes), jobs=1
    )
    assert len(frame) == 4 * len(LAYERS)
    for (kind, objective), own in frame.groupby(["mapping.kind", "mapping.objective"]):
        sought = {"mapping.kind": kind, "mapping.objective": objective}
        result = simulate(TRACE, load_arch("pg_os").override(sought), "full").layers
        for column in ("nest_order", "cycles", "dram_read_bytes"):
            assert own[column].tolist() == result[column].tolist()
