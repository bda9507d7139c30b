"""The layer that is looked at more closely: the one that takes the most cycles."""

from __future__ import annotations

from pgsim.results import LayerResult, Result


def costliest(result: Result) -> LayerResult:
    """Return the layer of the most cycles, the first of several."""
    return max(result.layer_results, key=lambda layer: int(layer.cycles.sum()))
