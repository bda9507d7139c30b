"""Text from strangers' files: harmless to a terminal, and never a megabyte of it."""

from __future__ import annotations

import pickle

import pytest

from pgsim.errors import InputError, nearest
from pgsim.text import bounded, shortened, spelled_out, writable


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("layer1.0.conv1", "ascii", "layer1.0.conv1"),
        ("\x1b[2J\r\n\x7f\x9b", "utf-8", r"\x1b[2J\r\n\x7f\x9b"),
        ("a\u202eb\u2066\u200f\ufeff", "utf-8", r"a\u202eb\u2066\u200f\ufeff"),
        ("卷积", "utf-8", "卷积"),
        ("卷积", "cp1252", r"\u5377\u79ef"),
        ("größe", "cp1252", "größe"),
        ("r\udcfcn", "utf-8", r"r\udcfcn"),
        ("\U0001f600", "latin-1", r"\U0001f600"),
    ],
)
def test_what_cannot_be_shown_is_spelled_out(text: str, encoding: str, shown: str) -> None:
    assert spelled_out(text, encoding) == shown
    assert spelled_out(shown, encoding) == shown


def test_a_file_takes_all_but_lone_surrogates() -> None:
    assert writable("卷\t\udcfc") == r"卷{}\udcfc".format("\t")


def test_long_names_are_cut_with_a_count() -> None:
    assert (
        shortened("a" * 10 + "b" * 80 + "c" * 10, 20) == "aaaaaaaaaa...(80 characters)...cccccccccc"
    )
    assert shortened("short", 20) == "short"


def test_a_message_is_bounded_in_lines_and_in_their_length() -> None:
    lines = [f"file.yaml: line {number}" for number in range(100_000)]
    shown = bounded("\n".join(lines)).split("\n")
    assert shown[:-1] == lines[: len(shown) - 1]
    assert shown[-1] == f"... and {100_001 - len(shown):,} lines more"
    assert sum(map(len, shown)) < 10_000
    assert len(bounded("x" * 1_000_000)) < 3_000
    assert bounded("two\nlines") == "two\nlines"


def test_an_error_is_fit_to_be_printed_and_travels_between_processes() -> None:
    error = InputError("layer 'a\x1b[31m': " + "b" * 1_000_000)
    assert str(error).startswith(r"layer 'a\x1b[31m': bbb")
    assert len(str(error)) < 3_000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_nearest_name_is_looked_for_among_few_and_short_ones() -> None:
    assert nearest("cnov1", ["conv1", "fc"]) == " Did you mean 'conv1'?"
    assert nearest("conv" * 100, ["conv" * 100 + "1"]) == ""

    def names():
        yield "conv1"
        for number in range(5_000):
            yield f"other{number}"
        raise AssertionError("not all of them are looked at")

    assert nearest("conv2", names()) == " Did you mean 'conv1'?"
