"""How accurate the networks of a table are, where the shipped traces of their names state it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from pgsim.errors import InputError
from pgsim.files import shipped_names
from pgsim.results.mask_sources import MASK_SOURCES
from pgsim.results.network_bits import inner_bits
from pgsim.schemes import Scheme, network_passes, scheme_named
from pgsim.schemes.scheme import whole_pass
from pgsim.workload import GateTrace, load_trace

if TYPE_CHECKING:
    import pandas as pd

ACCURACY = "accuracy"


def where_asked(frame: pd.DataFrame, columns: Iterable[str | None]) -> pd.DataFrame:
    """Return a table with the column `accuracy` if that is among the columns asked for."""
    return with_accuracy(frame) if ACCURACY in columns else frame


def with_accuracy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the column `accuracy`, as it is where it has it.

    Of rows whose masks a model made, at the widths that it was trained at, it is what the shipped
    trace of that name states of the network that their scheme runs. Of all others it is unknown.
    """
    if ACCURACY in frame.columns:
        return frame
    names = frame["trace"].astype(str).str.partition("[")[0]
    sources = (MASK_SOURCES.get(str(each)) for each in frame["mask_source"])
    known = [
        _stated(trace, scheme) if source and source.is_trained(renamed=renamed) else float("nan")
        for trace, scheme, source, renamed in zip(
            names, frame["scheme"], sources, names != frame["trace"], strict=True
        )
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


def accuracy_of(trace: GateTrace, scheme: Scheme) -> float:
    """Return the top-1 accuracy that a trace states of its network run so, NaN for none."""
    stated, networks = trace.accuracy, scheme.networks
    if _is_whole(trace, scheme):
        networks = (*networks, *inner_bits(trace).scheme.networks)
    keys = (f"top1_{network}" for network in networks)
    return next((stated[key] for key in keys if key in stated), float("nan"))


def _is_whole(trace: GateTrace, scheme: Scheme) -> bool:
    """Say whether a trace gates nothing, and a scheme takes all of its bits in one pass."""
    if any(layer.shards for layer in trace.layers):
        return False
    whole = {layer.shape.name: (whole_pass(layer),) for layer in trace.layers}
    return network_passes(trace.layers, scheme) == whole
