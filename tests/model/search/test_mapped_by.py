"""Choices as words, and back."""

from __future__ import annotations

import pytest
from designs import conv
from jobs import job_of

from pgsim.mapping import Nest
from pgsim.model.search.mapped_by import Choice, choice_of

LAYER = conv(8, 9, 6, 3)  # 4 x 4 outputs
SIZES = (2, 4, 4, 9, 8)
CHOICES = {
    "fixed room": Choice(),
    "fixed 16": Choice(window=16),
    "KNPQC 1 4 2 9 3": Choice(Nest("KNPQC", SIZES, (1, 4, 2, 9, 3))),
    "CKNPQ 2 1 1 5 8 weight": Choice(Nest("CKNPQ", SIZES, (2, 1, 1, 5, 8), ("weight",))),
    "PNQKC 2 1 1 5 2 activation weight": Choice(
        Nest("PNQKC", SIZES, (2, 1, 1, 5, 2), ("activation", "weight"))
    ),
}


@pytest.mark.parametrize("text", CHOICES)
def test_a_choice_is_what_its_words_say(text: str) -> None:
    job = job_of(LAYER, None, {"batch": 2}, "full")
    assert " ".join(CHOICES[text].words) == text
    assert choice_of(text.split(), job) == CHOICES[text]
