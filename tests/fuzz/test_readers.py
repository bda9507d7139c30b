"""Mutated files of every reader: no traceback, no hang, no broken file taken.

`PGSIM_FUZZ_INPUTS` is how many of each, 190 by default, which are 2,090 in all.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

from fuzz.campaign import in_this_process
from fuzz.command import report
from fuzz.readers import READERS

INPUTS = int(os.environ.get("PGSIM_FUZZ_INPUTS", "190"))


@pytest.mark.parametrize("name", READERS)
def test_mutated_files_are_refused_by_a_sentence_or_right(name: str) -> None:
    reader = READERS[name]
    if missing := [module for module in reader.needs if find_spec(module) is None]:
        pytest.skip(f"needs {missing[0]}")
    outcome = in_this_process(reader, 0, range(INPUTS))
    assert not outcome.failures, report(name, outcome)
    assert 0 < outcome.taken < outcome.tried == INPUTS
