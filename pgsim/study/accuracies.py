"""How accurate the networks of a table are, where the shipped traces of their names state it."""

from __future__ import annotations

from functools import cache

import pandas as pd

from pgsim.errors import InputError
from pgsim.files import shipped_names
from pgsim.schemes import scheme_named
from pgsim.study.rows import accuracy_of
from pgsim.workload import load_trace

ACCURACY = "accuracy"


def with_accuracy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the column `accuracy`, as it is where it has it.

    Of rows whose masks a model made, at the widths that it was trained at, it is what the shipped
    trace of that name states of the network that their scheme runs. Of all others it is unknown.
    """
    if ACCURACY in frame.columns:
        return frame
    names = frame["trace"].astype(str).str.partition("[")[0]
    is_trained = (frame["mask_source"] == "captured") | (
        (frame["mask_source"] == "none") & (names == frame["trace"])
    )
    known = [
        _stated(trace, scheme) if trained else float("nan")
        for trace, scheme, trained in zip(names, frame["scheme"], is_trained, strict=True)
    ]
    return frame.assign(**{ACCURACY: known})


@cache
def _stated(trace: str, scheme: str) -> float:
    """Return the accuracy that a shipped trace states of a network, NaN where it states none."""
    if trace not in shipped_names("traces", ".safetensors"):
        return float("nan")
    try:
        return accuracy_of(load_trace(trace, verify=False), scheme_named(scheme))
    except InputError:  # a scheme of other versions, or of a plug-in
        return float("nan")
