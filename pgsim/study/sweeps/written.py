"""Sweeps into files: each finished point durable in a journal, and at the end one table.

The journal stands beside the table (`journal`). A sweep that was ended goes on from it, and it goes
when all points are in the table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pgsim.errors import InputError
from pgsim.study.sweeps.checks import Progress, sweep_points
from pgsim.study.sweeps.digests import digests_of
from pgsim.study.sweeps.journal import (
    Journal,
    Shard,
    journal_path,
    opened_journal,
    read_records,
    sync_folder,
)
from pgsim.study.sweeps.order import batches
from pgsim.study.sweeps.points import Points
from pgsim.study.sweeps.records import frame_of
from pgsim.study.sweeps.run import Failure, Some, processes_of, ready, records_of
from pgsim.study.sweeps.spec import SweepSpec

if TYPE_CHECKING:
    import pandas as pd

_OF_A_CLUSTER = 64  # processes, about: for so many the points are parted


@dataclass
class Outcome:
    """What came of a sweep into a file.

    points: of it, or of its shard. before: that were finished when it began. rows: of the table; of
    a shard there is none. failures: points without a result, which the same call tries again.
    """

    points: int
    before: int
    rows: int = 0
    failures: list[Failure] = field(default_factory=list)


def sweep_into(
    output: str | Path,
    spec: SweepSpec,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    shard: Shard | None = None,
    progress: Progress | None = None,
    checking: Progress | None = None,
    failed: Callable[[Failure], object] | None = None,
) -> Outcome:
    """Simulate every point of a sweep into a table's file, and go on where an earlier call ended.

    Every finished point is on the disk before `progress` hears of it. A point that fails, or whose
    process dies, is told to `failed`, and the rest goes on; the table then lacks it. With a shard
    only its points run, and `merge_sweep` makes the table of all. With the address of the scheduler
    of a Dask cluster its workers do the work, and only this process writes.

    Raises InputError as `sweep` does before anything runs; and where the journal beside the table
    is of a sweep with another spec, trace, technology, architecture or pgsim, or is being written.
    """
    from pgsim.results.table_files import check_table_path

    output = check_table_path(output)
    check_apart(output, shard)
    processes = processes_of(jobs) if scheduler is None else _OF_A_CLUSTER
    with ready(spec, processes if scheduler is None else 1) as seats:
        points = sweep_points(spec, progress=checking)
        path = journal_path(output, shard)
        everyone = _of_shard(points, shard, points.is_kept, 1)
        count = sum(map(len, everyone)) if shard else len(points)
        with opened_journal(path, spec.point_count, count, digests_of(points)) as journal:
            outcome = Outcome(count, journal.finished)
            processes = max(1, min(processes, count - outcome.before))
            numbers = _of_shard(points, shard, lambda each: not journal.has(each), processes)
            every = records_of(points, numbers, processes, scheduler, seats)
            _keep(every, journal, outcome, progress, failed)
            if shard is None:
                outcome.rows = _write(journal.records(), output)
                if not outcome.failures:
                    path.unlink()
    return outcome


def check_apart(output: Path, shard: Shard | None = None) -> None:
    """Raise InputError where a sweep in one part would stand beside shards, or a shard beside it.

    What reads the table while it grows could not tell which of them is meant.
    """
    if shard is None:
        others, told = list(_shard_journals(output).values()), "shards of a sweep"
        hint = f", pgsim merge {output}"
    else:
        own = journal_path(output)
        others, told, hint = [own] if own.is_file() else [], "a sweep that is not in shards", ""
    if others:
        names = ", ".join(path.name for path in others)
        raise InputError(
            f"{output}: points of {told} stand beside it ({names}): give -o another name{hint}, "
            "or remove them"
        )


def _keep(
    every: Generator[Some, None, None],
    journal: Journal,
    outcome: Outcome,
    progress: Progress | None,
    failed: Callable[[Failure], object] | None,
) -> None:
    """Add to a journal what comes of the points that are not in it."""
    done = outcome.before
    if progress is not None and done:
        progress(done, outcome.points)
    with closing(every) as some_at_once:
        for some in some_at_once:
            if some.records:
                journal.add(some.records)
            for each in some.failures:
                outcome.failures.append(each)
                if failed is not None:
                    failed(each)
            done += len(some.records) + len(some.failures)
            if progress is not None:
                progress(done, outcome.points)


def _of_shard(
    points: Points, shard: Shard | None, wanted: Callable[[int], bool], processes: int
) -> Iterator[list[int]]:
    """Yield the batches of a shard, or all: each batch is in one shard as a whole."""
    takers = processes if shard is None else shard.parts
    for place, batch in enumerate(batches(points, wanted, takers)):
        if shard is None or place % shard.parts == shard.part - 1:
            yield batch


def _write(records: Iterator[bytes], output: Path) -> int:
    """Write the table of some records, durably, and return how many rows it has."""
    frame = frame_of(records)
    write_durably(frame, output)
    return len(frame)


def write_durably(frame: pd.DataFrame, output: Path) -> None:
    """Write a table, which is on the disk when this returns."""
    from pgsim.results.table_files import write_table

    write_table(frame, output)
    with output.open("rb") as file:
        os.fsync(file.fileno())
    sync_folder(output.resolve().parent)


class Merged(NamedTuple):
    """What came of a merge: rows of the table, and what of the sweep it lacks.

    lacking: points of the shards that stand beside it. missing: shards that do not, as one of
    which no point is finished.
    """

    rows: int
    lacking: int
    missing: tuple[Shard, ...] = ()


def merge_sweep(output: str | Path, *, partial: bool = False) -> Merged:
    """Write the table of a sweep whose shards have run.

    Their journals, which stand beside the table, go when all points are in it. With `partial` it
    may lack points that are not finished, such as some that failed, and whole shards, and the
    journals stay.

    Raises InputError where a shard is of another sweep, and where one is missing or not finished
    that the table is not to lack.
    """
    from pgsim.results.table_files import check_table_path

    output = check_table_path(output)
    paths = _shard_journals(output)
    if not paths:
        raise InputError(f"{output}: no shard of a sweep stands beside it")
    parts = {shard.parts for shard in paths}
    if len(parts) > 1:
        told = ", ".join(path.name for path in paths.values())
        raise InputError(f"{output}: shards of several sweeps stand beside it: {told}")
    every = (Shard(part, *parts) for part in range(1, max(parts) + 1))
    missing = tuple(shard for shard in every if shard not in paths)
    if missing and not partial:
        told = "shard {} is" if len(missing) == 1 else "shards {} are"
        raise InputError(
            f"{output}: {told.format(', '.join(map(str, missing)))} missing: run the sweep with "
            f"{' and '.join(f'--shard {each}' for each in missing)}, or merge with --partial"
        )
    records, lacking = _merged(paths, partial)
    rows = _write(iter(records), output)
    if not (lacking or missing):
        for path in paths.values():
            path.unlink()
    return Merged(rows, lacking, missing)


def _merged(paths: dict[Shard, Path], partial: bool) -> tuple[list[bytes], int]:
    """Return the records of all shards by number, and how many points have none.

    Raises InputError where shards do not fit, or points lack and the merge is not to be partial.
    """
    found: dict[int, bytes] = {}
    first, first_path, wanted = None, None, 0
    for shard, path in paths.items():
        told, records = read_records(path)
        first, first_path = first or told, first_path or path
        _check_fits(path, told, first_path, first)
        if len(records) != told["wanted"] and not partial:
            raise InputError(
                f"{path}: shard {shard} has {len(records):,} of its {told['wanted']:,} points: run "
                f"the sweep with --shard {shard} again, or merge with --partial"
            )
        found |= records
        wanted += told["wanted"]
    return [found[number] for number in sorted(found)], wanted - len(found)


def _check_fits(
    path: Path, told: Mapping[str, Any], first_path: Path, first: Mapping[str, Any]
) -> None:
    """Raise InputError where a journal is of another sweep than the first one."""
    if told.get("digests") != first.get("digests"):
        raise InputError(f"{path}: of another sweep than {first_path}: they must not be mixed")


def _shard_journals(output: Path) -> dict[Shard, Path]:
    """Return the journals of the shards of a table, by shard."""
    name = re.compile(rf"{re.escape(output.name)}\.(\d+)-of-(\d+)\.journal")
    found: dict[Shard, Path] = {}
    if not output.parent.is_dir():
        return found
    for path in output.parent.iterdir():
        if match := name.fullmatch(path.name):
            found[Shard(int(match[1]), int(match[2]))] = path
    return dict(sorted(found.items()))


def read_sweep(output: str | Path) -> pd.DataFrame:
    """Return the table of a sweep, while it runs too: of the points that are finished.

    Parameters
    ----------
    output : str or Path
        The file of ``pgsim sweep -o``, whether it is there already or not.

    Returns
    -------
    DataFrame
        The rows of `sweep`, by point, of what the journals beside the file hold; without any, the
        table itself.

    Raises
    ------
    InputError
        Where there is neither a journal nor a table, or it cannot be read; and where journals of
        several sweeps stand beside the file.

    Examples
    --------
    >>> read_sweep("nowhere.csv")
    Traceback (most recent call last):
    pgsim.errors.InputError: nowhere.csv: cannot be read: No such file or directory
    """
    from pgsim.results.table_files import read_table

    output = Path(output)
    own = journal_path(output)
    journals = [own] if own.is_file() else []
    journals += _shard_journals(output).values()
    if not journals:
        return read_table(output)
    records: dict[int, bytes] = {}
    first: Mapping[str, Any] | None = None
    for path in journals:
        told, own_records = read_records(path)
        first = first or told
        _check_fits(path, told, journals[0], first)
        records |= own_records
    return frame_of(records[number] for number in sorted(records))
