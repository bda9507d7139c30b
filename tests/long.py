"""The long checks, as one command: thousands of cases of the three models, and deliberate faults.

    python tests/long.py [SHARE]

needs Verilator 5, and two cores for about half an hour. SHARE of the cases, from above 0 to 1,
takes less. It runs

- the stepped reference against pgsim: 40,000 cases of named schemes, 2,000 of four passes, 4,000
  of gated inputs and as many of row stationary, 2,000 of a predictor beside an executor;
- the RTL of every design against pgsim: 340 cases of named schemes, as many of any passes, and 300
  of loop nests each;
- the faults of `tests/rtl/mutations.py`, each of which has to be caught;
- 10,000 layers and designs far beyond any that is built, refused or counted right;
- 20,000 random loop nests against a walk that keeps sets of elements, and 400 searches, dense and
  gated, against plain enumeration;
- sweeps that signals end, at 400 moments;
- timelines of 3,000 random designs, which an independent reader adds up.

Readers of files (`tests/fuzz`) and mutants (`tests/mutants`) have commands of their own, of hours.
As many run at a time as there are cores. What fails is printed whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parent
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0")
AGAINST_REFERENCE = str(TESTS / "test_against_reference.py")


@dataclass(frozen=True)
class Check:
    """A command, what it shows, and the environment that makes it long."""

    shows: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def checks(share: float) -> tuple[Check, ...]:
    """Return the checks with a share of their cases, the longest first."""

    def some(cases: int) -> str:
        return str(max(1, round(share * cases)))

    return (
        Check(
            f"the stepped reference, {some(40_000)} cases of named schemes",
            (*PYTEST, AGAINST_REFERENCE, "-k", "integer"),
            {"PGSIM_REFERENCE_SEEDS": some(40_000)},
        ),
        Check(
            f"the RTL of every design, {some(340)} cases of named schemes, as many of any passes, "
            f"{some(300)} of nests",
            (*PYTEST, *(str(TESTS / "rtl" / f"test_{name}.py") for name in ("rtl", "nests"))),
            {
                "PGSIM_RTL": "required",
                "PGSIM_RTL_BUILD_SET": "all",
                "PGSIM_RTL_CASES": some(340),
                "PGSIM_RTL_NEST_CASES": some(300),
            },
        ),
        Check("deliberate faults", (sys.executable, str(TESTS / "rtl" / "mutations.py"))),
        Check(
            f"{some(10_000)} layers and designs far beyond any that is built",
            (*PYTEST, str(TESTS / "test_any_design.py")),
            {"PGSIM_ANY_DESIGN_SEEDS": some(10_000)},
        ),
        Check(
            f"the stepped reference, {some(4_000)} cases of gated inputs",
            (*PYTEST, AGAINST_REFERENCE, "-k", "pixels"),
            {"PGSIM_REFERENCE_PIXELS_SEEDS": some(4_000)},
        ),
        Check(
            f"the stepped reference, {some(4_000)} cases of row stationary",
            (*PYTEST, AGAINST_REFERENCE, "-k", "rows"),
            {"PGSIM_REFERENCE_ROWS_SEEDS": some(4_000)},
        ),
        Check(
            f"the stepped reference, {some(2_000)} cases of four passes",
            (*PYTEST, AGAINST_REFERENCE, "-k", "four or products"),
            {"PGSIM_REFERENCE_PASSES_SEEDS": some(2_000)},
        ),
        Check(
            f"{some(20_000)} random loop nests, walked element by element",
            (*PYTEST, str(TESTS / "test_nests_against_reference.py")),
            {"PGSIM_REFERENCE_NESTS_SEEDS": some(20_000)},
        ),
        Check(
            f"{some(400)} searches for loop nests, dense and gated, beside plain enumeration",
            (*PYTEST, str(TESTS / "model" / "search" / "test_exhaustive.py")),
            {"PGSIM_SEARCH_SEEDS": some(400)},
        ),
        Check(
            f"sweeps that signals end, at {some(400)} moments",
            (*PYTEST, str(TESTS / "cli" / "test_sweep_ended.py"), "-k", "moment"),
            {"PGSIM_SWEEP_MOMENTS": some(400)},
        ),
        Check(
            f"timelines of {some(1_000)} designs each: named schemes, any passes, and nests",
            (*PYTEST, str(TESTS / "study" / "timeline"), "-k", "random"),
            {"PGSIM_TIMELINE_SEEDS": some(1_000)},
        ),
        Check(
            f"the stepped reference, {some(2_000)} cases of PEs that go by values",
            (*PYTEST, str(TESTS / "test_values_against_reference.py")),
            {"PGSIM_REFERENCE_VALUES_SEEDS": some(2_000)},
        ),
        Check(
            f"the stepped reference, {some(2_000)} cases of a predictor beside an executor",
            (*PYTEST, str(TESTS / "test_two_arrays_against_reference.py")),
            {"PGSIM_REFERENCE_TWO_ARRAYS_SEEDS": some(2_000)},
        ),
    )


def run(check: Check) -> tuple[bool, str]:
    """Run a check; return whether it passed, and a report with its last line, or all of them."""
    start = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=TESTS.parent,
        env=os.environ | check.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = done.stdout.strip().splitlines() or [""]
    said = lines[-1] if done.returncode == 0 else "\n".join(lines)
    word = "passed" if done.returncode == 0 else "FAILED"
    return (
        done.returncode == 0,
        f"{word} in {time.monotonic() - start:.0f} s: {check.shows}\n{said}",
    )


def main(share: float) -> int:
    """Run all checks, print what became of each, and return 1 if one failed."""
    asked = checks(share)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(run, check) for check in asked]
        passed = 0
        for future in as_completed(futures):
            ok, report = future.result()
            passed += ok
            print(report, flush=True)
    print(f"{passed} of {len(asked)} long checks passed")
    return int(passed < len(asked))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
