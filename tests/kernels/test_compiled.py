"""Compiled kernels are kept from one process to the next, and never outlive their sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pgsim.kernels import compiled

KERNELS = Path(__file__).parents[2] / "pgsim" / "kernels"
HELPER = """
from pgsim.kernels.compiled import kernel


@kernel
def helper(number):
    return number + 1
"""
CALLER = """
from pgsim.kernels.compiled import kernel
from pgsim.kernels.helper import helper


@kernel
def caller(number):
    return 2 * helper(number)
"""
CALL = """
from pgsim.kernels.caller import caller
print(caller({}), "loaded" if caller.stats.cache_hits else "compiled")
"""

TOLD = """
import logging
import sys
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(name)s: %(message)s")
logging.getLogger("numba").setLevel(logging.WARNING)
"""

MEET = """
import os, time
from pathlib import Path
from pgsim.kernels import compiled
locked, save = compiled.locked, compiled.KernelCache.save_overload
def touch_and_lock(file):
    Path("second").touch()
    return locked(file)
def save_late(*given):
    Path("first").touch()
    while not Path("second").exists():
        time.sleep(0.01)
    {late}
    return save(*given)
if {is_second}:
    compiled.locked = touch_and_lock
else:
    compiled.KernelCache.save_overload = save_late
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder with a copy of the kernels, and two small ones, of which one calls the other."""
    code = tmp_path / "code"
    shutil.copytree(
        KERNELS, code / "pgsim" / "kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    (code / "pgsim" / "__init__.py").touch()
    (code / "pgsim" / "kernels" / "helper.py").write_text(HELPER)
    (code / "pgsim" / "kernels" / "caller.py").write_text(CALLER)
    return code


@pytest.fixture
def only_temporary(code: Path) -> str:
    """Leave no place for the cache but the folder for temporary files; a path that no one can make.

    Files stand where folders are wanted, which stops root too.
    """
    (code / "pgsim" / "kernels" / "__pycache__").touch()
    (code.parent / "temporary").mkdir()
    return str(code.parent / "code" / "pgsim" / "__init__.py" / "folder")


def start(code: Path, script: str, **environment: str) -> subprocess.Popen[str]:
    """Start a script that imports the copy, in an empty folder and with few variables set."""
    here = code.parent / "here"
    here.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=here,
        env={
            **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
            "PYTHONPATH": str(code),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/nonexistent",
            "TMPDIR": str(code.parent / "temporary"),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> str:
    """What a process prints, once it has ended well and without a warning."""
    printed, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    return printed.strip()


def call(code: Path, number: str = "3", **environment: str) -> str:
    return output(start(code, CALL.format(number), **environment))


def test_a_second_process_does_not_compile(code: Path) -> None:
    assert call(code) == "8 compiled"
    assert call(code) == "8 loaded"
    assert call(code, "3.5") == "9.0 compiled"  # another type
    assert call(code, "3.5") == "9.0 loaded"


def test_what_is_compiled_is_told_to_those_who_listen(code: Path) -> None:
    told = output(start(code, TOLD + CALL.format(3))).splitlines()
    assert told[-1] == "8 compiled"
    assert told[0] == "pgsim.kernels.compiled: compiling pgsim.kernels.caller.caller"
    assert output(start(code, TOLD + CALL.format(3))) == "8 loaded"


def test_a_change_in_a_helpers_file_is_noticed(code: Path) -> None:
    assert call(code) == "8 compiled"
    (code / "pgsim" / "kernels" / "helper.py").write_text(HELPER.replace("+ 1", "+ 2"))
    assert call(code) == "10 compiled"
    (code / "pgsim" / "kernels" / "helper.py").write_text(HELPER)
    assert call(code) == "8 loaded"


def test_a_change_in_what_the_shipped_kernels_share_is_noticed(code: Path) -> None:
    count = (
        "import numpy as np; from pgsim.kernels.activity import activity\n"
        "one = np.array([0]), np.array([0, 1]), np.array([0, 64])\n"
        "counts = np.zeros((3, 1, 1, 1), np.int64)\n"
        "activity(np.full((1, 1, 1), 7, np.uint64), *one, counts, 0)\n"
        "print(counts.ravel())"
    )
    assert output(start(code, count)) == "[3 3 3]"
    words = code / "pgsim" / "kernels" / "words.py"
    right, wrong = "ctpop(arguments[0])", "ctpop(builder.not_(arguments[0]))"
    assert right in words.read_text()
    words.write_text(words.read_text().replace(right, wrong))
    assert output(start(code, count)) == "[61 61 61]"


def test_processes_may_compile_at_once(code: Path) -> None:
    numbers = {"3": "8", "3.5": "9.0"}
    processes = [start(code, CALL.format(number)) for number in [*numbers, *numbers]]
    printed = [output(process).rsplit(maxsplit=1)[0] for process in processes]
    assert printed == [*numbers.values(), *numbers.values()]
    for number, expected in numbers.items():
        assert call(code, number) == f"{expected} loaded"


def meet(code: Path, late: str) -> tuple[subprocess.Popen[str], subprocess.Popen[str]]:
    """Start two processes that want the same kernel, the second while the first one compiles it.

    late: what the first does when the second one finds the kernel missing.
    """
    both = []
    for is_second in (False, True):
        meet = MEET.format(late=late, is_second=is_second)
        both.append(start(code, meet + CALL.format(3)))
        while not (code.parent / "here" / "first").exists():
            time.sleep(0.01)
            assert both[0].poll() is None
    return both[0], both[1]


def test_processes_that_want_a_kernel_at_once_compile_it_once(code: Path) -> None:
    first, second = meet(code, "pass")
    assert (output(first), output(second)) == ("8 compiled", "8 loaded")
    assert not list(code.rglob("*.lock"))


def test_a_process_that_dies_while_it_compiles_is_not_waited_for(code: Path) -> None:
    first, second = meet(code, "os._exit(3)")
    assert output(second) == "8 compiled"
    first.communicate()
    assert first.returncode == 3
    assert not list(code.rglob("*.lock"))


def test_a_kernel_that_cannot_be_compiled_leaves_no_lock(code: Path) -> None:
    """Nor Python without its collector of garbage, which rests meanwhile."""
    script = "import gc; from numba import TypingError; from pgsim.kernels.caller import caller\n"
    script += "try: caller('text')\nexcept TypingError: print(gc.isenabled())"
    assert output(start(code, script)) == "True"
    assert not list(code.rglob("*.lock"))
    assert call(code) == "8 compiled"


def test_a_collector_that_is_off_stays_off(code: Path) -> None:
    script = "import gc; gc.disable()\n" + CALL.format(3) + "print(gc.isenabled())"
    assert output(start(code, script)) == "8 compiled\nFalse"


def test_where_nothing_can_be_locked_kernels_are_compiled(code: Path) -> None:
    script = "import fcntl\ndef refused(*_): raise OSError\nfcntl.flock = refused\n"
    assert output(start(code, script + CALL.format(3))) == "8 compiled"
    assert call(code) == "8 loaded"


@pytest.mark.parametrize("how", ["inner=True", "inlined=True"])
def test_an_inner_kernel_is_kept_as_a_part_of_its_callers(code: Path, how: str) -> None:
    """By hand: twice the sum of 3 and 1. Numba's own kernels are parts of it too: of `np.ones`."""
    helper = HELPER.replace("@kernel", f"@kernel({how})").replace("+ 1", "+ np.ones(1)[0]")
    (code / "pgsim" / "kernels" / "helper.py").write_text("import numpy as np\n" + helper)
    assert call(code) == "8.0 compiled"
    assert [each.name.split("-")[0] for each in code.rglob("*.kernel")] == [
        "pgsim.kernels.caller.caller"
    ]
    assert call(code) == "8.0 loaded"


def test_constants_have_no_kernels_of_their_own(code: Path) -> None:
    """By hand: 3 + 1 and 4 + 1, of arguments that are one and another constant, and a number."""
    caller = CALLER.replace("2 * helper(number)", "helper(3) * helper(4) + helper(number)")
    (code / "pgsim" / "kernels" / "caller.py").write_text(caller)
    script = CALL.format(3) + "from pgsim.kernels.helper import helper; print(helper.signatures)"
    assert output(start(code, script)) == "24 compiled\n[(int64,)]"


def test_a_damaged_file_is_replaced(code: Path) -> None:
    assert call(code) == "8 compiled"
    caller, helper = sorted(code.rglob("*.kernel"))
    caller.write_bytes(caller.read_bytes()[:-100])
    helper.write_bytes(b"nothing that was pickled")
    assert call(code) == "8 compiled"
    assert call(code) == "8 loaded"


def test_a_folder_may_vanish(code: Path) -> None:
    vanish = "import shutil; from pgsim.kernels.caller import caller\n"
    vanish += "shutil.rmtree(caller.stats.cache_path)\n"
    assert output(start(code, vanish + CALL.format(3))) == "8 compiled"


@pytest.mark.parametrize(
    "variable", ["HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "NUMBA_CACHE_LOCATOR_CLASSES"]
)
def test_a_variable_without_a_use_does_no_harm(
    code: Path, only_temporary: str, variable: str
) -> None:
    assert call(code, **{variable: only_temporary}) == "8 compiled"
    assert len(list((code.parent / "temporary").glob("pgsim-*/*.kernel"))) == 2
    assert not list((code.parent / "here").iterdir())


@pytest.mark.usefixtures("only_temporary")
def test_numba_may_be_imported_first_and_is_not_sent_elsewhere(code: Path) -> None:
    script = "import os, numba; before = dict(os.environ), numba.config.CACHE_DIR\n"
    script += CALL.format(3)
    script += "assert before == (dict(os.environ), numba.config.CACHE_DIR)"
    assert output(start(code, script)) == "8 compiled"
    assert output(start(code, script)) == "8 loaded"


def test_where_nothing_can_be_written_a_warning_says_what_to_do(
    code: Path, only_temporary: str
) -> None:
    script = f"import tempfile; tempfile.tempdir = {only_temporary!r}\n" + CALL.format(3)
    process = start(code, script)
    printed, errors = process.communicate()
    assert (process.returncode, printed.strip()) == (0, "8 compiled")
    assert errors.count("Warning") == 1
    assert "Set NUMBA_CACHE_DIR to a folder that you can write" in errors


@pytest.mark.usefixtures("only_temporary")
def test_what_another_user_could_have_written_is_not_run(code: Path) -> None:
    assert call(code) == "8 compiled"
    (folder,) = (code.parent / "temporary").glob("pgsim-*")
    folder.chmod(0o777)
    process = start(code, CALL.format(3))
    printed, errors = process.communicate()
    assert (process.returncode, printed.strip()) == (0, "8 compiled")
    assert "NUMBA_CACHE_DIR" in errors


def test_kernels_are_kept_from_the_first_that_is_compiled(tmp_path: Path) -> None:
    program = (
        "import numpy as np; from pgsim.kernels.compiled import are_kept\n"
        "from pgsim.kernels.slots import largest\n"
        "print(are_kept()); largest(np.array([1, 2])); print(are_kept())"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["False", "True"]


def test_where_there_is_no_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_folder", lambda: None)
    assert compiled.are_kept() is None
