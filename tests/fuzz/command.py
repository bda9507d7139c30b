"""The command line: a campaign and its report, or one input again."""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fuzz.attempt import Failure, attempt
from fuzz.campaign import Outcome, at_work, campaign
from fuzz.limits import bounded
from fuzz.readers import READERS


def main(arguments: list[str]) -> int:
    """Run the command, and return 1 where an input failed."""
    asked = _parser().parse_args(arguments)
    readers = asked.readers or list(READERS)
    if asked.only is not None:
        return max([_again(name, asked.seed, asked.only) for name in readers])
    begun = time.monotonic()
    found = campaign([READERS[name] for name in readers], asked.seed, asked.count, asked.jobs)
    for name, outcome in found.items():
        print(report(name, outcome), flush=True)
    failed = sum(len(each.failures) for each in found.values())
    tried = sum(each.tried for each in found.values())
    print(f"{failed} of {tried} inputs failed, in {time.monotonic() - begun:.0f} s")
    return int(failed > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER", choices=[[], *READERS])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000, help="inputs of each reader")
    parser.add_argument(
        "--only", type=int, metavar="INDEX", help="try one input, and keep its file"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


def report(name: str, outcome: Outcome) -> str:
    """Return what became of a reader's inputs, one paragraph for each kind of failure."""
    lines = [
        f"{name}: {outcome.tried} inputs, {outcome.taken} taken, {len(outcome.failures)} failed"
    ]
    for (kind, where), failures in _kinds(outcome.failures):
        first = min(failures, key=lambda each: len(each.detail))
        lines += [
            f"  {len(failures)} x {kind}: {where}",
            f"    python tests/fuzz {name} --seed {first.seed} --only {first.index}",
            *(f"    | {line}" for line in first.detail.splitlines()[-12:]),
        ]
    return "\n".join(lines)


def _kinds(failures: Iterable[Failure]) -> list[tuple[tuple[str, str], list[Failure]]]:
    """Return failures that are likely one fault together, the most frequent first."""
    kinds: dict[tuple[str, str], list[Failure]] = defaultdict(list)
    for each in failures:
        kinds[each.kind, each.where].append(each)
    return sorted(kinds.items(), key=lambda item: -len(item[1]))


def _again(name: str, seed: int, index: int) -> int:
    """Try one input, keep its file, and say what became of it."""
    reader = READERS[name]
    made = reader.input(seed, index)
    kept = Path(f"fuzz-{name}-{seed}-{index}{reader.suffix}").resolve()
    kept.write_bytes(made.data)
    print(f"{kept}: {len(made.data)} bytes by {', '.join(made.steps) or 'no step'}")
    with at_work(reader) as folder, bounded():
        taken, failure = attempt(reader, seed, index, folder)
    said = f"{failure.kind}: {failure.where}\n{failure.detail}" if failure else "no failure"
    print(f"{name}: {'taken' if taken else 'refused'}, {said}")
    return int(failure is not None)
