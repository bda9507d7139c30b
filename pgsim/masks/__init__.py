"""Masks made and measured: synthetic ones, ones like a real trace's, moved thresholds, measures."""

from pgsim.masks.fitting.fitted import fitted_trace
from pgsim.masks.margins import LayerMargins, Margins, layer_margins, moved_thresholds
from pgsim.masks.margins_file import load_margins, margins_beside, margins_path, save_margins
from pgsim.masks.measures import MaskMeasures, mask_measures
from pgsim.masks.synthetic import synthetic_trace

__all__ = [
    "LayerMargins",
    "Margins",
    "MaskMeasures",
    "fitted_trace",
    "layer_margins",
    "load_margins",
    "margins_beside",
    "margins_path",
    "mask_measures",
    "moved_thresholds",
    "save_margins",
    "synthetic_trace",
]
