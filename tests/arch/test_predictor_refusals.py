"""What a design cannot have of whose array a part predicts (M59)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from designs import design

from pgsim import InputError, compare, load_arch, simulate, windows, write_reports

SHARE = {"array.predictor_share": 0.25}


@pytest.mark.parametrize(
    ("key", "changes", "expected"),
    [
        ("array.dataflow", {"array.dataflow": "ws"}, "value 'ws': expected os"),
        ("array.overlap", {"array.overlap": "none"}, "value 'none': expected folds"),
        ("array.convention", {"array.convention": "scalesim"}, "expected pgsim"),
        ("array.pe.kind", {"array.pe.kind": "pragmatic"}, "one that takes gated passes"),
        ("memory.ports", {"memory.ports": "all"}, "value 'all': expected slots"),
        ("memory.double_buffered", {"memory.double_buffered": False}, "expected true"),
        ("mapping.kind", {"mapping.kind": "search"}, "expected the fixed order"),
    ],
)
def test_what_two_arrays_cannot_have_is_refused_by_name(
    key: str, changes: dict[str, object], expected: str
) -> None:
    design({"memory.ports": "slots"} | changes)  # one array has it
    with pytest.raises(InputError, match=re.escape(expected)) as error:
        design({"memory.ports": "slots"} | SHARE | changes)
    assert f"{key}: " in str(error.value)
    assert "where array.predictor_share is over 0" in str(error.value)


def test_a_nest_is_refused() -> None:
    path_design = load_arch("pg_os").override({"mapping": "fixed", "memory.ports": "slots"})
    nested = path_design.model_dump() | {"mapping": {"nests": [{"order": "NPQKC"}]}}
    nested["array"]["predictor_share"] = 0.25
    with pytest.raises(ValueError, match=r"without nests\) where array.predictor_share"):
        type(path_design).model_validate(nested)


@pytest.mark.parametrize(("share", "rows"), [(0.13, 1), (0.25, 1), (0.375, 2), (0.8, 3)])
def test_a_share_is_rounded_to_whole_rows_and_a_half_up(share: float, rows: int) -> None:
    """Of four rows: 0.52, 1, 1.5 and 3.2."""
    array = design({"array.predictor_share": share}).array
    assert (array.predictor_rows, array.predictor.rows, array.executor.rows) == (
        rows, rows, 4 - rows
    )  # fmt: skip
    assert array.predictor.predictor_share == array.executor.predictor_share == 0


@pytest.mark.parametrize("share", [0.12, 0.875, 1])
def test_both_arrays_need_a_row(share: float) -> None:
    with pytest.raises(InputError, match=r"expected 0, or from 0\.25 to 0\.75: of array\.rows"):
        design({"array.predictor_share": share})
    with pytest.raises(InputError, match=r"expected 0: of array\.rows \(1\)"):
        design({"array.predictor_share": share, "array.rows": 1})


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_is_a_part(share: float) -> None:
    with pytest.raises(InputError, match="expected a number from 0 to 1"):
        design({"array.predictor_share": share})


def test_what_knows_one_array_refuses_two(tmp_path: Path) -> None:
    two = load_arch("pg_os").override({"mapping": "fixed", "memory.ports": "slots", **SHARE})
    with pytest.raises(InputError, match=r"array\.predictor_share: value 0\.25: expected 0 in a"):
        compare("digits_pg_4_2", two)
    result = simulate("digits_pg_4_2", two, calibration_images=499)
    with pytest.raises(InputError, match=r"array\.predictor_share: SCALE-Sim's reports know one"):
        write_reports(result, tmp_path / "reports")
    with pytest.raises(
        InputError, match=r"array\.predictor_share: value 0\.25: expected 0, for no"
    ):
        windows("digits_pg_4_2", two, "conv5")
    with pytest.raises(InputError, match=r"mapping\.kind: expected the fixed order"):
        simulate("digits_pg_4_2", two, objective="edp")
