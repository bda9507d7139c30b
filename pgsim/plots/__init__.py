"""Figures of tables, fronts, comparisons, systems, masks, windows and arrays, as png, svg or pdf.

What draws is imported when it is first used: `paths` checks a path without Matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgsim.plots.paths import check_plot_path

if TYPE_CHECKING:
    from pgsim.plots.array_use import draw_array_use, plot_array_use
    from pgsim.plots.comparison import draw_comparison, plot_comparison
    from pgsim.plots.heat import draw_heat_map, plot_heat_map
    from pgsim.plots.masks import draw_masks, plot_masks
    from pgsim.plots.pareto import draw_pareto, plot_pareto
    from pgsim.plots.roofline import draw_roofline, plot_roofline
    from pgsim.plots.sensitivity import draw_sensitivity
    from pgsim.plots.systems import draw_systems, plot_systems
    from pgsim.plots.table import draw_results, plot_results
    from pgsim.plots.windows import draw_windows, plot_windows

_HOMES = {
    "draw_array_use": "array_use",
    "draw_comparison": "comparison",
    "draw_heat_map": "heat",
    "draw_masks": "masks",
    "draw_pareto": "pareto",
    "draw_results": "table",
    "draw_roofline": "roofline",
    "draw_sensitivity": "sensitivity",
    "draw_systems": "systems",
    "draw_windows": "windows",
    "plot_array_use": "array_use",
    "plot_comparison": "comparison",
    "plot_heat_map": "heat",
    "plot_masks": "masks",
    "plot_pareto": "pareto",
    "plot_results": "table",
    "plot_roofline": "roofline",
    "plot_systems": "systems",
    "plot_windows": "windows",
}

__all__ = [
    "check_plot_path",
    "draw_array_use",
    "draw_comparison",
    "draw_heat_map",
    "draw_masks",
    "draw_pareto",
    "draw_results",
    "draw_roofline",
    "draw_sensitivity",
    "draw_systems",
    "draw_windows",
    "plot_array_use",
    "plot_comparison",
    "plot_heat_map",
    "plot_masks",
    "plot_pareto",
    "plot_results",
    "plot_roofline",
    "plot_systems",
    "plot_windows",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pgsim.plots' has no attribute {name!r}")
    return getattr(import_module(f"pgsim.plots.{_HOMES[name]}"), name)
