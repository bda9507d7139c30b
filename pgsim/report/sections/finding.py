"""What a simulation found, in a few sentences."""

from __future__ import annotations

from collections.abc import Mapping

from pgsim.plots.drawing import ENERGY, LATENCY
from pgsim.report.costliest import costliest
from pgsim.results import Result, Row
from pgsim.results.numbers import quantity

_PASSES = {"msb_cycles": "the first pass", "lsb_cycles": "the later passes"}


def finding(result: Result) -> str:
    """Return what an image takes, where most of it goes, and which layer takes most cycles."""
    summary, images = result.summary, result.images
    time = quantity(summary["time_us"] / images * 1e-6, "s")
    energy = quantity(summary["energy_pj_per_image"] * 1e-12, "J")
    layer = costliest(result)
    share = int(layer.cycles.sum()) / summary["cycles"]
    return (
        f"{result.trace.name} takes {time} and {energy} an image on {result.arch.name} under "
        f"{result.scheme}. The largest part of the time goes to "
        f"{_largest(summary, LATENCY, 'cycles')}, of the energy to "
        f"{_largest(summary, ENERGY, 'energy_pj')}. {layer.shape.name} is the costliest layer, "
        f"with {share:.0%} of the cycles."
    )


def _largest(summary: Row, parts: Mapping[str, tuple[str, str]], whole: str) -> str:
    """Return the largest part of a whole, in words, and its share."""
    part = max(parts, key=lambda name: summary[name])
    words = _PASSES.get(part, parts[part][0])
    return f"{words} ({summary[part] / summary[whole]:.0%})"
