"""The progress file of an interrupted capture, beside the shards that it has finished."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.mutators.json_edits import json_edit
from fuzz.reader import Broken, Reader
from pgsim import GateTrace, load_trace

_IMAGES, _BATCH, _SHARD = 7, 2, 3
_ABOUT = {"model_name": "small", "dataset": "noise", "provenance": {"seed": 3}}
_FOLDER, _PROGRESS = "t.capture", "progress.json"


class _Stopped(Exception):
    """What interrupts a capture."""


class ProgressReader(Reader):
    """A capture that goes on after an interruption, by what its progress file says."""

    name = "progress"
    suffix = ".json"
    mutators = (json_edit,)
    plain_inputs = 100
    needs = ("torch",)

    @cached_property
    def begun(self) -> dict[int, dict[str, bytes]]:
        """The files that a capture leaves which stops after so many batches."""
        return {after: _interrupted(after) for after in (0, 2, 3, 4)}

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """The progress files of these."""
        return tuple(files[_PROGRESS] for files in self.begun.values())

    @cached_property
    def whole(self) -> list[np.ndarray]:
        """The masks of a capture that nothing interrupts."""
        return _masks(_capture(None, iter(_batches())))

    def use(self, path: Path) -> None:
        """Go on with each interrupted capture, as if this were its progress file."""
        files = max(self.begun.values(), key=len)
        work = path.with_suffix("")
        folder = work / _FOLDER
        folder.mkdir(parents=True)
        (work / "theirs").write_bytes(b"not a capture's")
        for name, data in files.items():
            (folder / name).write_bytes(data)
        shutil.copy(path, folder / _PROGRESS)
        try:
            masks = _masks(_capture(work / "t", iter(_batches())))
            again = _masks(load_trace(work / "t"))
            if (work / "theirs").read_bytes() != b"not a capture's":
                raise Broken("a file of others is changed")
            for found in (masks, again):
                self._check(found, says_complete=b'"complete": true' in path.read_bytes())
        finally:
            shutil.rmtree(work)

    def _check(self, found: list[np.ndarray], says_complete: bool) -> None:
        """Raise Broken where masks are not those of a capture that nothing interrupts.

        A file that says that all is done is believed: then these are the masks of its shards.
        """
        images = len(found[0]) if says_complete else _IMAGES
        if not all(map(np.array_equal, found, (mask[:images] for mask in self.whole))):
            raise Broken("a capture that goes on gives other masks than a whole one")


def _masks(trace: GateTrace) -> list[np.ndarray]:
    return [layer.unpack() for layer in trace.layers]


def _batches() -> tuple[Any, ...]:
    import torch

    generator = torch.Generator().manual_seed(9)
    return torch.randn(_IMAGES, 6, generator=generator).split(_BATCH)


def _capture(path: Path | None, batches: Iterator[Any]) -> GateTrace:
    """Capture a small network's masks, in memory or in shards at a path."""
    import torch
    from torch import nn

    from pgsim.gating import PGLinear, Shards, capture

    torch.set_num_threads(1)
    torch.manual_seed(3)
    widths = {"activation_bits": 8, "msb_bits": 4, "clip": 1.0}
    model = nn.Sequential(
        PGLinear(6, 5, signed=True, **widths), nn.ReLU(), PGLinear(5, 4, **widths)
    )
    out = None if path is None else Shards(path, _SHARD, resume=True)
    return capture(model, batches, **_ABOUT, out=out)


def _interrupted(after: int) -> dict[str, bytes]:
    """Return the files of a capture's folder that stops after so many batches."""
    import tempfile

    def stopping() -> Iterator[Any]:
        yield from _batches()[:after]
        raise _Stopped

    with tempfile.TemporaryDirectory() as name:
        try:
            _capture(Path(name) / "t", stopping())
        except _Stopped:
            return {each.name: each.read_bytes() for each in (Path(name) / _FOLDER).iterdir()}
    raise AssertionError("a capture that is stopped does not end")


PROGRESS = ProgressReader()
