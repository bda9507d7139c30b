"""Builds designs with Verilator: translates them, compiles them once, and keeps the programs.

Most of a build is the C++ compiler's. So a design is one source file, because each would read
Verilator's headers again; `-Og` is the least optimization at which cases run fast; the run-time
library is compiled once for all; and `one_body.vlt` keeps the PEs from being compiled one by one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from rtl.builds import Build

SOURCES = Path(__file__).parent
TRANSLATION = ("verilator", "--cc", "--exe", "--main", "--timing", "--assert", "-O3", "-Wall")
ACCEPTED = (
    "-Wno-UNUSEDSIGNAL",  # a struct's fields are not all used wherever it goes
    "-Wno-BLKSEQ",  # the testbench assigns as programs do
    "-Wno-DECLFILENAME",  # the package `types`
)
OPTIMIZATION = "-Og"
CLOCK_ONLY = "module testbench; initial #1 $finish; endmodule\n"  # it passes time, as designs do

Programs = dict[str, "Future[Path]"]


@contextmanager
def verilated(builds: Iterable[Build], folder: Path) -> Iterator[Programs]:
    """Build designs side by side, one on each core, and give the programs to come by name.

    They are kept as `kept_in` says.
    """
    kept = kept_in(folder)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        library = pool.submit(run_time_library, kept)
        yield {build.name: pool.submit(verilate, build, kept, library) for build in builds}
        pool.shutdown(cancel_futures=True)


def kept_in(folder: Path) -> Path:
    """Return the folder that keeps what is built: PGSIM_RTL_BUILDS names it, else it is this."""
    return Path(os.environ.get("PGSIM_RTL_BUILDS", folder))


def verilate(build: Build, builds: Path, library: Future[Path], sources: Path = SOURCES) -> Path:
    """Build one design and return the program; one built before from the same text is kept."""
    lines = [_parameter(name, value) for name, value in build.parameters.items()]
    design = [path.read_text() for path in sorted([*sources.glob("*.sv"), *sources.glob("*.vlt")])]
    folder = builds / _digest([*lines, *design])
    program = folder / "obj" / "Vtestbench"
    if program.exists():
        return program
    with _made_apart(folder) as scratch:
        (scratch / "parameters.svh").write_text("".join(lines))
        files = [sources / name for name in ("one_body.vlt", "types.sv", "testbench.sv")]
        includes = [f"-I{sources}", f"-I{scratch}"]
        compiled("testbench", [*includes, *map(str, files)], scratch / "obj", library.result())
    return program


def compiled(top: str, arguments: Sequence[str], folder: Path, library: Path) -> Path:
    """Compile the module `top` into `folder`, linked to the run-time library; return the program.

    arguments: of Verilator, the files among them.
    """
    _translate(top, arguments, folder)
    objects = " ".join(map(str, sorted(library.glob("*.o"))))
    _make(top, folder, "VK_GLOBAL_OBJS=", f"USER_LDLIBS={objects}")
    return folder / f"V{top}"


def run_time_library(builds: Path) -> Path:
    """Compile what Verilator links to every design, once, and return the folder of its objects."""
    folder = (builds / f"library_{_digest([CLOCK_ONLY])}").resolve()
    if not folder.exists():
        with _made_apart(folder) as scratch:
            (scratch / "testbench.sv").write_text(CLOCK_ONLY)
            made = scratch / "obj"
            _translate("testbench", [str(scratch / "testbench.sv")], made)
            _make("testbench", made, f"OPT_GLOBAL={OPTIMIZATION}")
            for path in made.glob("verilated*.o"):
                path.replace(scratch / path.name)
            shutil.rmtree(made)
    return folder


@contextmanager
def _made_apart(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `folder` when it is complete.

    Several test processes may build the same design: none sees what another has half written, and
    the first that is done wins.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as apart:
        scratch = Path(apart).resolve() / folder.name
        scratch.mkdir()
        yield scratch
        try:
            scratch.replace(folder)
        except OSError:
            if not folder.exists():
                raise


def _translate(top: str, arguments: Sequence[str], folder: Path) -> None:
    """Turn a design into C++ and a makefile."""
    _run([*TRANSLATION, *ACCEPTED, "--top-module", top, "--Mdir", str(folder), *arguments])


def _make(top: str, folder: Path, *variables: str) -> None:
    """Compile a translated design, all of it at once."""
    own = (f"OPT_FAST={OPTIMIZATION}", "VM_PARALLEL_BUILDS=0")
    _run(["make", "-C", str(folder), "-f", f"V{top}.mk", *own, *variables])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr or done.stdout}")


def _digest(texts: Iterable[str]) -> str:
    """Name a build by all that it is made from."""
    version = subprocess.run(["verilator", "--version"], capture_output=True, text=True).stdout
    made_by = [version, *TRANSLATION, *ACCEPTED, OPTIMIZATION]
    return hashlib.sha256("".join([*made_by, *texts]).encode()).hexdigest()[:16]


def _parameter(name: str, value: object) -> str:
    """Return a constant's line in SystemVerilog."""
    match value:
        case str():
            return f'localparam string {name} = "{value}";\n'
        case bool():
            return f"localparam bit {name} = {int(value)};\n"
        case _:
            return f"localparam int {name} = {value};\n"
