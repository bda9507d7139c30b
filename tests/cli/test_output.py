"""Numbers as text: units, places, and nothing for what is not there."""

import pytest

from pgsim.cli.output import (
    decimal,
    percent,
    printable,
    quantity,
    scaled,
    show,
    signed,
    table,
    whole,
)

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
    assert printable("conv\x1b[31m\n").plain == "conv\\x1b[31m\\n"
    assert printable("größe").plain == "größe"


def test_no_window_is_too_narrow_for_a_number(capsys, monkeypatch):
    monkeypatch.setattr("pgsim.cli.output._PIPED_WIDTH", 20)
    numbers = {f"header {index}": [f"{index}234567"] for index in range(6)}
    show(table({"layer": ["layer1.0.downsample.0"]} | numbers))
    shown = capsys.readouterr().out
    for header, (number,) in numbers.items():
        assert header in shown and number in shown
    assert "layer1.0" in shown and ".downsam" in shown and "ple.0" in shown  # folded, not cut
