"""Names in figures: drawn whole where the font can, spelled out where it cannot, never endless."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from plot_cases import lines, table, title, y_labels

from pgsim.plots import draw_results, plot_results
from pgsim.plots.drawing import wrapped


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("conv1", "conv1"),
        ("größe", "größe"),
        ("卷积1", r"\u5377\u79ef1"),  # the font that Matplotlib brings has no Chinese
        ("$x$", r"\$x\$"),
        ("a\x1b[31mb\u202e", r"a\x1b[31mb\u202e"),
        ("r\udcfcn", r"r\udcfcn"),
    ],
)
def test_what_the_font_lacks_is_spelled_out(name: str, drawn: str) -> None:
    assert wrapped(name) == drawn


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("memory.double_buffered=True", 25, ["memory.double_buffered=", "True"]),
        ("pg, memory.double_buffered=True", 25, ["pg,", "memory.double_buffered=", "True"]),
        ("a.first_key=1, b=2", 12, ["a.first_key=", "1, b=2"]),
        ("memory.double_buffered=True", 16, ["memory.double_", "buffered=True"]),
        ("a=1, b=2", 5, ["a=1,", "b=2"]),  # where spaces do, nothing else breaks
        ("x" * 7, 5, ["xxxxx", "xx"]),
    ],
)
def test_long_words_break_where_a_reader_would(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width).split("\n") == lines


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_any_name_can_be_drawn(suffix: str, tmp_path: Path) -> None:
    names = [
        "卷积1",
        "$\\frac{",
        "[red]",
        "_hidden",
        "\x1b]0;title\x07",
        "x" * 100_000,
        "a b " * 9_999,
    ]
    frame = table(*({"layer": name, "trace": name, "array.rows": 8} for name in names))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of a missing glyph
        plot_results(frame, tmp_path / f"bars{suffix}", by="layer")
        plot_results(frame, tmp_path / f"lines{suffix}", x="array.rows", y="cycles")
    assert len(title(draw_results(frame))) < 1_500


def test_a_name_that_begins_with_an_underscore_is_in_the_legend() -> None:
    figure = draw_results(table({"scheme": "_a"}, {"scheme": "b"}), x="trace", y="cycles")
    assert all(not label.startswith("_") for label in lines(figure))
    assert len(figure.legends[0].get_texts()) == 2


def test_a_layer_without_cycles_has_an_empty_bar() -> None:
    rows = [{"layer": "a", "cycles": 0, "msb_cycles": 0}, {"layer": "b", "time_us": 9.0}]
    figure = draw_results(table(*rows), by="layer")
    assert y_labels(figure.axes[0]) == ["a", "b"]


def test_a_value_that_is_missing_on_the_x_axis_has_a_place_there() -> None:
    frame = table({"output_bits": 8.0}, {"output_bits": float("nan")})
    figure = draw_results(frame, x="output_bits", y="cycles")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["8.0", "nan"]
