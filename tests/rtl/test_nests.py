"""The RTL against pgsim where a loop nest maps the layer: it walks the nest itself (MODEL.md M40).

PGSIM_RTL_BUILD_SET=all takes every design, and PGSIM_RTL_NEST_CASES is the number of cases for
each. Some 10,000 cases:

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

# What the cases of a plain test run reach, and in how many of them, at least.
REACHED = {
    "conv2d": 120,
    "linear": 15,
    "recurrent": 15,
    "strided": 100,
    "padded": 100,
    "dilated": 60,
    "grouped": 50,
    "a gate": 80,
    "no gate": 60,
    "two buffers": 150,
    "one buffer": 15,
    "blocks of N": 20,
    "blocks of P": 80,
    "blocks of Q": 60,
    "blocks of K": 80,
    "blocks of C": 60,
    "a last block that is smaller": 80,
    "a hold of activations ends between the first and the last block": 50,
    "a hold of weights ends between the first and the last block": 30,
    "a hold of sums ends between the first and the last block": 50,
    "every operand is held at a depth of its own": 50,
    "blocks of P share their halo": 15,
    "blocks of Q share their halo": 20,
    "each pass fetches its own plane of activations": 10,
    "each pass fetches its own plane of weights": 15,
    "weights are held over a run of a time step": 10,
    "sums are held over input blocks": 20,
    "unfinished sums come back": 10,
    "several lane groups in a turn": 20,
    "operands stay from turn to turn": 5,
    "combine packs a block": 30,
    "queue packs a block": 15,
    "what is packed lies in one bank": 10,
    "port stalls": 15,
    "port stalls, of every port": 60,
    "DRAM stalls": 150,
}


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
