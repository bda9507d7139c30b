"""The command line as a whole: quick to help, and no traceback for what a person can mend."""

import errno
import subprocess
import sys

import pytest

import pgsim
from pgsim.cli import VERBS

HEAVY = ("matplotlib", "numba", "numpy", "pandas", "pydantic", "rich", "yaml")


def shell(*arguments, **options):
    command = [sys.executable, "-m", "pgsim", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_help_lists_every_verb_and_imports_nothing_heavy():
    code = (
        "import sys; sys.argv[1:] = ['--help']; from pgsim.cli import main\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    for verb, meaning in VERBS.items():
        assert f"{verb} " in done.stdout and meaning in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, run):
    shown = run(verb, "--help").output
    assert shown.startswith(f"Usage: pgsim {verb} ")


def test_the_version_is_the_package_s(run):
    assert run("--version").output == f"pgsim, version {pgsim.__version__}\n"


def test_an_unknown_verb_brings_the_nearest(run):
    assert "Did you mean 'simulate'?" in run("simulat", code=2).stderr


def test_wrong_input_is_one_message_and_exit_code_2():
    done = shell("simulate", "digits_pg_4_3", "--arch", "pg_os")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("pgsim: digits_pg_4_3: no such file")
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_message(run, monkeypatch):
    def fill(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device", "out.csv")

    monkeypatch.setattr("pgsim.cli.schemes.show", fill)
    assert run("schemes", code=2).stderr == "pgsim: out.csv: No space left on device\n"


def test_an_interrupt_ends_with_130(run, monkeypatch):
    def interrupt(table):
        raise KeyboardInterrupt

    monkeypatch.setattr("pgsim.cli.schemes.show", interrupt)
    result = run("schemes", code=130)
    assert result.stderr == "pgsim: interrupted\n"


def test_a_reader_who_leaves_hears_nothing_more():
    command = [sys.executable, "-m", "pgsim", "schemes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_piped_output_is_plain_and_at_most_100_wide():
    done = shell("compare", env={"TERM": "xterm-256color", "COLUMNS": "300"})
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
