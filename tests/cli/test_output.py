"""Numbers as text: units, places, and nothing for what is not there."""

import pytest

from pgsim.cli.output import paragraph, printable, show, table
from pgsim.results.numbers import decimal, percent, quantity, scaled, signed, whole

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([1.6278e-6, 44.4e-9, NAN], "J", ("uJ", ["1.628", "0.044", "-"])),
        ([813.91e-6], "J", ("uJ", ["813.9"])),
        ([999.9e3, 1.0], "B", ("kB", ["999.9", "0.0"])),
        ([1e3], "B", ("kB", ["1.000"])),
        ([0.0, 0.0], "s", ("s", ["0.000", "0.000"])),
        ([NAN], "s", ("s", ["-"])),
        ([2.5e-15], "J", ("pJ", ["0.002500"])),
        ([1.5e16], "B", ("TB", ["15,000"])),
    ],
)
def test_a_column_takes_the_prefix_of_its_largest_value(values, unit, expected):
    assert scaled(values, unit) == expected


def test_single_quantities_bring_their_unit():
    assert quantity(7.167e-6, "s") == "7.167 us"


def test_numbers_without_a_value_are_dashes():
    assert whole([1234567, NAN]) == ["1,234,567", "-"]
    assert decimal([2.4356, NAN], 2) == ["2.44", "-"]
    assert percent([0.2178, NAN]) == ["21.8", "-"]


def test_changes_have_signs():
    assert signed([1500.0, -0.2, 0.0, -2988279]) == ["+1,500", "0", "0", "-2,988,279"]


def test_control_characters_are_spelled_out():
    assert printable("conv\x1b[31m\n") == "conv\\x1b[31m\\n"
    assert printable("größe") == "größe"


def test_names_that_look_like_markup_are_names(capsys):
    show(table({"layer": ["[red]", "[/]", "\x1b[2J"], "cycles": ["1", "2", "3"]}))
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split() for row in rows] == [["[red]", "1"], ["[/]", "2"], ["\\x1b[2J", "3"]]


def test_a_name_that_takes_two_columns_a_letter_moves_no_number(capsys):
    show(table({"layer": ["卷积1", "conv1"], "cycles": ["10", "20"]}))
    chinese, latin = capsys.readouterr().out.splitlines()[2:]
    # The first two letters are two columns wide each: 5 columns, and 3 characters.
    assert chinese == "卷积1      10" and latin == "conv1      20"


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("300", 300), ("", 100), ("-5", 100)])
def test_piped_text_is_as_wide_as_columns_says(columns, width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    paragraph("word " * 200)
    longest = max(len(line.rstrip()) for line in capsys.readouterr().out.splitlines())
    assert width - len(" word") < longest <= width


def test_no_window_is_too_narrow_for_a_name_or_a_number(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    numbers = {f"header {index}": [f"{index}234567"] for index in range(6)}
    show(table({"layer": ["layer1.0.downsample.0"]} | numbers))
    shown = capsys.readouterr().out.splitlines()
    for header, (number,) in numbers.items():
        assert header in shown[0] and number in shown[2]
    assert shown[2].startswith("layer1.0.downsample.0 ")


def test_words_break_between_words_only(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    show(
        table(
            {"scheme": ["uniform:A,W"], "passes": ["several unbreakable-words"]}, words=["passes"]
        )
    )
    shown = capsys.readouterr().out
    assert "uniform:A,W" in shown and "unbreakable-words" in shown
