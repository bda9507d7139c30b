"""Rounds of points: each is done as a whole, by processes that stay from one to the next."""

from __future__ import annotations

import os
import signal
from itertools import chain

import pytest
from pool_work import Numbered, double, end_by

from pgsim.errors import InputError
from pgsim.study.pool.rounds import rounds
from pgsim.study.pool.worker import Done, Failed


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_round_is_done_as_a_whole_and_another_follows(jobs: int) -> None:
    with rounds(double, jobs) as done:
        for points in ([3, 1, 2], [], [7], [5, 4]):
            assert dict(done(points)) == {point: Done(2 * point) for point in points}


def test_processes_stay_from_round_to_round_and_end_with_it() -> None:
    with rounds(Numbered(), 2) as done:
        of_rounds = [[outcome.result for _, outcome in done("ab")] for _ in range(4)]
    last = dict(chain(*of_rounds))  # what each process says at the end, of all that it did
    assert sorted(last.values()) == [4, 4]
    for process in last:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_process_that_ends_fails_its_point_alone() -> None:
    with rounds(end_by, 2) as done:
        first = dict(done([0, int(signal.SIGKILL)]))
        again = dict(done([0]))
    assert first[0] == again[0] == Done(0)
    failed = first[signal.SIGKILL]
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, InputError)


def test_no_process_starts_without_a_point() -> None:
    with rounds(fails_to_be_sent, 2):
        pass


def fails_to_be_sent(point: object) -> None:
    """Work of a module that no other process can import."""
