"""Many inputs, in processes of their own: what ends one is a finding, and the next goes on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from fuzz.attempt import Failure, attempt
from fuzz.limits import WALL_SECONDS, bounded
from fuzz.reader import Reader

_SHARE = 2500  # inputs of a process: a fresh one takes seconds to start
_SILENT_SECONDS = 2 * WALL_SECONDS  # after which a process is not waited for any more


@dataclass
class Outcome:
    """What became of a reader's inputs: how many were tried and taken, and all failures."""

    tried: int = 0
    taken: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, taken: bool, failure: Failure | None) -> None:
        """Count one more input."""
        self.tried += 1
        self.taken += taken
        if failure is not None:
            self.failures.append(failure)

    def include(self, other: Outcome) -> None:
        """Count what became of other inputs of the same reader."""
        self.tried += other.tried
        self.taken += other.taken
        self.failures += other.failures


@contextmanager
def at_work(reader: Reader) -> Iterator[Path]:
    """Give a folder for a reader's inputs, and make it the working one."""
    came_from = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="pgsim-fuzz-") as name:
        folder = Path(name).resolve()
        os.chdir(folder)
        try:
            reader.prepare(folder)
            _warm_up(reader, folder)
            yield folder
        finally:
            os.chdir(came_from)


def _warm_up(reader: Reader, folder: Path) -> None:
    """Use every valid file once: what is compiled or imported by it counts for no input."""
    for number, data in enumerate(reader.valid):
        path = folder / f"valid{number}{reader.suffix}"
        path.write_bytes(data)
        reader.use(path)


def in_this_process(reader: Reader, seed: int, indices: range) -> Outcome:
    """Try some inputs here, within the bounds of time and memory."""
    outcome = Outcome()
    with at_work(reader) as folder, bounded():
        for index in indices:
            outcome.add(*attempt(reader, seed, index, folder))
    return outcome


def campaign(readers: Sequence[Reader], seed: int, count: int, jobs: int) -> dict[str, Outcome]:
    """Try `count` inputs of each reader in `jobs` processes at a time."""
    shares = [
        (reader, range(start, min(start + _SHARE, count)))
        for start in range(0, count, _SHARE)
        for reader in readers
    ]
    found = {reader.name: Outcome() for reader in readers}
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda share: _in_fresh_processes(share[0], seed, share[1]), shares)
        for (reader, _), outcome in zip(shares, outcomes, strict=True):
            found[reader.name].include(outcome)
    return found


def _in_fresh_processes(reader: Reader, seed: int, indices: range) -> Outcome:
    """Try some inputs in one process, and in another those after an input that ended it."""
    outcome = Outcome()
    while indices:
        indices = _as_far_as_one_goes(reader, seed, indices, outcome)
    return outcome


def _as_far_as_one_goes(reader: Reader, seed: int, indices: range, outcome: Outcome) -> range:
    """Try inputs in one process, and return those that are left when it ends."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, reader, seed, indices), daemon=True)
    process.start()
    there.close()
    trying: int | None = None
    said = "did not answer"
    try:
        while here.poll(_SILENT_SECONDS):
            trying, result = here.recv()
            if result is not None:
                outcome.add(*result)
    except EOFError:
        process.join()
        said = f"ended with {process.exitcode}"
    finally:
        process.kill()
        process.join()
    if trying is None:
        raise RuntimeError(f"{reader.name}: a process {said} before its first input")
    if trying < indices.stop:
        outcome.add(False, Failure(reader.name, seed, trying, "crash", said, f"the process {said}"))
    return range(trying + 1, indices.stop)


def _work(there: Connection, reader: Reader, seed: int, indices: range) -> None:
    """Try inputs in this process: say which is the next, and what became of the one before."""
    with at_work(reader) as folder, bounded():
        there.send((indices.start, None))
        for index in indices:
            there.send((index + 1, attempt(reader, seed, index, folder)))
