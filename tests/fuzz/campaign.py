"""Many inputs, in processes of their own: what ends one is a finding, and the next goes on."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from fuzz.attempt import Failure, attempt
from fuzz.limits import WALL_SECONDS, bounded
from fuzz.reader import Reader
from fuzz.readers import READERS

_SHARE = 2500  # inputs of a process: a fresh one takes seconds to start


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


@contextmanager
def at_work(reader: Reader) -> Iterator[Path]:
    """Give a folder for a reader's inputs, and make it the working one."""
    came_from = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="pgsim-fuzz-") as name:
        folder = Path(name).resolve()
        os.chdir(folder)
        try:
            reader.prepare(folder)
            yield folder
        finally:
            os.chdir(came_from)


def in_this_process(reader: Reader, seed: int, indices: range) -> Outcome:
    """Try some inputs here, within the bounds of time and memory."""
    outcome = Outcome()
    with at_work(reader) as folder:
        warm_up(reader, folder)
        with bounded():
            for index in indices:
                outcome.add(*attempt(reader, seed, index, folder))
    return outcome


def warm_up(reader: Reader, folder: Path) -> None:
    """Use every valid file once: what is compiled or imported by it counts for no input."""
    for number, data in enumerate(reader.valid):
        path = folder / f"valid{number}{reader.suffix}"
        path.write_bytes(data)
        reader.use(path)


def campaign(readers: list[str], seed: int, count: int, jobs: int) -> dict[str, Outcome]:
    """Try `count` inputs of each reader in `jobs` processes at a time."""
    shares = [
        (name, range(start, min(start + _SHARE, count)))
        for start in range(0, count, _SHARE)
        for name in readers
    ]
    found = {name: Outcome() for name in readers}
    with ThreadPoolExecutor(jobs) as pool:
        for (name, _), outcome in zip(
            shares, pool.map(lambda share: _share(share[0], seed, share[1]), shares), strict=True
        ):
            found[name].tried += outcome.tried
            found[name].taken += outcome.taken
            found[name].failures += outcome.failures
    return found


def _share(name: str, seed: int, indices: range) -> Outcome:
    """Try some inputs in fresh processes: another one goes on after an input that ended one."""
    outcome = Outcome()
    while indices:
        indices = _as_far_as_one_goes(name, seed, indices, outcome)
    return outcome


def _as_far_as_one_goes(name: str, seed: int, indices: range, outcome: Outcome) -> range:
    """Try inputs in one process, and return those that are left when it ends."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, name, seed, indices), daemon=True)
    process.start()
    there.close()
    begun: int | None = None  # the input that is being tried
    said = "did not answer"
    try:
        while here.poll(2 * WALL_SECONDS):
            begun, result = here.recv()
            if result is not None:
                outcome.add(*result)
        process.kill()
    except EOFError:
        process.join()
        said = f"ended with {process.exitcode}"
    finally:
        process.kill()
        process.join()
    if begun is None:
        raise RuntimeError(f"{name}: a process {said} before its first input: run it with --only")
    if begun == indices[-1] + 1:
        return range(0)
    outcome.add(False, Failure(name, seed, begun, "crash", said, f"the process {said}"))
    return range(begun + 1, indices.stop)


def _work(there: Connection, name: str, seed: int, indices: range) -> None:
    """Try inputs in this process: say the number of the next one, and what became of the last."""
    reader = READERS[name]
    with at_work(reader) as folder:
        warm_up(reader, folder)
        there.send((indices[0], None))
        with bounded():
            for index in indices:
                there.send((index + 1, attempt(reader, seed, index, folder)))
