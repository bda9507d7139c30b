"""Cases of `cases` on two arrays side by side, one of which predicts (M59)."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from cases import Case, drawn_case, drawn_passes_case
from reference.layers import layer_of, passes_of
from reference.mapping import Job


def two_arrays_case(seed: int) -> Case:
    """A case whose rows are cut into an array that predicts and one that executes."""
    rng = Random(f"two arrays {seed}")
    while True:
        case = (drawn_case if rng.random() < 0.5 else drawn_passes_case)(rng, seed)
        array = case.arch["array"]
        if array["dataflow"] == "os" and array["rows"] > 1:
            return _cut(rng, case)


def _cut(rng: Random, case: Case) -> Case:
    array, memory = case.arch["array"], case.arch["memory"]
    own: dict[str, Any] = {
        "array": array | {"overlap": "folds", "predictor_share": _share(rng, array["rows"])},
        "memory": memory | {"ports": "slots", "double_buffered": True},
    }
    cap = memory["output_sram"]["kib"] * 4096 // (32 * array["columns"]) // array["rows"]
    window = rng.choice(("auto", array["rows"] * rng.randint(1, min(cap, 6))))
    return replace(case, arch=case.arch | own | {"lsb": case.arch["lsb"] | {"window": window}})


def _share(rng: Random, rows: int) -> float:
    """A share of one row or more, and not of all: even, between two numbers of rows, or near."""
    whole = rng.randint(1, rows - 1)
    near = round((whole + rng.uniform(-0.4, 0.4)) / rows, 3)
    between = (whole - 0.5) / rows if rows in (2, 4, 8) else near  # as a float exactly
    return rng.choice((whole / rows, near, between))


def predicts(case: Case) -> bool:
    """Whether the layer of a case has a gate that decides, so that both arrays work."""
    layer = layer_of(case.layer)
    return Job(layer, passes_of(layer, case.scheme), case.arch).predicts
