"""Lines of the package made wrong, one at a time: do the fast tests notice each?

    python tests/mutants [--seed 0] [--count 200] [--workers CORES] [--session FILE]

Cosmic Ray says where a line can be made wrong, and how (cosmic-ray.readthedocs.io). The seed draws
as many of those places as asked for, and one wrong line at each. Every mutant is put into a copy of
the tree, never into the checkout. The tests of its own module and folder run first there, then all
other fast tests, until one fails. Two hundred mutants are some two hours of one core.

Not drawn is what says nothing to a test: annotations, decorators, what is raised and its message,
blocks for type checkers, `strict=` of a `zip`, and a line that means what it meant. A mutant that
changes no result, so that no test can catch it, stands in `alike.yaml` with the reason.

A session remembers what became of each mutant, as Cosmic Ray's do (`cr-report FILE`). A run that is
given it goes on where it stopped, and tries those that survived again. The status is 1 if more than
one in twenty of the mutants that change anything survive.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import yaml
from copies import Copy, fast_tests
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkItem, WorkResult
from drawing import MUTATED, Mutant, drawn

ALIKE = Path(__file__).with_name("alike.yaml")  # wrong line -> why it changes nothing, by file
LEAST_CAUGHT = 0.95


def main(seed: int, count: int, workers: int, session: Path) -> int:
    """Test the mutants that are not known to be caught, print what became of all, judge them."""
    reasons = yaml.safe_load(ALIKE.read_text())
    mutants = drawn(seed, count)
    found = {each.key: reasons.get(each.file, {}).get(each.change[1]) for each in mutants}
    alike = {key: why for key, why in found.items() if why}
    with use_db(session) as db:
        known = {each.job_id for each in db.work_items}
        db.add_work_items(
            WorkItem.single(each.key, each.spec) for each in mutants if each.key not in known
        )
        done = caught_in(db) | alike.keys()
        run([each for each in mutants if each.key not in done], workers, db)
        return report(mutants, alike, caught_in(db))


def caught_in(db: WorkDB) -> set[str]:
    """Return the keys of mutants that a test has caught."""
    return {key for key, result in db.results if result.is_killed}


def run(mutants: list[Mutant], workers: int, db: WorkDB) -> None:
    """Test mutants, so many at a time, and note what became of each."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(min(workers, len(mutants))):
            copies.put(Copy(Path(scratch) / str(number), Path(scratch) / "kernels"))
        if mutants:
            check_clean(copies)
        jobs = {pool.submit(caught, each, copies): each for each in mutants}
        for job in as_completed(jobs):
            mutant, said = jobs[job], job.result()
            outcome = TestOutcome.KILLED if said else TestOutcome.SURVIVED
            change = " -> ".join(mutant.change)
            db.set_result(mutant.key, WorkResult(WorkerOutcome.NORMAL, said, outcome, change))
            print(f"{'caught' if said else 'SURVIVED':<10}{mutant}  {said}", flush=True)


@contextmanager
def borrowed(copies: SimpleQueue[Copy]) -> Iterator[Copy]:
    """Take a copy that nobody is using, and give it back."""
    copy = copies.get()
    yield copy
    copies.put(copy)


def caught(mutant: Mutant, copies: SimpleQueue[Copy]) -> str:
    """Return what a test says about a mutant; empty if none fails."""
    with borrowed(copies) as copy:
        return copy.caught(mutant)


def check_clean(copies: SimpleQueue[Copy]) -> None:
    """Run all fast tests without a mutant, which also compiles the kernels."""
    with borrowed(copies) as copy:
        for part in fast_tests(f"pgsim/{MUTATED[0]}/"):
            if said := copy.failure(part, copy.kernels):
                raise SystemExit(f"without a mutant the tests fail: nothing can be said\n{said}")


def report(mutants: list[Mutant], alike: Mapping[str, str], caught: set[str]) -> int:
    """Print who survived and why; return 1 if too few of those that change anything fell."""
    survived = [each for each in mutants if each.key not in caught | alike.keys()]
    for each in mutants:
        if each.key in alike:
            print(f"changes nothing: {each}\n    {alike[each.key]}")
    for each in survived:
        print(f"survived: {each}")
    telling = len(mutants) - len(alike)
    fell = telling - len(survived)
    print(
        f"{len(mutants)} mutants: {fell} caught, {len(alike)} change nothing, {len(survived)} "
        f"survived; {fell / max(1, telling):.1%} of those that change anything are caught"
    )
    return int(fell < LEAST_CAUGHT * telling)


if __name__ == "__main__":
    asks, _, _ = __doc__.partition("\n")
    parser = argparse.ArgumentParser("python tests/mutants", description=asks)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--session", type=Path, help="a file to go on from, made if missing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = given.session or Path(folder) / "session.sqlite"
        sys.exit(main(given.seed, given.count, given.workers, file))
