"""Where in the array work is done: the use of each PE, of a layer or of the network (M27)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError, nearest
from pgsim.model.pe_work import pe_macs

if TYPE_CHECKING:
    from pgsim.results.layer_results import LayerResult
    from pgsim.results.tables import Result

Use = npt.NDArray[np.float64]  # (rows, columns)

NETWORK = "network"


def array_use(result: Result, layers: Sequence[str] | None = None) -> dict[str, Use]:
    """Return how much of its peak each PE of the array does, layer by layer.

    Parameters
    ----------
    result : Result
        What `pgsim.simulate` returned.
    layers : sequence of str, optional
        Names of layers (default: all).

    Returns
    -------
    dict of str to ndarray
        By layer float64 (rows, columns), from 0 to 1; and of all layers together, under `network`,
        unless some were chosen. The mean over PEs is the `pe_utilization` of tables, NaN for a
        layer that takes no cycle.

    Raises
    ------
    InputError
        For a layer that there is not, and where it is open which PE does what: under masks of input
        pixels, for PEs that go by the values of operands, and for row stationary.

    Notes
    -----
    Source: MODEL.md M27.

    Examples
    --------
    >>> from pgsim import simulate
    >>> result = simulate("digits_pg_4_2", "pg_ws")
    >>> use = array_use(result, ["fc"])["fc"]
    >>> use.shape, round(float(use.mean() / result.rows[-1]["pe_utilization"]), 9)
    ((16, 16), 1.0)
    >>> int((use > 0).any(axis=0).sum())  # columns that its ten outputs use
    10
    """
    chosen = _chosen(result, layers)
    useful = [_useful(result, each) for each in chosen]
    cycles = [int(each.cycles.sum()) for each in chosen]
    names = [each.shape.name for each in chosen]
    if layers is None:
        whole = np.sum(useful, axis=0)
        useful, cycles, names = [whole, *useful], [sum(cycles), *cycles], [NETWORK, *names]
    operations, turns = result.arch.pe.peak
    return {
        name: own * turns / (operations * taken) if taken else np.full(own.shape, np.nan)
        for name, own, taken in zip(names, useful, cycles, strict=True)
    }


def _chosen(result: Result, layers: Sequence[str] | None) -> list[LayerResult]:
    by_name = {each.shape.name: each for each in result.layer_results}
    for name in layers or ():
        if name not in by_name:
            raise InputError(
                f"layers: expected names of layers of {result.trace.name}, not {name!r}."
                f"{nearest(name, by_name)}"
            )
    return list(by_name.values()) if layers is None else [by_name[name] for name in layers]


def _useful(result: Result, layer: LayerResult) -> npt.NDArray[np.float64]:
    """Return the useful bit operations of each PE in a layer, float64 (rows, columns)."""
    of_passes = pe_macs(layer.job, result.calibration_images, result.trace.images)
    array = result.arch.array
    found = np.zeros((array.rows, array.columns))
    for each, macs in zip(layer.passes, of_passes, strict=True):
        found += macs * float(each.activation_bits * each.weight_bits)
    return found
