"""pgsim windows: the windows of a layer, printed, written and drawn."""

from __future__ import annotations

import math

import pytest
from designs import linear, random_mask, trace_of

from pgsim.results.table_files import read_table
from pgsim.workload import save_trace

OPTIONS = ("--arch", "pg_os", "--set", "batch=1")


def rows(output: str) -> list[list[str]]:
    """The words of every row of the table that is printed."""
    lines = output.splitlines()
    rule = next(index for index, line in enumerate(lines) if set(line) == {"─"})
    end = next(index for index in range(rule, len(lines)) if not lines[index].strip())
    return [line.split() for line in lines[rule + 1 : end]]


def test_what_is_printed_is_the_table(run, small, tmp_path):
    table = tmp_path / "windows.csv"
    shown = run("windows", small, *OPTIONS, "-o", table).output
    assert shown.startswith("gated of small (SYNTHETIC masks: no model made them), 8 images,")
    frame = read_table(table)
    printed = rows(shown)
    assert printed[0][:2] == ["fixed", "order"]
    (chosen,) = (row for row in printed if "chosen" in row)
    own = frame[frame["choice"] == "chosen"].iloc[0]
    assert chosen[-9:-6] == [
        str(own[name]) for name in ("window_slots", "window_lanes", "room_lanes")
    ]
    assert float(chosen[-6].replace(",", "")) == pytest.approx(own["cycles"] / 8, abs=0.5)
    assert frame["window_slots"].tolist()[1:] == sorted(frame["window_slots"].tolist()[1:])


def test_every_part_of_the_cycles_adds_up(run, small):
    for row in rows(run("windows", small, *OPTIONS).output):
        assert sum(map(float, row[-5:-1])) == pytest.approx(100, abs=0.3)


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
    printed = [int(row[-9].replace(",", "")) for row in rows(shown)[1:]]
    cycles = [int(row[-6].replace(",", "")) for row in rows(shown)[1:]]
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
