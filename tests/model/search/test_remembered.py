"""Choices that earlier runs remember, beside searches that nobody remembers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pandas as pd
import pytest
from designs import conv, design, linear, random_mask, trace_of

from pgsim import GateTrace, LayerShape, WorkStore, simulate
from pgsim.model.search import choice, remembered

SEARCHED = {
    "mapping": "search",
    "mapping.objective": "edp",
    "batch": 2,
    "memory.dram.bytes_per_cycle": 1,
    **{
        f"memory.{name}_sram.{key}": value
        for name in ("activation", "weight", "output")
        for key, value in (("kib", 0.25), ("banks", 2), ("port_bits", 16))
    },
}
UNGATED = {"gate": "none", "msb_bits": None}
LAYERS: dict[str, LayerShape] = {
    "gated": conv(8, 9, 6, 3),
    "dense": conv(8, 9, 6, 3, **UNGATED),
    "tokens": linear(12, 40, 7),
}
MASK_IMAGES = 20  # more than are looked at


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which choices are remembered."""
    monkeypatch.setenv(remembered.FOLDER, str(tmp_path))
    return tmp_path


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The layers that were searched for, one after the other."""
    made: list[str] = []
    search = choice.searched

    def counted(job: Any, *given: Any, **named: Any) -> Any:
        made.append(job.shape.name)
        return search(job, *given, **named)

    monkeypatch.setattr(choice, "searched", counted)
    return made


def trace(name: str, images: int = MASK_IMAGES, seed: int = 0) -> GateTrace:
    layer = LAYERS[name]
    mask = random_mask(layer, images, seed) if layer.masked else None
    return trace_of(layer, mask, images=images)


def table(name: str = "gated", changes: dict[str, Any] | None = None, **given: Any) -> pd.DataFrame:
    asked = given.pop("trace", None)
    found = trace(name) if asked is None else asked
    return simulate(found, design(SEARCHED | (changes or {})), **given).layers


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.nests"))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("changes", [{}, {"batch": 3}, {"array.dataflow": "ws"}], ids=str)
def test_the_second_run_searches_for_nothing(
    name: str,
    changes: dict[str, Any],
    folder: Path,
    searches: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = table(name, changes)
    made = len(searches)
    second, shared = table(name, changes), table(name, changes, store=WorkStore())
    assert len(searches) == made > 0
    monkeypatch.setenv(remembered.FOLDER, "")  # and now nobody remembers
    alone = table(name, changes)
    assert len(searches) == 2 * made
    for each in (first, second, shared):
        pd.testing.assert_frame_equal(each, alone)


def flipped(image: int) -> GateTrace:
    """The gated trace with one bit of an image changed."""
    mask = random_mask(LAYERS["gated"], MASK_IMAGES)
    mask[image, 4, 7] ^= True
    return trace_of(LAYERS["gated"], mask)


DECIDES: dict[str, Callable[[], object]] = {
    "a bit of a mask": lambda: table(trace=flipped(3)),
    "images": lambda: table(trace=trace("gated", images=3)),
    "array": lambda: table(changes={"array.rows": 8}),
    "batch": lambda: table(changes={"batch": 1}),
    "scheduler": lambda: table(changes={"lsb.scheduler": "combine"}),
    "order of lanes": lambda: table(changes={"lsb.lane_order": "density"}),
    "buffer": lambda: table(changes={"memory.weight_sram.kib": 1}),
    "bandwidth": lambda: table(changes={"memory.dram.bytes_per_cycle": 3}),
    "prices": lambda: table(changes={"memory.dram.kind": "ddr3"}),
    "objective": lambda: table(objective="dram"),
    "images that decide": lambda: table(changes={"mapping.images": 2}),
    "calibration": lambda: table(calibration_images=2),
    "scheme": lambda: table(scheme="dual_dense"),
    "layer": lambda: table("tokens"),
}


@pytest.mark.parametrize("what", DECIDES)
def test_whatever_decides_is_searched_for_anew(
    what: str, folder: Path, searches: list[str]
) -> None:
    table()
    searches.clear()
    DECIDES[what]()
    assert searches
    searches.clear()
    DECIDES[what]()
    table()
    assert not searches


ALIKE: dict[str, Callable[[], object]] = {
    "a bit that is not looked at": lambda: table(trace=flipped(18)),
    "more images": lambda: table(trace=trace_of(LAYERS["gated"], more_images())),
    "names": lambda: table(changes={"name": "another"}),
    "nothing": table,
}


def more_images() -> np.ndarray:
    """The masks of the gated trace, and as many again."""
    mask = random_mask(LAYERS["gated"], MASK_IMAGES)
    return np.concatenate([mask, ~mask])


@pytest.mark.parametrize("what", ALIKE)
def test_what_decides_nothing_is_not_asked_for(
    what: str, folder: Path, searches: list[str]
) -> None:
    table()
    searches.clear()
    ALIKE[what]()
    assert not searches


def damaged(data: bytes) -> dict[str, bytes]:
    """Files that are not as they were left."""
    place = data.index(b" ", 2) + 1  # of the first word of what was chosen
    return {
        "cut": data[: len(data) - 5],
        "another word": data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :],
        "no checksum": data[: data.rindex(b" ")],
        "not a text": b"\xff\x00\n" + data.replace(b" ", b"\xfe"),
        "empty": b"",
    }


@pytest.mark.parametrize("how", damaged(b"\nkey fixed room 00000000\n"))
def test_what_is_damaged_is_searched_for_again(how: str, folder: Path, searches: list[str]) -> None:
    first = table()
    (file,) = files(folder)
    file.write_bytes(damaged(file.read_bytes())[how])
    searches.clear()
    again = table()
    assert searches
    pd.testing.assert_frame_equal(again, first)
    searches.clear()
    pd.testing.assert_frame_equal(table(), first)
    assert not searches


def test_a_full_file_begins_anew(
    folder: Path, searches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_MOST_BYTES", 0)
    table()
    (file,) = files(folder)
    size_bytes = file.stat().st_size
    table(trace=flipped(0))
    assert file.stat().st_size < 2 * size_bytes
    searches.clear()
    table(trace=flipped(0))
    assert not searches
    table()
    assert searches


def test_a_folder_that_cannot_be_used_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(remembered.FOLDER, str(tmp_path))
    folder = remembered.nests_folder()
    assert folder is not None
    expected = table()
    (file,) = files(tmp_path)
    file.unlink()
    file.mkdir()
    pd.testing.assert_frame_equal(table(), expected)


def test_other_processes_remember_too(folder: Path, searches: list[str]) -> None:
    program = "import pgsim; pgsim.simulate('digits_pg_4_2', 'fixed_8bit', 'full')"
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)
    assert files(folder)
    simulate("digits_pg_4_2", "fixed_8bit", "full")
    assert not searches


def test_nothing_is_remembered_of_kinds_that_are_not_pgsims(
    folder: Path, searches: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(design().scheduler), "__module__", "elsewhere")
    table()
    table()
    assert len(searches) == 2
    assert not files(folder)


def test_the_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.setenv(remembered.FOLDER, "")
    assert remembered.nests_folder() is None
    monkeypatch.setenv(remembered.FOLDER, str(tmp_path / "nests"))
    found = remembered.nests_folder()
    assert found is not None and found.parent == tmp_path / "nests"
    monkeypatch.delenv(remembered.FOLDER)
    found = remembered.nests_folder()
    assert found is not None and found.parent == tmp_path / "kernels"
