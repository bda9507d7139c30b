"""Choices that are remembered, so that no later run searches for them again (MODEL.md M41).

Each is a line of a file: a digest of all that decides the search, what was chosen, and a checksum.
Lines are only added, each in one write, so that processes may share a file. What is damaged or
missing is searched for again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import numba
import numpy as np

from pgsim.kernels.cache_folder import cache_folder
from pgsim.kernels.sources import cache_digest
from pgsim.lazy import lazy
from pgsim.model.job import Job
from pgsim.model.search.mapped_by import Choice, choice_of
from pgsim.model.search.told import Untold, told
from pgsim.workload import LayerTrace
from pgsim.workload.trace_file import mask_digest

FOLDER = "PGSIM_NESTS_DIR"
_PACKAGE = Path(__file__).parents[2]
# Found now: sources that somebody changes later are not those that run.
_DIGEST = cache_digest(_PACKAGE, f"numpy {np.__version__}, numba {numba.__version__}")
_MOST_BYTES = 2**20  # of a file, of which there are 256 at most


@dataclass(frozen=True)
class Remembered:
    """What searches on one design chose, in this run and in earlier ones.

    design: all that decides what is chosen beside the layer. folder: None where nothing is kept.
    """

    design: Hashable
    folder: Path | None

    def choice(
        self, job: Job, images: int, about: Hashable, search: Callable[[], Choice]
    ) -> Choice:
        """Return what a search chooses for a layer, which is made where nobody remembers it.

        images: the first of the layer, whose masks may decide. about: what decides beside them.
        """
        if self.folder is None:
            return search()
        try:
            key = self._key(job, images, about)
        except Untold:
            return search()
        found = _choice_in(self._known.get(key, ""), job)
        if found is None:
            found = search()
            self._add(self.folder, key, found)
        return found

    def _key(self, job: Job, images: int, about: Hashable) -> str:
        text = told((job.alike, job.batch, about), lambda value: _of_trace(value, images))
        return sha256(f"{self._design} {text}".encode()).hexdigest()

    @lazy
    def _design(self) -> str:
        return sha256(told(self.design).encode()).hexdigest()

    @lazy
    def _known(self) -> dict[str, str]:
        """The lines of the design's file, by their keys."""
        text = ""
        if self.folder is not None:
            with suppress(OSError):
                text = self._file(self.folder).read_text("ascii", "replace")
        return {line.partition(" ")[0]: line for line in text.splitlines()}

    def _file(self, folder: Path) -> Path:
        return folder / f"{self._design[:2]}.nests"

    def _add(self, folder: Path, key: str, choice: Choice) -> None:
        text = " ".join([key, *choice.words])
        line = self._known[key] = f"{text} {_check(text)}"
        with suppress(OSError), self._file(folder).open("ab") as file:  # it only saves time
            if file.tell() > _MOST_BYTES:
                file.truncate(0)
            file.write(f"\n{line}\n".encode())  # after a line that a process left unfinished


def _of_trace(value: object, images: int) -> str | None:
    """Return a layer of a trace as text, by its geometry and its first masks; None of all else.

    No search asks for operands (M58).
    """
    if not isinstance(value, LayerTrace):
        return None
    return f"{told(value.shape.geometry)} {mask_digest(value, 0, images)}"


def nests_folder() -> Path | None:
    """Return the folder in which choices are remembered; None where none are.

    `PGSIM_NESTS_DIR` names it, and forbids it where it is empty. Else it is one of those in which
    compiled kernels may lie.
    """
    chosen = os.environ.get(FOLDER)
    return None if chosen == "" else _folder(chosen or getattr(numba.config, "CACHE_DIR", ""))


@cache
def _folder(chosen: str) -> Path | None:
    return None if _DIGEST is None else cache_folder(chosen, _PACKAGE, _DIGEST)


def _choice_in(line: str, job: Job) -> Choice | None:
    """Return what a line says was chosen for a layer; None where it is damaged."""
    text, _, check = line.rpartition(" ")
    return choice_of(text.split(" ")[1:], job) if check == _check(text) else None


def _check(text: str) -> str:
    return f"{crc32(text.encode()):08x}"
