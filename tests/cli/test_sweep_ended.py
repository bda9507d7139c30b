"""A sweep that a signal ends, whenever it comes, leaves neither a process nor half a file."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from itertools import cycle, islice

from pool_work import ENDING, default_signals, gone

MOMENTS = int(os.environ.get("PGSIM_SWEEP_MOMENTS", "6"))
GONE_WITHIN_S = 20  # on a busy machine; on an idle one it is half a second


def test_a_sweep_ended_at_any_moment_leaves_nothing(small, tmp_path):
    spec, output = tmp_path / "spec.yaml", tmp_path / "out.csv"
    spec.write_text(f"traces: [{small}]\narchs: [pg_os]\naxes: {{array.rows: [2, 4, 8, 16]}}\n")
    # Every process that this starts has the folder in its command line: as an argument, or in the
    # search path, which a sweep hands on to its processes.
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])

    def begin():
        return subprocess.Popen(
            [sys.executable, "-m", "pgsim", "sweep", spec, "-o", output, "--jobs", "2"],
            env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=default_signals,
        )

    start = time.monotonic()
    assert begin().wait() == 0
    whole_s = time.monotonic() - start
    whole = output.read_bytes()
    chosen = random.Random(7)
    for number, name in enumerate(islice(cycle(ENDING), MOMENTS)):
        before = b"old" if number % 2 else None  # the file that stands there, or none
        output.write_bytes(before) if before else output.unlink(missing_ok=True)
        sweep = begin()
        time.sleep(chosen.uniform(0, whole_s))
        sweep.send_signal(ENDING[name])
        code = sweep.wait(timeout=60)
        where = f"moment {number}, {name}, exit code {code}"
        assert gone(str(tmp_path), within_s=GONE_WITHIN_S), where
        assert {each.name for each in tmp_path.iterdir()} <= {"spec.yaml", "out.csv"}, where
        left = output.read_bytes() if output.exists() else None
        assert left == whole or (code and left == before), where


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
    assert list(tmp_path.iterdir()) == [spec]
