"""What each window costs a gated layer: by hand, and beside `simulate` of the same nest (M41)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, design, drawn, linear, random_mask, trace_of

from pgsim import GateTrace, InputError, simulate
from pgsim.results.columns import checked_table
from pgsim.results.table_files import read_table, write_table
from pgsim.study.window_study import windows
from pgsim.study.window_trade import WindowTrade

PARTS = ("msb_cycles", "lsb_cycles", "bubble_cycles", "port_stall_cycles", "dram_stall_cycles")
SMALL = {  # two halves of 16 sums
    "memory.output_sram.kib": 0.125,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
}


def by_hand() -> WindowTrade:
    """8 positions, 5 inputs and 4 channels on 4 x 2 PEs, 16 sums on chip."""
    mask = drawn("x.x..... x....... .......x ........")
    return windows(trace_of(linear(8, 5, 4), mask), design(SMALL))


def test_windows_of_eight_positions_by_hand() -> None:
    """A block has 8, 4, 3, 2 or 1 positions, and as many channels' sums as fit beside them.

    A fold is 5 cycles, for up to 4 positions of 2 channels. All MSBs: ceil(w/4) folds in every
    window, for two pairs of channels. Of LSBs, `skip` issues each position that either channel of
    a pair has open: 0 and 2 of the first pair, and 7 of the second, in as many folds as windows
    that hold them: those of 2 positions or fewer part 0 and 2.
    """
    points = {point.slots: point for point in by_hand().points}
    assert sorted(points) == [1, 2, 3, 4, 8]
    assert {slots: point.room for slots, point in points.items()} == {1: 4, 2: 4, 3: 4, 4: 4, 8: 2}
    msb = {slots: point.counts["msb_cycles"] for slots, point in points.items()}
    assert msb == {1: 8 * 10, 2: 4 * 10, 3: 3 * 10, 4: 2 * 10, 8: 2 * 10}
    lsb = {slots: point.counts["lsb_cycles"] for slots, point in points.items()}
    assert lsb == {1: 3 * 5, 2: 3 * 5, 3: 2 * 5, 4: 2 * 5, 8: 2 * 5}
    assert {point.counts["lsb_slots_issued"] for point in points.values()} == {3}


def test_the_fixed_order_by_hand() -> None:
    """Its window is what 16 sums leave for two lanes, and its lane group the two columns."""
    fixed = by_hand().fixed
    assert (fixed.slots, fixed.lanes, fixed.room) == (8, 2, 2)
    assert fixed.counts["msb_cycles"] == 2 * 2 * 5


def photo() -> tuple[GateTrace, dict[str, object]]:
    """A convolution of 4 x 4 positions over three images, and a design that is slow to feed."""
    layer = conv(4, 5, 6, 3)
    changes = {
        "memory.dram.bytes_per_cycle": 2,
        "memory.output_sram.kib": 0.25,
        "memory.output_sram.banks": 1,
        "lsb.scheduler": "combine",
        "mapping.images": 2,
    }
    return trace_of(layer, random_mask(layer, 3)), changes


@pytest.mark.parametrize("objective", ["latency", "energy", "edp", "dram"])
@pytest.mark.parametrize("lanes", ["channels", "positions"])
def test_each_row_is_what_simulate_says_of_its_nest(objective: str, lanes: str) -> None:
    trace, changes = photo()
    arch = design(changes | {"array.lanes": lanes})
    trade = windows(trace, arch, objective=objective)
    first = GateTrace.from_masks({"conv": trace.layers[0].unpack(0, 2)}, [trace.layers[0].shape])
    for row in trade.table.to_dict("records"):
        unheld = row["nest_unheld"].replace("none", "").split()
        nest = {"order": row["nest_order"], "unheld": unheld} | {
            name: int(row[name]) for name in row if name.startswith("block_") and row[name] > 0
        }
        given = {"mapping.nests": [nest]}
        if row["nest_order"] == "fixed":
            shorter = row["choice"] != "fixed order"
            given = {"lsb.window": row["window_slots"]} if shorter else {}
        (own,) = simulate(first, arch.override(given) if given else arch).rows
        for column in (*PARTS, "cycles", "dram_read_bytes", "lsb_slots_issued", "energy_pj"):
            assert row[column] == pytest.approx(own[column], rel=1e-12), column
        bursts = (own["dram_read_bytes"] + own["dram_write_bytes"]) / 16
        assert row["objective_value"] == pytest.approx(
            {
                "latency": own["cycles"] / 2,
                "energy": own["energy_pj"] / 2,
                "edp": own["energy_pj"] * own["cycles"] / 4,
                "dram": bursts / 2,
            }[objective]
        )


@pytest.mark.parametrize("objective", ["latency", "dram"])
def test_the_chosen_point_is_the_nest_that_simulate_chooses(objective: str) -> None:
    trace, changes = photo()
    trade = windows(trace, design(changes), objective=objective)
    (row,) = simulate(trace, design(changes), objective=objective).rows
    chosen = trade.table[trade.table["choice"] == "chosen"].iloc[0]
    assert chosen["nest_order"] == row["nest_order"]
    assert [chosen[f"block_{each}"] for each in ("images", "rows", "columns", "channels")] == [
        row[f"block_{each}"] for each in ("images", "rows", "columns", "channels")
    ]
    values = trade.table["objective_value"]
    assert chosen["objective_value"] == values.min()


def test_a_nest_that_the_design_gives_is_shown_as_given() -> None:
    trace, changes = photo()
    nest = {"order": "NPQKC", "block_rows": 2, "block_columns": 1, "block_channels": 1}
    trade = windows(trace, design(changes | {"mapping.nests": [nest]}))
    assert (trade.chosen.slots, trade.chosen.lanes) == (2, 1)
    assert trade.chosen not in trade.points  # a row for itself, beside the best of that window
    assert list(trade.table["choice"][:2]) == ["fixed order", "chosen"]
    assert trade.finding.startswith("Given, beside")


def test_what_was_found_in_words() -> None:
    trace, changes = photo()
    trade = windows(trace, design(changes))
    change = 100 * (1 - trade.cycles(trade.chosen) / trade.cycles(trade.fixed))
    assert change > 1
    assert trade.finding == (
        f"Chosen of {len(trade.points)} windows: {trade.chosen.slots} positions by "
        f"{trade.chosen.lanes} channels; cycles {change:.1f} % below the fixed order of 16 by 2."
    )
    assert "cycles as in the fixed order of 8 by 2" in by_hand().finding


def test_the_images_are_those_on_which_a_search_chooses() -> None:
    trace, changes = photo()
    assert windows(trace, design(changes)).images == range(0, 2)
    later = windows(trace, design(changes), calibration_images=1)
    assert later.images == range(1, 3)
    batched = windows(trace, design(changes | {"batch": 3}))
    assert batched.images == range(0, 3)


def test_the_layer_with_most_outputs_is_looked_at_unless_one_is_named() -> None:
    layers = [linear(2, 3, 2, name="few"), linear(4, 2, 3, name="most"), linear(2, 3, 2, name="f")]
    trace = GateTrace.from_masks({each.name: random_mask(each, 1) for each in layers}, layers)
    assert windows(trace, design()).layer == "most"
    assert windows(trace, design(), "few").layer == "few"


def test_progress_is_told_window_by_window() -> None:
    told: list[tuple[int, int]] = []
    layer = linear(8, 5, 4)
    mask = random_mask(layer, 1)
    windows(trace_of(layer, mask), design(SMALL), progress=lambda *each: told.append(each))
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_a_table_of_windows_is_read_back(tmp_path) -> None:
    frame = by_hand().table
    write_table(frame, tmp_path / "windows.csv")
    back = read_table(tmp_path / "windows.csv")
    checked_table(frame, "windows")
    assert back["window_slots"].tolist() == [8, 1, 2, 3, 4, 8]
    assert np.allclose(back["objective_value"], frame["objective_value"])


@pytest.mark.parametrize(
    ("layer", "scheme", "changes", "expected"),
    [
        ("linaer", "pg", {}, r"'linaer' is not in it.*Did you mean 'linear'"),
        ("linear", "full", {}, "scheme full gates no layer"),
        (None, "pg", {"memory.lsb_fetch": "on_demand"}, "expected memory.lsb_fetch: with_msb"),
    ],
)
def test_what_has_no_windows_is_refused(layer, scheme, changes, expected) -> None:
    trace = trace_of(linear(8, 5, 4), random_mask(linear(8, 5, 4), 1))
    with pytest.raises(InputError, match=expected):
        windows(trace, design(changes), layer, scheme)


def test_a_layer_without_a_mask_is_refused_by_name() -> None:
    gated, plain = linear(8, 5, 4, name="gated"), linear(8, 4, 4, name="plain", gate="none")
    trace = GateTrace.from_masks({"gated": random_mask(gated, 1)}, [gated, plain])
    with pytest.raises(InputError, match=r"'plain' is not gated under scheme pg.*are gated"):
        windows(trace, design(), "plain")


@pytest.mark.parametrize("convention", ["scalesim", "stonne"])
def test_conventions_of_other_simulators_know_no_nests(convention: str) -> None:
    trace = trace_of(linear(8, 5, 4), drawn("x.x..... x....... .......x ........"))
    with pytest.raises(InputError, match=f"keeps the fixed order: array.convention {convention}"):
        windows(trace, design(SMALL | {"array.convention": convention}))
