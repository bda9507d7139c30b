"""Which PE does what: against the stepped reference, and a layer that is counted by hand (M27)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import Case, random_case, random_passes_case
from designs import conv, linear
from jobs import job_of
from listed_passes import scheme_of
from nest_cases import random_nest_case
from nest_jobs import job_of_case
from reference import schedule, simulate_pes
from reference.nests import Nest

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.arch import SCHEDULERS
from pgsim.errors import InputError
from pgsim.model.pe_work import pe_macs
from pgsim.workload import layer_shape

SEEDS = 30


def expected(case: Case, nest: Nest | None = None) -> list[Any]:
    """What the reference counts as it steps every PE, (passes, rows, columns)."""
    stepped = simulate_pes(
        case.layer,
        case.arch,
        case.scheme,
        nest,
        images=case.images,
        output_bits=case.output_bits,
        mask=case.mask,
        calibration_mask=case.calibration_mask,
    )
    array = case.arch["array"]
    passes = 1 + max(index for index, _, _ in stepped)
    found = np.zeros((passes, array["rows"], array["columns"]), int)
    for place, macs in stepped.items():
        found[place] = macs
    return found.tolist()


def found(job: Any, images: int, calibration: int) -> list[Any]:
    """The same of pgsim; a pass at the end that computes nothing is left out."""
    macs = [each.tolist() for each in pe_macs(job, calibration, images + calibration)]
    while not np.any(macs[-1]):
        macs.pop()
    return macs


def job_of_plain(case: Case) -> Any:
    """The one layer of a case."""
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        masks[layer.name] = np.array((*(case.calibration_mask or ()), *case.mask), bool)
    images = case.images + case.calibration_images
    trace = GateTrace.from_masks(masks, [layer], images=images)
    result = simulate(
        trace,
        ArchConfig.model_validate(case.arch),
        scheme_of(case.scheme),
        calibration_images=case.calibration_images,
    )
    return result.layer_results[0].job


def gates_no_pixels(case: Case) -> bool:
    """Whether a map may be drawn of it."""
    return bool(case.layer["gate"] != "input")


@pytest.mark.parametrize("case_of", [random_case, random_passes_case])
def test_every_pe_does_what_the_reference_steps_it_through(case_of: Any) -> None:
    for case in filter(gates_no_pixels, map(case_of, range(SEEDS))):
        own = found(job_of_plain(case), case.images, case.calibration_images)
        assert own == expected(case), case.seed


@pytest.mark.usefixtures("blocks_alike")
def test_every_pe_does_what_the_reference_steps_it_through_under_a_nest() -> None:
    for seed in range(SEEDS):
        drawn = random_nest_case(seed)
        case = drawn.case
        if not gates_no_pixels(case):
            continue
        own = found(job_of_case(drawn), case.images, case.calibration_images)
        assert own == expected(case, drawn.nest), seed


def test_an_array_that_is_counted_by_hand() -> None:
    """MODEL.md M27: 6 positions by 3 channels of 7 elements on 4 x 2 PEs under `os`.

    The first lane group has two lanes, the second one. Each has a fold of two slots and one of
    four, so rows 0 and 1 do two outputs of a lane, and rows 2 and 3 one.
    """
    layer = linear(6, 7, 3, gate="none")
    (macs,) = pe_macs(job_of(layer), 0, 1)
    assert macs.tolist() == [[28, 14], [28, 14], [14, 7], [14, 7]]


def test_rows_that_a_reduction_leaves_unused() -> None:
    """Under `ws` 5 elements are folds of 1 and 4 rows: row 0 has two of them, all 6 positions."""
    layer = linear(6, 5, 1, gate="none")
    (macs,) = pe_macs(job_of(layer, changes={"array.dataflow": "ws"}), 0, 1)
    assert macs.tolist() == [[12, 0], [6, 0], [6, 0], [6, 0]]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("dense", {}),
        ("skip", {}),
        ("ideal", {}),
        ("combine", {"ways": 2, "open": 2}),
        ("combine", {"ways": 3, "open": 1}),
        ("queue", {"depth": 2, "scan": 4}),
        ("queue", {"depth": 1, "scan": 2}),
    ],
)
def test_a_scheduler_occupies_what_the_reference_issues(name: str, keys: dict[str, int]) -> None:
    columns = 5
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mask = rng.random((30, rng.integers(1, columns + 1))) < rng.choice([0.1, 0.3, 0.8])
        issue = schedule(mask.astype(int).tolist(), {"scheduler": name} | keys, columns)
        occupied = SCHEDULERS[name](**keys).occupied(mask, columns)
        assert [np.flatnonzero(slot).tolist() for slot in occupied] == [
            sorted(slot) for slot in issue.slots
        ]


def test_which_pe_does_what_is_open_under_a_mask_of_pixels() -> None:
    layer = conv(4, 4, 6, 3, padding=[1, 1], gate="input")
    with pytest.raises(InputError, match=r"'conv' on test-4x2: .* gates of outputs"):
        pe_macs(job_of(layer, scheme="pg"), 0, 1)


def test_which_pe_does_what_is_open_under_row_stationary() -> None:
    registers = {"activation_words": 12, "weight_words": 12, "sum_words": 2}
    changes = {"array.dataflow": "row_stationary"}
    changes |= {f"array.register_files.{key}": words for key, words in registers.items()}
    with pytest.raises(InputError, match="leaves open where in the array a set lies"):
        pe_macs(job_of(conv(2, 2, 5, 3, gate="none"), changes=changes), 0, 1)


def test_which_pe_does_what_is_open_where_values_decide() -> None:
    changes = {"array.pe.kind": "zero_skip", "array.pe.terms": 1}
    with pytest.raises(InputError, match="those of zero_skip go by values"):
        pe_macs(job_of(linear(6, 7, 3, gate="none"), changes=changes), 0, 1)
