"""What errors show of a value."""

from __future__ import annotations

import pytest

from pgsim.workload.problems import short


@pytest.mark.parametrize("length", [1, 59, 60])
def test_a_value_of_60_characters_is_shown_whole(length: int) -> None:
    number = int("7" * length)
    assert short(number) == "7" * length


@pytest.mark.parametrize("length", [61, 1000])
def test_a_longer_one_is_cut_to_60(length: int) -> None:
    assert short(int("7" * length)) == "7" * 57 + "..."
