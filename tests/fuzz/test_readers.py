"""Mutated files of every reader: no traceback, no hang, no broken file taken.

`python tests/fuzz` tries more of them, and one again.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from fuzz.campaign import in_this_process
from fuzz.command import report
from fuzz.readers import READERS


@pytest.mark.parametrize("name", READERS)
def test_mutated_files_are_refused_by_a_sentence_or_right(name: str) -> None:
    reader = READERS[name]
    if missing := [module for module in reader.needs if find_spec(module) is None]:
        pytest.skip(f"needs {missing[0]}")
    outcome = in_this_process(reader, 0, range(reader.plain_inputs))
    assert not outcome.failures, report(name, outcome)
    assert 0 < outcome.taken < outcome.tried == reader.plain_inputs


def test_two_thousand_are_tried() -> None:
    assert sum(reader.plain_inputs for reader in READERS.values()) >= 2000
