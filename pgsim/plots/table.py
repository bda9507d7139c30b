"""Figures of a table of results: what every design or layer spends, or one column over another."""

from __future__ import annotations

from itertools import cycle, islice, product
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from pgsim.errors import InputError, nearest
from pgsim.plots.columns import (
    axis_columns,
    check_columns,
    column_of,
    names_of,
    per_image,
    told_apart,
    value_by,
)
from pgsim.plots.drawing import (
    BLACK,
    BLUE,
    ENERGY,
    ENERGY_NOTE,
    GREEN,
    INCHES_PER_LINE,
    LATENCY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    breakdowns,
    larger_unit,
    si_ticks,
    wrapped,
    write_figure,
)
from pgsim.results import SUMMED

_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_STYLES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"))
_MOST_BARS = 200
_MOST_LINES = len(_COLOURS) * len(_STYLES)
