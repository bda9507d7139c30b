"""The command line as a whole: quick to help, and no traceback for what a person can mend."""

import errno
import os
import subprocess
import sys

import pytest

import pgsim
from pgsim.cli import VERBS
from pgsim.masks import synthetic_trace
from pgsim.results.table_files import read_table
from pgsim.workload import save_trace

from .conftest import CONV

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


@pytest.mark.parametrize("columns", [None, "80", "200"])
def test_piped_output_is_plain_and_as_wide_as_columns_says(columns):
    environment = {"TERM": "xterm-256color"} | ({"COLUMNS": columns} if columns else {})
    done = shell("schemes", env=environment)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= int(columns or 100)


def test_a_name_in_no_encoding_is_shown_escaped(tmp_path):
    """A pipe of ASCII, as under `LC_ALL=C`, and a file whose name is no UTF-8."""
    name = os.fsdecode(b"r\xfcn")
    layer = CONV | {"name": "\u5377\u79ef", "gate": "output"}
    save_trace(synthetic_trace([layer], images=2, density=0.5), tmp_path / f"{name}.safetensors")
    for verb in (["trace", "info"], ["simulate", "--arch", "pg_os", "-o", "out.csv"]):
        done = shell(*verb, f"{name}.safetensors", cwd=tmp_path,
                     env=os.environ | {"PYTHONIOENCODING": "ascii"})  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "r\\udcfcn" in done.stdout and "\\u5377\\u79ef" in done.stdout
    assert read_table(tmp_path / "out.csv").loc[0, ["trace", "layer"]].tolist() == [
        "r\\udcfcn", "\u5377\u79ef",
    ]  # fmt: skip


def test_an_argument_that_a_terminal_would_obey_is_spelled_out():
    done = shell("schemes", "\x1b[31mred\u202e")
    assert done.returncode == 2
    assert "(\\x1b[31mred\\u202e)" in done.stderr


def redirected(redirections, *arguments):
    """Run pgsim by a shell with these redirections."""
    line = f"{sys.executable} -m pgsim {' '.join(arguments)} {redirections}"
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)


def test_closed_streams_are_like_the_null_device(tmp_path, small):
    output = tmp_path / "out.csv"
    done = redirected("<&- >&- 2>&-", "simulate", str(small), "--arch", "pg_os", "-o", str(output))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(read_table(output)) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device here")
@pytest.mark.parametrize("arguments", ["schemes", "--help"])
def test_output_that_cannot_be_written_is_one_message(arguments):
    done = redirected("> /dev/full", arguments)
    assert done.returncode == 2
    assert done.stderr == "pgsim: standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["simulate"], "Missing argument 'TRACE'. Give a file, or one of char_lstm_pg_4_2"),
        (
            ["simulate", "digits_pg_4_2"],
            "Missing option '--arch'. Give a file, or one of bitfusion",
        ),
        (["arch", "show"], "Missing argument 'ARCH'. Give a file, or one of bitfusion"),
        (["trace"], "Commands:\n  check "),
        ([], "Commands:\n  simulate "),
    ],
)
def test_what_is_missing_is_said_with_what_there_is(arguments, hint, run):
    shown = run(*arguments, code=2).stderr
    assert hint in shown and "Error: Usage" not in shown


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("columns", ["80", "200"])
def test_no_help_runs_over_a_window(verb, columns, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    shown = run(verb, "--help").output
    assert max(map(len, shown.splitlines())) <= int(columns)
    assert "..." not in shown.replace("ARCH...", "").replace("TRACE...", "").replace("ARGS]...", "")


def test_the_command_line_tells_of_kernels_only_before_a_verb():
    code = "import sys; sys.argv[1:] = {!r}; from pgsim.cli import main\ntry: main()\n"
    code += "finally: print('pgsim.cli.compiling' in sys.modules)"
    for arguments, told in ((["--help"], "False"), (["schemes"], "True")):
        done = subprocess.run(
            [sys.executable, "-c", code.format(arguments)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.endswith(f"{told}\n")
