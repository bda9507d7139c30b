"""A capture's folder that others reach into: nothing of theirs is read, replaced or deleted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGConv2d, Shards, capture  # noqa: E402
from pgsim.workload import GateTrace, check_trace  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

BATCHES = torch.rand(20, 3, 8, 8, generator=torch.Generator().manual_seed(5)).split(5)


def run(folder: Path, batches: Any = BATCHES, resume: bool = True) -> GateTrace:
    torch.manual_seed(3)
    model = nn.Sequential(PGConv2d(3, 4, 3, padding=1, activation_bits=4, msb_bits=2))
    out = Shards(folder / "t", images=6, resume=resume)
    return capture(model, batches, model_name="m", dataset="d", out=out)


def cut_short() -> Iterator[Tensor]:
    yield from BATCHES[:3]
    raise KeyError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a capture that two of four shards of were written of."""
    with pytest.raises(KeyError):
        run(tmp_path, cut_short())
    return tmp_path / "t.capture"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_there_while_it_runs(folder: Path) -> None:
    assert names(folder) == ["00001.safetensors", "00002.safetensors", "progress.json"]
    run(folder.parent)
    assert names(folder.parent) == [f"t-0000{n}-of-00004.safetensors" for n in (1, 2, 3, 4)]


def a_file(path: Path) -> None:
    path.write_text("mine")


def a_folder(path: Path) -> None:
    path.mkdir()
    a_file(path / "within.txt")


def a_link(path: Path) -> None:
    outside = path.parent.parent / "outside"
    outside.mkdir()
    a_file(outside / "mine.txt")
    path.symlink_to(outside)


def a_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


FOREIGN = [a_file, a_folder, a_link, a_broken_link, a_pipe]


def left(root: Path) -> dict[str, tuple[int, str]]:
    """Return what lies below a folder: its kind, and of a link where it leads."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_mode,
            str(path.readlink()) if path.is_symlink() else "",
        )
        for path in root.rglob("*")
    }


@pytest.mark.parametrize("name", ["notes", "shard.safetensors", ".pgsim-mine.partial"])
@pytest.mark.parametrize("make", FOREIGN)
def test_what_others_put_there_stays(folder: Path, make: Callable[[Path], None], name: str) -> None:
    make(folder / name)
    before = left(folder.parent)
    with pytest.warns(UserWarning, match=rf"t\.capture is kept, because it holds {name}, which no"):
        run(folder.parent)
    after = left(folder.parent)
    assert names(folder) == [name]
    assert {
        path: what for path, what in before.items() if name in path or "outside" in path
    }.items() <= after.items()
    assert check_trace(folder.parent / "t") == []
    for shard in folder.parent.glob("t-*"):
        shard.unlink()
    with pytest.raises(InputError, match=rf"t\.capture: is in the way: it holds {name} and no"):
        run(folder.parent)


@pytest.mark.parametrize("name", ["progress.json", "00001.safetensors", "00003.safetensors"])
@pytest.mark.parametrize("make", FOREIGN[1:])
def test_what_stands_in_the_place_of_its_files_is_refused(
    folder: Path, make: Callable[[Path], None], name: str
) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    before = left(folder.parent)
    with pytest.raises(InputError, match=rf"{name}: is no plain file: .* remove the folder"):
        run(folder.parent)
    assert left(folder.parent) == before


@pytest.mark.parametrize("make", [a_file, a_link, a_broken_link, a_pipe])
def test_what_stands_in_the_place_of_the_folder_is_refused(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    place = tmp_path / "sub"
    place.mkdir()
    make(place / "t.capture")
    before = left(tmp_path)
    with pytest.raises(InputError, match=r"t\.capture: is in the way: it is no folder"):
        run(place)
    assert left(tmp_path) == before


def test_what_a_killed_capture_left_unfinished_goes(folder: Path) -> None:
    for name in (".pgsim-0123456789abcdef.partial", ".pgsim-fedcba9876543210.partial"):
        a_file(folder / name)
    run(folder.parent)
    assert not folder.exists()


def test_a_capture_killed_before_its_first_note_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "t.capture").mkdir()
    a_file(tmp_path / "t.capture" / ".pgsim-0123456789abcdef.partial")
    assert run(tmp_path).images == 20
    assert not (tmp_path / "t.capture").exists()


WRONG = {
    "negative": ({"shards": -1}, "'shards': .*greater than or equal to 0, not -1"),
    "too many": ({"shards": 10**9}, "'shards': .*less than or equal to 99999"),
    "no whole number": ({"shards": 1.5}, "'shards': .*integer, not 1.5"),
    "a truth": ({"shards": True}, "'shards': .*integer, not True"),
    "a text": ({"batches": "3"}, "'batches': .*integer, not '3'"),
    "negative batches": ({"batches": -3}, "'batches': .*not -3"),
    "no digest": ({"inputs_sha256": "0" * 63}, "'inputs_sha256': "),
    "no batches": ({"batches": 0}, "2 'shards' with 0 'batches'"),
    "complete": (
        {"shards": 0, "batches": 0, "inputs_sha256": "", "complete": True},
        "'complete' w",
    ),
    "asked": ({"asked": []}, "'asked': should be a valid dictionary"),
    "another key": ({"shard": 2}, "unknown field 'shard'. Did you mean 'shards'"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_progress_that_no_capture_wrote_is_refused_by_key(folder: Path, kind: str) -> None:
    changes, message = WRONG[kind]
    path = folder / "progress.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    before = left(folder.parent)
    with pytest.raises(InputError, match=rf"progress\.json: is no capture's: .*{message}"):
        run(folder.parent)
    assert left(folder.parent) == before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\x00", "[" * 5000, '{"asked": {}, "a": NaN}']
)
def test_a_progress_that_is_no_json_is_refused(folder: Path, text: str) -> None:
    (folder / "progress.json").write_text(text)
    with pytest.raises(InputError, match=r"progress\.json: is no capture's: "):
        run(folder.parent)


def test_more_shards_than_there_are_is_refused(folder: Path) -> None:
    path = folder / "progress.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"shards": 3}))
    with pytest.raises(InputError, match=r"00003\.safetensors: is missing"):
        run(folder.parent)


def test_a_shard_of_other_images_is_refused(folder: Path) -> None:
    (other,) = run_alone(folder.parent / "other")
    other.replace(folder / "00002.safetensors")
    with pytest.raises(InputError, match=r"00002\.safetensors: holds 5 images, expected 6"):
        run(folder.parent)


def run_alone(folder: Path) -> list[Path]:
    folder.mkdir()
    run(folder, BATCHES[:1])
    return list(folder.iterdir())


@pytest.mark.parametrize("make", FOREIGN)
def test_a_name_that_is_taken_meanwhile_is_not_replaced(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    place = tmp_path / "sub"
    place.mkdir()
    taken = place / "t-00002-of-00004.safetensors"

    def taking() -> Iterator[Tensor]:
        yield from BATCHES
        make(taken)

    with pytest.raises(
        InputError, match=r"t-00002-of-00004\.safetensors: is in the way of the capt"
    ):
        run(place, taking())
    assert names(place) == ["t-00002-of-00004.safetensors", "t.capture"]
    assert taken.lstat().st_mode
    taken.rename(tmp_path / "elsewhere")
    assert run(place).images == 20
    assert len(names(place)) == 4


def test_a_shard_that_goes_after_the_last_is_noticed(tmp_path: Path) -> None:
    def taking() -> Iterator[Tensor]:
        yield from BATCHES
        a_file(tmp_path / "t-00002-of-00004.safetensors")

    with pytest.raises(InputError, match="is in the way"):
        run(tmp_path, taking())
    (tmp_path / "t-00002-of-00004.safetensors").unlink()
    (tmp_path / "t.capture" / "00002.safetensors").unlink()
    with pytest.raises(InputError, match=r"00002\.safetensors: is missing"):
        run(tmp_path)
    assert (tmp_path / "t.capture" / "progress.json").exists()
