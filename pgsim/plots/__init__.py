"""Figures of comparisons and of tables of results, written as png, svg or pdf."""

from pgsim.plots.comparison import draw_comparison, plot_comparison
from pgsim.plots.table import draw_results, plot_results

__all__ = ["draw_comparison", "draw_results", "plot_comparison", "plot_results"]
