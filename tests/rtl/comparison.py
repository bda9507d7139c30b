"""The RTL beside pgsim: the integers of `simulate`, what differs, and what the cases reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from listed_passes import scheme_of

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.workload import layer_shape
from rtl.cases import Case
from rtl.harness import COUNTS, MOVED, differences, mask_of, run


def simulated(case: Case) -> dict[str, Any]:
    """The integers of `simulate` for a case, its mask being that of the arithmetic.

    Where the layer is mapped by a nest, what DRAM moves of each operand is among them.
    """
    layer = layer_shape(case.layer)
    masks = {layer.name: mask_of(case)}
    trace = GateTrace.from_masks(masks, [layer], images=len(case.activations))
    arch = ArchConfig.model_validate(case.arch)
    (row,) = simulate(trace, arch, scheme_of(case.scheme)).rows
    return {name: row[name] for name in (*COUNTS, *(MOVED if case.nest else ()))}


def all_differences(
    cases: Sequence[tuple[Case, dict[str, Any]]], program: Path, folder: Path
) -> dict[int, dict[str, Any]]:
    """What differs, by the seeds of the cases in which something does."""
    observed = run(program, [case for case, _ in cases], folder)
    found = {
        case.seed: differences(case, own, counts)
        for (case, counts), own in zip(cases, observed, strict=True)
    }
    return {seed: differing for seed, differing in found.items() if differing}


def missed(least: dict[str, int], found: Iterable[Iterable[str]]) -> dict[str, int]:
    """The features found in too few cases, or found and not asked for, with the number of cases."""
    seen = Counter(name for names in found for name in names)
    return {
        name: seen[name] for name in {*least, *seen} if not 0 < least.get(name, 0) <= seen[name]
    }
