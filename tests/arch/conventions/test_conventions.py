"""What a design may ask for under the conventions of other simulators (M51)."""

from __future__ import annotations

from typing import Any

import pytest
from designs import design

from pgsim import InputError
from pgsim.arch import CONVENTIONS


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"array.dataflow": "ws", "array.convention": "stonne"},
            "array.convention: value 'stonne': expected pgsim where array.dataflow is 'ws'; stonne "
            "knows os.",
        ),
        (
            {"array.dataflow": "bitfusion", "array.convention": "scalesim"},
            "array.convention: value 'scalesim': expected pgsim where array.dataflow is "
            "'bitfusion'; scalesim knows os, ws, is.",
        ),
        (
            {"array.convention": "scalsim"},
            "array.convention: value 'scalsim': expected one of pgsim, scalesim, stonne. Did you "
            "mean 'scalesim'?",
        ),
        (
            {"array.convention": "scalesim", "memory.ports": "all"},
            "memory.ports: value 'all': expected slots where array.convention is 'scalesim'.",
        ),
        (
            {"array.convention": "stonne", "mapping": "search"},
            "mapping.kind: value 'search': expected fixed where array.convention is 'stonne'.",
        ),
        (
            {"array.convention": "scalesim", "mapping.nests": [{"order": "NPQKC"}]},
            "mapping.nests: nests are given: expected none where array.convention is 'scalesim'.",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        design(changes)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("overlap", ["folds", "none"])
def test_only_pgsims_own_overlaps_folds(name: str, overlap: str) -> None:
    array = design({"array.convention": name, "array.overlap": overlap}).array
    assert array.folds_overlap == (name == "pgsim" and overlap == "folds")
