"""The RTL against pgsim where a loop nest maps the layer: it walks the nest itself (MODEL.md M40).

PGSIM_RTL_BUILD_SET=all takes every design, and PGSIM_RTL_NEST_CASES is the number of cases for each.
Some 10,000 cases:

    PGSIM_RTL_BUILD_SET=all PGSIM_RTL_NEST_CASES=300 python -m pytest tests/rtl/test_nests.py
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rtl.building import Programs
from rtl.builds import TESTED, Build
from rtl.cases import Case
from rtl.comparison import all_differences, missed, simulated
from rtl.nest_cases import random_nest_case
from rtl.nest_features import nest_features
from rtl.verilator import needs_verilator

pytestmark = pytest.mark.xdist_group("rtl")  # they share what takes long to make

DEFAULT_CASES = 24
CASES = int(os.environ.get("PGSIM_RTL_NEST_CASES", DEFAULT_CASES))

REACHED: dict[str, int] = {}


@cache
def simulated_cases(build: Build, count: int) -> list[tuple[Case, dict[str, Any]]]:
    """The first cases of a design, each with its integers; two tests share them."""
    cases = (random_nest_case(build, seed) for seed in range(count))
    return [(case, simulated(case)) for case in cases]


@needs_verilator
@pytest.mark.parametrize("build", TESTED, ids=lambda build: build.name)
def test_rtl_walks_the_nest_as_pgsim_does(build: Build, programs: Programs, tmp_path: Path) -> None:
    cases = simulated_cases(build, CASES)
    assert not all_differences(cases, programs[build.name].result(), tmp_path)


def test_the_nests_reach_every_part_of_the_rule() -> None:
    """By the cases of a plain test run, each part not only once."""
    cases = (both for build in TESTED for both in simulated_cases(build, DEFAULT_CASES))
    assert not missed(REACHED, (nest_features(*both) for both in cases))
