"""The pool of a sweep: it works wherever it is called, ends its own processes and no others."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from itertools import count, islice
from threading import Thread

import pytest
from pool_work import (
    ENDING,
    Numbered,
    default_signals,
    double,
    end_by,
    fail,
    gone,
    process_after,
    running,
)

from pgsim.errors import InputError
from pgsim.study.pool.processes import run, started
from pgsim.study.pool.worker import Done, Failed

ENDS_WITHIN_S = 20  # on a busy machine; on an idle one it is half a second


def alone(points):
    """Each point in a batch of its own."""
    return ([point] for point in points)


def outcomes(work, batches, jobs=2):
    """Yield points with what came of each, one by one."""
    with closing(run(work, batches, jobs)) as some:
        for each in some:
            yield from each


def results(work, batches, jobs=2):
    """Every point with its result; none may fail."""
    found = list(outcomes(work, batches, jobs))
    assert all(isinstance(each, Done) for _, each in found)
    return {point: each.result for point, each in found}


DOUBLED = {0: 0, 1: 2, 2: 4, 3: 6, 4: 8, 5: 10, 6: 12}


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_point_has_its_result(jobs):
    assert results(double, alone(range(7)), jobs) == DOUBLED
    assert results(double, [[0, 1, 2, 3], [], [4], [5, 6]], jobs) == DOUBLED


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_processes_may_begin_before_their_work_is_known(jobs, tmp_path, monkeypatch):
    """Two of them do it; where there is but one process it is this one, and two are started."""
    monkeypatch.syspath_prepend(tmp_path)  # processes are told the search path, and show it
    with started(jobs, "pool_work") as seats:
        begun = {int(line.split()[0]) for line in running(str(tmp_path), "serve()")}
        assert len(begun) == len(seats) == {1: 0, 2: 2, 3: 3}[jobs]
        done = results_in(seats, process_after, alone([0.2, 0.3, 0.4, 0.5]))
        assert len(done) == 2 and os.getpid() not in done
        assert done <= begun or not begun
    assert not running(str(tmp_path), "serve()")


def results_in(seats, work, batches):
    """The results of all points in two processes, the first of some that are started."""
    return {each.result for some in run(work, batches, 2, seats) for _, each in some}


def test_points_are_taken_as_processes_become_free():
    taken = count()
    with closing(outcomes(double, alone(taken))) as found:
        assert {number for number, _ in islice(found, 3)} <= set(range(5))
    assert next(taken) <= 3 + 2  # those that came back, and one for each process


def test_who_has_nothing_to_do_takes_of_anothers_batch():
    """Each point sleeps for longer than an answer waits, so that it comes back alone."""
    processes = results(process_after, [[0.1 + place / 1e6 for place in range(8)]])
    assert len(processes) == 8 and len(set(processes.values())) == 2


def test_each_process_remembers_in_a_copy_of_its_own():
    work = Numbered()
    done = [each.result for _, each in outcomes(work, alone(range(8)))]
    by_process = {process: [] for process, _ in done}
    for process, number in done:
        by_process[process].append(number)
    assert work.done == 0
    assert os.getpid() not in by_process
    for numbers in by_process.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (signal.SIGKILL, "ended by SIGKILL, as happens when memory runs out: try fewer jobs"),
        (signal.SIGSEGV, "ended by SIGSEGV"),
        (-3, "ended with exit code 3: what it printed says why; jobs=1 works"),
    ],
)
def test_a_process_that_dies_is_reported_with_its_point_and_the_rest_goes_on(how, told):
    points = [0, 0, int(how), 0, 0]
    for batches in (alone(points), [points]):
        found = list(outcomes(end_by, batches))
        assert sorted(point for point, _ in found) == sorted(points)
        failed = [(point, each.error) for point, each in found if isinstance(each, Failed)]
        assert len(failed) == 1
        point, error = failed[0]
        assert point == how and isinstance(error, InputError)
        assert re.match(f"the process at work on it .*{told}", str(error))


def error_of(point, jobs=2):
    (found,) = outcomes(fail, [[point]], jobs)
    assert found[0] == point and isinstance(found[1], Failed)
    return found[1].error


def test_what_work_raises_is_what_came_of_the_point():
    for jobs in (1, 2):
        assert isinstance(error_of("key", jobs), KeyError)
        assert isinstance(error_of("memory", jobs), MemoryError)
    assert "In a process of the sweep" in error_of("key").__notes__[0]
    assert re.search("Unsendable: salt and pepper", str(error_of("unsendable")))


def test_without_an_interpreter_it_is_said_what_works(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(InputError, match=r"cannot be started: No such file.* jobs=1"):
        list(run(double, alone(range(3)), 2))


def test_an_interpreter_that_fails_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InputError, match=r"^a process of the sweep ended with exit code 1: "):
        list(run(double, alone(range(3)), 2))


def interpreter_killed(times, path, monkeypatch):
    """Let Python be a script that is killed so many times before it is Python.

    Each time takes one file away, which two processes at once cannot both do.
    """
    left, script = path / "left", path / "python"
    left.mkdir()
    for number in range(times):
        (left / str(number)).touch()
    script.write_text(
        f'#!/bin/sh\nfor each in "{left}"/*; do rm "$each" 2>/dev/null && kill -KILL $$; done\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


@pytest.mark.parametrize("batches", [[[3, 4, 5]], [[3], [4], [5]]])
def test_a_process_that_is_killed_before_it_begins_is_replaced_and_no_point_fails(
    batches, tmp_path, monkeypatch
):
    interpreter_killed(2, tmp_path, monkeypatch)
    assert results(double, batches) == {3: 6, 4: 8, 5: 10}
    assert not any((tmp_path / "left").iterdir())


def test_processes_that_are_killed_before_they_begin_again_and_again_end_it(tmp_path, monkeypatch):
    interpreter_killed(100, tmp_path, monkeypatch)
    with pytest.raises(InputError, match=r"^a process of the sweep was ended by SIGKILL, as "):
        list(run(double, alone(range(3)), 2))


def is_running(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_its_processes_end_with_it_and_no_others():
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    child = multiprocessing.get_context("spawn").Process(target=process_after, args=(600,))
    child.start()
    try:
        with closing(outcomes(process_after, alone([0, 0, 600, 600, 600]))) as found:
            own = {each.result for _, each in islice(found, 2)}
            assert all(map(is_running, own))
        assert not any(map(is_running, own))
        assert other.poll() is None and child.is_alive()
    finally:
        other.kill()
        other.wait()
        child.kill()
        child.join()


def test_pools_of_two_threads_do_not_harm_each_other():
    found = {}

    def work(points):
        found[points] = sorted(results(double, alone(range(points))).items())

    threads = [Thread(target=work, args=(points,)) for points in (2, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {points: [(n, 2 * n) for n in range(points)] for points in (2, 60)}


POOL = """
from pgsim.study.pool.processes import run
def told(work, points):
    return sorted((p, each.result) for some in run(work, ([p] for p in points), 2)
                  for p, each in some)
"""
DAEMONIC = (
    POOL
    + """
import multiprocessing, sys
def work():
    print(told(abs, [-3, -4, -5]), flush=True)
if __name__ == "__main__":
    child = multiprocessing.get_context(sys.argv[1]).Process(target=work, daemon=True)
    child.start()
    child.join()
"""
)


def python(arguments, path, program=""):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=program,
        cwd=path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def test_it_needs_no_main_module(tmp_path):
    program = POOL + "print(told(abs, [-3, -4, -5]))"
    script = tmp_path / "unguarded.py"
    script.write_text(program)
    expected = "[(-5, 5), (-4, 4), (-3, 3)]\n"
    assert python([script], tmp_path) == expected
    assert python(["-"], tmp_path, program) == expected
    assert python(["-c", program], tmp_path) == expected


def test_it_works_where_all_standard_streams_are_closed(tmp_path):
    script = tmp_path / "closed.py"
    result = tmp_path / "result"
    script.write_text(POOL + f"open({str(result)!r}, 'w').write(str(told(abs, [-3, -4])))")
    subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" "{script}" <&- >&- 2>&-'],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=True,
    )
    assert result.read_text() == "[(-4, 4), (-3, 3)]"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_it_works_in_a_daemonic_process(method, tmp_path):
    script = tmp_path / "daemonic.py"
    script.write_text(DAEMONIC)
    assert python([script, method], tmp_path) == "[(-5, 5), (-4, 4), (-3, 3)]\n"


SLEEPING = (
    POOL
    + """
import os, sys, time
from pool_work import process_after
results = run(process_after, ([each] for each in [0, 0, 600, 600]), 2)
next(results), next(results)
forked = 0
if sys.argv[1] == "forked":
    forked = os.fork() or time.sleep(600)
print(forked, flush=True)
list(results)
"""
)


@pytest.mark.parametrize(
    ("name", "way"), [*((name, "alone") for name in ENDING), ("SIGKILL", "forked")]
)
def test_processes_leave_with_their_parent(name, way, tmp_path):
    """However it ended, and also if a fork of it, which stays, holds its pipes open."""
    script = tmp_path / "sleeping.py"
    script.write_text(SLEEPING)
    parent = subprocess.Popen(
        [sys.executable, script, way],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=default_signals,
    )
    forked = int(parent.stdout.readline())
    try:
        assert len(running(str(tmp_path), "serve()")) == 2
        parent.send_signal(ENDING[name])
        parent.wait(timeout=60)
        parent.stdout.close()
        assert gone(str(tmp_path), "serve()", within_s=ENDS_WITHIN_S)
    finally:
        parent.kill()
        if forked:
            os.kill(forked, signal.SIGKILL)
