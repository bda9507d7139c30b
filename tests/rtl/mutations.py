"""Faults put into the kernels and the RTL, one line each: does the suite catch every one?

    python tests/rtl/mutations.py

Each fault is made in a copy of the sources, and the cases of one build are run there, as the suite
runs them. It is caught if they fail, in the comparison or by an assertion of the RTL; a fault
that does not even build says nothing and is an error. First all those builds are run without a
fault, and must pass. A fault in the RTL is run beside the package of that first copy, whose kernels
are compiled by then.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("tests", "pyproject.toml")
PACKAGE = ("pgsim", "traces", "arch_configs")
RUN = (
    "test_rtl.py::test_rtl_equals_arithmetic_and_pgsim",
    "test_rtl.py::test_passes_of_any_number",
    "test_rtl.py::test_gated_inputs",
    "test_nests.py::test_rtl_walks_the_nest_as_pgsim_does",
)


@dataclass(frozen=True)
class Fault:
    """A line that is right, the one that is wrong, and the build whose cases should tell."""

    what: str
    file: str
    right: str
    wrong: str
    build: str


FAULTS = (
    Fault(
        "a fold does not ask for the pixels of its last tap",
        "tests/rtl/pixel_schedule.sv",
        "tap <= (ends - 1) / given.depth;",
        "tap < (ends - 1) / given.depth;",
        "4x2,dataflow=ws",
    ),
    Fault(
        "pixels that are not important are added",
        "tests/rtl/slot_feed.sv",
        "first + m >= 0 && (!by_pixels",
        "first + m >= 0 && (1 || !by_pixels",
        "4x2,dataflow=ws",
    ),
    Fault(
        "a fold that issues nothing takes its time",
        "pgsim/model/fold_by_fold.py",
        "begin = begin + fold.happens * self._spacing(fold)",
        "begin = begin + self._spacing(fold)",
        "4x2,dataflow=ws",
    ),
    Fault(
        "a fold ends a cycle before its column's bus is free",
        "tests/rtl/sequencer.sv",
        "since_end + pass.steps * pass.cycles >= ROWS;",
        "since_end + pass.steps * pass.cycles >= ROWS - 1;",
        "4x4",
    ),
    Fault(
        "operands that stay are replaced a cycle too late",
        "tests/rtl/lane_feed.sv",
        "assign loading = last_row + 1 < ROWS;",
        "assign loading = last_row < ROWS;",
        "4x4,dataflow=ws",
    ),
    Fault(
        "a window's schedule begins where the one before ended",
        "tests/rtl/mask_window.sv",
        "assign first = row.slot == '0;",
        "assign first = row.slot == '0 && !row.half;",
        "4x4",
    ),
    Fault(
        "combine joins slots that share a lane",
        "tests/rtl/scheduler_combine.sv",
        "(used[p*LANES+:LANES] & active) == '0",
        "(used[p*LANES+:LANES] & active) != active",
        "2x6,scheduler=combine,ways=3,open=4",
    ),
    Fault(
        "a FIFO of the queue takes one entry too many",
        "tests/rtl/scheduler_queue.sv",
        "32'(levels_before[lane*LEVEL_BITS+:LEVEL_BITS]) == DEPTH",
        "32'(levels_before[lane*LEVEL_BITS+:LEVEL_BITS]) == DEPTH + 1",
        "2x6,dataflow=ws,scheduler=queue,depth=4,scan=2",
    ),
    Fault(
        "the gate opens at its threshold",
        "tests/rtl/comparator.sv",
        "sum > threshold",
        "sum >= threshold",
        "4x4,dataflow=ws",
    ),
    Fault(
        "the slots' buffer is read by more words a cycle than it has banks",
        "tests/rtl/read_ahead.sv",
        "accesses = words < longint'(banks) ? int'(words) : banks;",
        "accesses = words < longint'(banks) ? int'(words) : banks + 1;",
        "4x4",
    ),
    Fault(
        "a bank forgets what earlier beats read of it",
        "pgsim/kernels/banks.py",
        "needed = read * words + own * points[point, 0]",
        "needed = own * points[point, 0]",
        "4x2,dataflow=ws",
    ),
    Fault(
        "what is on demand waits for what else DRAM moves",
        "tests/rtl/dram_port.sv",
        "assign demand_moves = demand_earlier > 0;",
        "assign demand_moves = demand_earlier > 0 && earlier <= 0;",
        "2x6,dataflow=ws,scheduler=queue,depth=4,scan=2",
    ),
    Fault(
        "a fold loads while its pass waits for what is on demand",
        "tests/rtl/sequencer.sv",
        ": !moves && !ready && !waits_for_dram && pass.happens",
        ": !moves && !ready && pass.happens",
        "3x5,dataflow=ws,overlap=none,gate_latency_cycles=2",
    ),
    Fault(
        "a word across two folds is read once",
        "tests/rtl/slot_feed.sv",
        "(STATIONARY ? words_before(first_element) : words_upto(first_element));",
        "words_upto(first_element);",
        "4x2,dataflow=ws",
    ),
    Fault(
        "a fold's last step does not wait for rows that are not loaded",
        "tests/rtl/all_ports.sv",
        "if (ends_fold) elements = left;",
        "if (ends_fold) elements = 0;",
        "4x2,dataflow=ws",
    ),
    Fault(
        "a step may use what is read in the next cycle",
        "tests/rtl/read_ahead.sv",
        "starved = ends_step && longint'(step_bits) > waiting_before + held;",
        "starved = ends_step && longint'(step_bits) > waiting_before + 2 * held;",
        "4x4",
    ),
    Fault(
        "a transfer takes a cycle less",
        "tests/rtl/dram_port.sv",
        "assign idle = left <= 0;",
        "assign idle = left <= longint'(bytes_per_cycle);",
        "4x4",
    ),
    Fault(
        "an LSB sum goes to the other half of the output buffer",
        "tests/rtl/column_foot.sv",
        "sums[{half, slot}] <= stored;",
        "sums[{half ^ leaving.index[0], slot}] <= stored;",
        "4x4,dataflow=ws",
    ),
    Fault(
        "the first pass decides alone",
        "tests/rtl/accelerator.sv",
        "int'(leaving[c].index) == leading - 1",
        "leaving[c].index == 0",
        "4x4",
    ),
    Fault(
        "a pass's sums are not scaled by its plane of the weights",
        "tests/rtl/accelerator.sv",
        ".scale(sweep.activation.low + sweep.weight.low)",
        ".scale(sweep.activation.low)",
        "4x4,dataflow=ws",
    ),
    Fault(
        "a plane below the top bit has a sign",
        "tests/rtl/types.sv",
        "return plane.low < operand_bits && plane.low + plane.bits >= operand_bits;",
        "return plane.low < operand_bits;",
        "4x4",
    ),
    Fault(
        "gated passes begin before their mask is known",
        "tests/rtl/sequencer.sv",
        "gate_known = !pass.sweep.gated || layer.gates_inputs || windows_known > pass.turn;",
        "gate_known = !pass.sweep.gated || layer.gates_inputs || windows_known >= pass.turn;",
        "4x4",
    ),
    Fault(
        "a dense pass behind a gated one is of the tile that leads",
        "tests/rtl/pass_order.sv",
        "interleaved && index >= leading ? at.turn - 1 : at.turn;",
        "interleaved && layer.sweeps[index_t'(index)].gated ? at.turn - 1 : at.turn;",
        "4x4",
    ),
    Fault(
        "a hold of activations ends when channels advance, which do not matter to it",
        "tests/rtl/types.sv",
        "MATTER[OPERANDS] = '{5'b10111,",
        "MATTER[OPERANDS] = '{5'b11111,",
        "4x2",
    ),
    Fault(
        "a halo that is held is fetched again",
        "tests/rtl/nest_plan.sv",
        "if (reached < 0) new_inputs",
        "new_inputs",
        "4x2",
    ),
    Fault(
        "unfinished sums are taken to stay while the next loop advances",
        "tests/rtl/nest_plan.sv",
        "if (d > place_of_inputs && d < depths[SUMS]",
        "if (d > place_of_inputs + 1 && d < depths[SUMS]",
        "3x2,overlap=none",
    ),
    Fault(
        "a gated pass finds input blocks that are gone",
        "tests/rtl/nest_plan.sv",
        "!gated || one_block || depths[o] <= place_of_inputs;",
        "1;",
        "4x2",
    ),
    Fault(
        "a turn's mask is known with its first lane group",
        "tests/rtl/mask_window.sv",
        "row_tile.slots - 1 && row_tile.ends_turn;",
        "row_tile.slots - 1;",
        "4x2,scheduler=combine,ways=2,open=3,gate_latency_cycles=2,double_buffered=False",
    ),
    Fault(
        "an input block's sums begin anew",
        "tests/rtl/column_foot.sv",
        "leaving.begins_sum ? '0 : unfinished;",
        "'0;",
        "4x2,dataflow=ws",
    ),
    Fault(
        "a halo that is held is fetched again, in the kernel",
        "pgsim/kernels/nests.py",
        "if seen_by[row] < 0:",
        "if seen_by[row] < own:",
        "4x2",
    ),
    Fault(
        "the last sum leaves a cycle early, in the kernel",
        "pgsim/kernels/timeline.py",
        "now = max(now, pass_end + order.skew_cycles)",
        "now = max(now, pass_end + order.skew_cycles - 1)",
        "4x4",
    ),
    Fault(
        "the mask is known without its latency, in the kernel",
        "pgsim/kernels/timeline.py",
        "pass_end + order.skew_cycles + order.gate_latency_cycles",
        "pass_end + order.skew_cycles",
        "6x3,dataflow=ws,scheduler=combine,ways=3,open=4,gate_latency_cycles=1",
    ),
    Fault(
        "an issue slot takes a slot too many, in the kernel",
        "pgsim/kernels/held.py",
        "np.uint64(min(table.ways, 65))",
        "np.uint64(min(table.ways + 1, 65))",
        "2x8,scheduler=combine,ways=2,open=4",
    ),
    Fault(
        "the scanner never has another share, in the kernel",
        "pgsim/kernels/queue.py",
        "pushed = pushed * (1 - ends) + 1",
        "pushed = pushed + 1",
        "2x6,dataflow=ws,scheduler=queue,depth=4,scan=2",
    ),
    Fault(
        "an image's mask leaks into that of the image before, in the kernel",
        "pgsim/kernels/layout.py",
        "begin = (image % batch) * positions",
        "begin = (image % batch) * (positions - 1)",
        "4x4",
    ),
)


def main() -> int:
    """Try every fault, print what became of each, and return 1 if one was not caught."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        builds = Path(os.environ.get("PGSIM_RTL_BUILDS", f"{scratch}/builds"))
        plain = copied(Path(scratch) / "plain", *PACKAGE, *TESTS)
        used = sorted({fault.build for fault in FAULTS})
        for build, passed in zip(
            used, pool.map(lambda name: passes(plain, plain, name, builds), used), strict=True
        ):
            if not passed:
                print(f"without a fault, {build} fails: nothing can be said")
                return 1
        caught = list(pool.map(lambda fault: is_caught(fault, plain, builds), FAULTS))
    for fault, found in zip(FAULTS, caught, strict=True):
        print(f"{'caught' if found else 'NOT CAUGHT':<12}{fault.what}  ({fault.file})")
    print(f"{sum(caught)} of {len(FAULTS)} faults caught")
    return int(not all(caught))


def copied(folder: Path, *names: str) -> Path:
    """Copy some of the sources."""
    folder.mkdir()
    for name in names:
        source = ROOT / name
        if source.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__", "*.nbc", "*.nbi")
            shutil.copytree(source, folder / name, ignore=unwanted)
        else:
            shutil.copy(source, folder)
    return folder


def is_caught(fault: Fault, plain: Path, builds: Path) -> bool:
    """Make one fault in a copy of its own and say whether its build's cases fail."""
    in_package = fault.file.startswith("pgsim/")
    parts = (*PACKAGE, *TESTS) if in_package else TESTS
    folder = copied(plain.parent / f"fault_{FAULTS.index(fault)}", *parts)
    path = folder / fault.file
    text = path.read_text()
    if text.count(fault.right) != 1:
        raise SystemExit(f"{fault.file}: {fault.right!r} is there {text.count(fault.right)} times")
    path.write_text(text.replace(fault.right, fault.wrong))
    return not passes(folder, folder if in_package else plain, fault.build, builds)


def passes(folder: Path, package: Path, build: str, builds: Path) -> bool:
    """Say whether a build's cases pass in a copy of the tests, with the pgsim of a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *(f"tests/rtl/{test}[{build}]" for test in RUN)],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": str(package),
            "PGSIM_RTL": "required",
            "PGSIM_RTL_BUILD_SET": "all",
            "PGSIM_RTL_BUILDS": str(builds),
            "NUMBA_CACHE_DIR": str(package / "numba"),
        },
        capture_output=True,
        text=True,
    )
    wrong = re.search(
        r"AssertionError: assert not \{|Assertion failed in TOP|not done after", done.stdout
    )
    if done.returncode and not wrong:
        raise SystemExit(f"{build}: {done.stdout}{done.stderr}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
