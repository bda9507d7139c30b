"""pgsim windows: the windows of a layer, printed, written and drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from designs import linear, random_mask, trace_of
from shipped import fixed_order_options

from pgsim.results.table_files import read_table
from pgsim.workload import save_trace

SEARCHED = ("--arch", "pg_os")
OPTIONS = fixed_order_options("pg_os", {"batch": 1})  # of least cycles, as is asked for otherwise
HEADS = ("window_slots", "window_lanes", "room_lanes", "cycles", "msb", "lsb", "bubble", "stall")


def rows(output: str) -> list[tuple[str, dict[str, float]]]:
    """What every row of the table that is printed is called, and its figures from the left."""
    lines = output.splitlines()
    rule = next(index for index, line in enumerate(lines) if set(line) == {"─"})
    end = next(index for index in range(rule, len(lines)) if not lines[index].strip())
    return [named(line.split()) for line in lines[rule + 1 : end]]


def named(words: list[str]) -> tuple[str, dict[str, float]]:
    """A row in two: its words, and its figures by what they are."""
    names = [word for word in words if word.strip(",").isalpha()]
    figures = [float(word.replace(",", "")) for word in words[len(names) :]]
    heads = (*HEADS, "issued", "objective")[: len(figures)]
    return " ".join(names), dict(zip(heads, figures, strict=True))


def scaled(values: Sequence[float]) -> Sequence[float]:
    """Values over the largest of them, whatever their unit."""
    return [each / max(values) for each in values]


@pytest.mark.parametrize("options", [OPTIONS, SEARCHED])
def test_what_is_printed_is_the_table(options, run, small, tmp_path):
    table = tmp_path / "windows.csv"
    shown = run("windows", small, *options, "-o", table).output
    assert shown.startswith("gated of small (SYNTHETIC masks: no model made them), 8 images,")
    frame = read_table(table)
    printed = rows(shown)
    assert printed[0][0].startswith("fixed order")
    (chosen,) = (row for name, row in printed if "chosen" in name)
    own = frame[frame["choice"] == "chosen"].iloc[0]
    assert [chosen[each] for each in HEADS[:3]] == own[list(HEADS[:3])].tolist()
    assert chosen["cycles"] == pytest.approx(own["cycles"] / 8, abs=0.5)
    assert frame["window_slots"].tolist()[1:] == sorted(frame["window_slots"].tolist()[1:])


def test_what_is_to_be_least_has_a_column_unless_it_is_cycles(run, small, tmp_path):
    """The shipped design chooses by energy times delay, which the table has per image too."""
    table = tmp_path / "windows.csv"
    shown = run("windows", small, *SEARCHED, "-o", table).output
    found = [row["objective"] for _, row in rows(shown)]
    expected = read_table(table)["objective_value"].tolist()
    assert scaled(found) == pytest.approx(scaled(expected), abs=0.006)
    (chosen,) = (row["objective"] for name, row in rows(shown) if "chosen" in name)
    assert chosen == min(found)
    in_cycles = rows(run("windows", small, *OPTIONS).output)
    assert all("objective" not in row for _, row in in_cycles)


@pytest.mark.parametrize("options", [OPTIONS, SEARCHED])
def test_every_part_of_the_cycles_adds_up(options, run, small):
    for _, row in rows(run("windows", small, *options).output):
        assert sum(row[each] for each in HEADS[4:]) == pytest.approx(100, abs=0.3)


def test_of_many_windows_the_best_of_each_doubling_is_printed(run, tmp_path):
    """200 tokens have 28 windows: the least cycles of 1, of 2 and 3, of 4 to 7, and so on."""
    layer = linear(200, 8, 4)
    trace, table = tmp_path / "tokens.safetensors", tmp_path / "windows.csv"
    save_trace(trace_of(layer, random_mask(layer, 1)), trace)
    shown = run("windows", trace, *OPTIONS, "--set", "array.pe.kind=fixed", "-o", table).output
    frame = read_table(table).iloc[1:]
    assert (frame["nest_order"] != "fixed").sum() == 28
    best = {}
    for row in frame.sort_values("window_slots", ascending=False).itertuples():
        doubling = math.floor(math.log2(row.window_slots))
        if doubling not in best or row.cycles < best[doubling].cycles:
            best[doubling] = row
    printed = [row["window_slots"] for _, row in rows(shown)[1:]]
    cycles = [row["cycles"] for _, row in rows(shown)[1:]]
    assert cycles == [best[doubling].cycles for doubling in range(8)]
    assert [math.floor(math.log2(window)) for window in printed] == list(range(8))


def test_a_figure_is_drawn(run, small, tmp_path):
    figure = tmp_path / "windows.svg"
    run("windows", small, *OPTIONS, "--plot", figure)
    assert figure.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--layer", "plain"), "'plain' is not gated"),
        (("--layer", "gate"), "Did you mean 'gated'?"),
        (("--scheme", "full"), "gates no layer"),
        (("--plot", "windows.jpg"), "ends in one of"),
        (("--set", "memory.lsb_fetch=on_demand"), "expected memory.lsb_fetch: with_msb"),
    ],
)
def test_what_is_refused(run, small, options, expected):
    shown = run("windows", small, *OPTIONS, *options, code=2)
    assert expected in " ".join(shown.stderr.split())
