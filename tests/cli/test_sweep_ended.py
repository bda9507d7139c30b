"""A sweep that a signal ends, whenever it comes, leaves no process, and what it needs to go on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import cycle, islice

from pool_work import ENDING, default_signals, gone

from pgsim.study.sweeps.journal import read_records

MOMENTS = int(os.environ.get("PGSIM_SWEEP_MOMENTS", "6"))
KILLS = int(os.environ.get("PGSIM_SWEEP_KILLS", "3"))
POINTS = 500 if KILLS > 10 else 60
GONE_WITHIN_S = 20  # on a busy machine; on an idle one it is half a second


def begin(folder, *arguments):
    """Start a sweep of which every process has the folder in its command line.

    As an argument, or in the search path, which a sweep hands on to its processes.
    """
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return subprocess.Popen(
        [sys.executable, "-m", "pgsim", "sweep", folder / "spec.yaml", *arguments, "--jobs", "2"],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=default_signals,
    )


def test_a_sweep_ended_at_any_moment_leaves_no_half_of_a_file(small, tmp_path):
    spec, output = tmp_path / "spec.yaml", tmp_path / "out.csv"
    spec.write_text(f"traces: [{small}]\narchs: [pg_os]\naxes: {{array.rows: [2, 4, 8, 16]}}\n")
    start = time.monotonic()
    assert begin(tmp_path, "-o", output).wait() == 0
    whole_s = time.monotonic() - start
    whole = output.read_bytes()
    chosen = random.Random(7)
    for number, name in enumerate(islice(cycle(ENDING), MOMENTS)):
        before = b"old" if number % 2 else None  # the file that stands there, or none
        output.write_bytes(before) if before else output.unlink(missing_ok=True)
        sweep = begin(tmp_path, "-o", output)
        time.sleep(chosen.uniform(0, whole_s))
        sweep.send_signal(ENDING[name])
        code = sweep.wait(timeout=60)
        where = f"moment {number}, {name}, exit code {code}"
        assert gone(str(tmp_path), within_s=GONE_WITHIN_S), where
        names = {each.name for each in tmp_path.iterdir()}
        assert names <= {"spec.yaml", "out.csv", "out.csv.journal"}, where
        left = output.read_bytes() if output.exists() else None
        assert left == whole or (code and left == before), where
        assert begin(tmp_path, "-o", output).wait() == 0, where
        assert output.read_bytes() == whole, where
        assert {each.name for each in tmp_path.iterdir()} == {"spec.yaml", "out.csv"}, where


def finished_in(journal):
    """Each finished point with its line, of a journal whose last line may be cut short.

    No point stands there twice.
    """
    if not journal.exists() or b"\n" not in journal.read_bytes():
        return {}
    _, *lines = journal.read_bytes().splitlines(keepends=True)
    whole = read_records(journal)[1]
    assert len(lines) - len(whole) <= 1  # one at most was not written to its end
    assert set(Counter(whole.values()).values()) <= {1}
    assert sum(line in set(whole.values()) for line in lines) == len(whole)
    return whole


def test_a_killed_sweep_loses_nothing_and_computes_nothing_twice(small, tmp_path):
    """What is in the journal when the sweep is killed stays there, byte by byte, until its end."""
    spec, output = tmp_path / "spec.yaml", tmp_path / "out.csv"
    journal = tmp_path / "out.csv.journal"
    rows = list(range(1, POINTS // 2 + 1))
    axes = f"{{array.rows: {rows}, clock_mhz: [250, 500], mapping.kind: [fixed]}}"
    spec.write_text(f"traces: [{small}]\narchs: [pg_os]\naxes: {axes}\n")
    start = time.monotonic()
    assert begin(tmp_path, "-o", output).wait() == 0
    whole_s, whole = time.monotonic() - start, output.read_bytes()
    output.unlink()
    chosen, before, kills, resumed = random.Random(11), {}, 0, 0
    while kills < KILLS:
        sweep = begin(tmp_path, "-o", output)
        time.sleep(chosen.uniform(0.2, 0.7) * whole_s)
        sweep.kill()
        kills += sweep.wait(timeout=60) == -signal.SIGKILL  # else it had come to its end
        where = f"kill {kills}"
        assert gone(str(tmp_path), within_s=GONE_WITHIN_S), where
        now = finished_in(journal)
        if output.exists():
            assert output.read_bytes() == whole, where
            output.unlink()
            journal.unlink(missing_ok=True)
            now = {}
        else:
            assert before.items() <= now.items(), where
            resumed += bool(before)
        before = now
        assert {each.name for each in tmp_path.iterdir()} <= {"spec.yaml", "out.csv.journal"}, where
    assert begin(tmp_path, "-o", output).wait() == 0
    assert output.read_bytes() == whole
    assert {each.name for each in tmp_path.iterdir()} == {"spec.yaml", "out.csv"}
    assert resumed or KILLS < 10  # some of many kills came to a sweep that had gone on


IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def test_control_c_ends_it_with_one_line(small, tmp_path):
    """The terminal tells all processes in the foreground, and nobody prints a traceback."""
    spec, output = tmp_path / "spec.yaml", tmp_path / "out.csv"
    rows = list(range(1, 257))
    spec.write_text(f"traces: [{small}]\narchs: [pg_os]\naxes: {{array.rows: {rows}}}\n")
    command = [sys.executable, "-m", "pgsim", "sweep", spec, "-o", output, "--jobs", "2"]
    terminal = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *command],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=default_signals,
    )
    shown = b""
    while b"simulating" not in shown:
        read = os.read(terminal.stdout.fileno(), 4096)
        assert read, shown
        shown += read
    rest, _ = terminal.communicate(b"\x03")
    assert terminal.returncode == 130
    assert rest.decode().splitlines()[-1].endswith("pgsim: interrupted")
    assert b"Traceback" not in shown + rest
    assert gone(str(tmp_path), within_s=GONE_WITHIN_S)
    assert {each.name for each in tmp_path.iterdir()} <= {"spec.yaml", "out.csv.journal"}
