"""A nest from a design to the table, the sweep and the lines that explain it (M40, M41)."""

from __future__ import annotations

import pytest
import yaml
from designs import design, linear

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


def test_the_fixed_order_is_explained_as_such():
    (line,) = explain(simulate(TRACE, design(), "full"), "b")
    assert line.startswith("layer b on test-4x2, for each batch: the fixed order")


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
