"""What a user sets beside a comparison, as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from designs import design, drawn, linear, trace_of
from shipped import in_fixed_order

from pgsim import InputError, compare, load_arch, load_trace, save_trace
from pgsim.study.beside import row_beside
from pgsim.study.rows import BESIDE

TRACE = trace_of(linear(6, 3, 1), drawn("x.x..x"), accuracy={"top1_pg": 0.9, "top1_uniform_8": 0.8})


@pytest.mark.parametrize(
    ("text", "scheme", "accuracy"),
    [
        ("fixed_8bit", "pg", 0.9),
        ("fixed_8bit:uniform:8,8", "uniform:8,8", 0.8),
        ("fixed_8bit:uniform:8", "uniform:8", 0.8),
        ("fixed_8bit:planes:2,2", "planes:2,2", None),
    ],
)
def test_a_design_runs_the_trace(text: str, scheme: str, accuracy: float | None) -> None:
    row = row_beside(text, TRACE, design())
    assert (row.name, row.group, row.scheme.name) == (text, BESIDE, scheme)
    assert row.trace is TRACE
    assert row.designs == (load_arch("fixed_8bit"),)
    assert row.accuracy == accuracy or (accuracy is None and row.accuracy != row.accuracy)


def test_a_trace_runs_on_the_design() -> None:
    arch = design()
    row = row_beside("digits_pg_4_2:msb_only", TRACE, arch)
    assert (row.trace.name, row.designs, row.scheme.name) == ("digits_pg_4_2", (arch,), "msb_only")
    assert row.accuracy == load_trace("digits_pg_4_2").accuracy["top1_msb_only"]


def test_a_width_of_a_switchable_network_is_its_own() -> None:
    stated = load_trace("resnet20_switchable_8_4_2").accuracy
    for bits in (8, 4, 2):
        row = row_beside(f"resnet20_switchable_8_4_2:uniform:{bits}", TRACE, design())
        assert row.accuracy == stated[f"top1_{bits}_bits"]


def test_files_are_found_by_path(tmp_path: Path) -> None:
    save_trace(TRACE, tmp_path / "mine.safetensors")
    assert row_beside(f"{tmp_path}/mine.safetensors:full", TRACE, design()).trace.name == "mine"
    with pytest.raises(InputError, match=r"none\.yaml: no such file"):
        row_beside("none.yaml", TRACE, design())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pg_oss", "Did you mean 'pg_os'"),
        ("digits_pg_4:pg", "Did you mean 'digits_pg_4_2'"),
        ("digits_pg_4_2", "a trace needs a scheme: digits_pg_4_2:full"),
        ("pg_os:unifrm:8", "Did you mean 'uniform:8,8'"),
        ("", "expected ARCH, ARCH:SCHEME or TRACE:SCHEME"),
    ],
)
def test_what_is_neither_is_refused_with_the_nearest_name(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        row_beside(text, TRACE, design())


def test_it_stands_in_the_comparison_per_image() -> None:
    """Of another data set and number of images: per image, and without a verdict on accuracy."""
    found = compare(TRACE, in_fixed_order("pg_ws"), beside=["digits_pg_4_2:full", "pg_os"]).designs
    row = found.set_index("design").loc["digits_pg_4_2:full"]
    base = found.set_index("design").loc["uniform 8,8"]
    assert (row["images"], base["images"]) == (500, 1)
    assert row["speedup"] == pytest.approx(base["time_us"] / (row["time_us"] / 500))
    assert row["verdict"] == "other task"
    assert found["design"].iloc[-1] == "pg_os"
