"""A script that shows what pgsim says of some kinds: their names in, all outputs out, in JSON.

A question is a list of (key of the design or "scheme", name, whether to compare and draw too).
"""

from __future__ import annotations

import json
import shlex
import sys
import warnings
from typing import Any

import matplotlib.lines
import matplotlib.patches
import matplotlib.text
import pandas as pd
from click.testing import CliRunner
from matplotlib.figure import Figure
from shipped import fixed_order_settings, in_fixed_order

from pgsim import compare, load_arch, load_trace, simulate
from pgsim.cli import VERBS, pgsim
from pgsim.errors import ClockWarning
from pgsim.plots.comparison import draw_comparison
from pgsim.plots.table import draw_results

TRACE, DESIGN = "digits_pg_4_2", "pg_os"
warnings.simplefilter("ignore", ClockWarning)  # of schedulers that its clock is too fast for

# Where rules of ports, buffers, windows and edges that the design never meets have their say.
HARSH = (
    {
        "lsb.window": 16,
        "memory.lsb_fetch": "on_demand",
        **{
            f"memory.{buffer}_sram.{key}": value
            for buffer in ("activation", "weight")
            for key, value in {"kib": 4, "banks": 1, "port_bits": 32}.items()
        },
    },
    {
        "array.overlap": "none",
        "memory.double_buffered": False,
        "memory.ports": "all",
        "batch": 3,
    },
)


def printed(line: str) -> str:
    """Return what a command prints."""
    return CliRunner().invoke(pgsim, shlex.split(line), catch_exceptions=False).output


def drawn(figure: Figure) -> list[Any]:
    """Return the words of a figure, its bars and its lines, but not where they are on paper."""
    words = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    bars = [
        [*bar.get_xy(), bar.get_width(), bar.get_height(), bar.get_facecolor()]
        for bar in figure.findobj(matplotlib.patches.Rectangle)
    ]
    lines = [line.get_xydata().tolist() for line in figure.findobj(matplotlib.lines.Line2D)]
    return [words, bars, lines]


def outputs(key: str, name: str, *, compared: bool) -> dict[str, Any]:
    """Return all that pgsim says of a kind on the shipped digits, mostly in the fixed order."""
    trace, design = load_trace(TRACE), in_fixed_order(DESIGN)
    scheme = name if key == "scheme" else "pg"
    change = {} if key == "scheme" else {key: name, "name": design.name}
    chosen = design.override(change)
    result = simulate(trace, chosen, scheme)
    settings = shlex.join(fixed_order_settings(DESIGN, change))  # which do not tell of a change
    settings += f" --scheme {name}" if key == "scheme" else ""
    said: dict[str, Any] = {
        "layers": result.layers.to_csv(),
        "summary": result.summary,
        "harsh": [
            simulate(trace, design.override(change | harsh), scheme).layers.to_csv()
            for harsh in HARSH
        ],
        "simulate": printed(f"simulate {TRACE} --arch {DESIGN} {settings}"),
    }
    if key != "scheme":
        for verb in ("show", "area"):
            said[verb] = printed(f"arch {verb} {DESIGN} {settings}")
    if compared:
        base = simulate(trace, design, "uniform:8,8")
        said["results"] = drawn(draw_results(pd.concat([base.layers, result.layers])))
        searched = simulate(trace, load_arch(DESIGN).override(change), scheme)
        said["searched"] = searched.layers.to_csv()
        comparison = compare(trace, chosen)
        said["comparison"] = drawn(draw_comparison(comparison))
        # Names tell what an alternative changes, which is less where the design has it already.
        said["designs"] = comparison.designs.drop(columns="arch").to_csv()
        said["finding"] = [comparison.finding, *comparison.warnings]
        if key != "scheme":
            said["compare"] = printed(f"compare {TRACE} --arch {DESIGN} {settings} --layers")
    return said


def lists() -> dict[str, str]:
    """Return what pgsim prints of no kind in particular."""
    lines = ["arch list", "schemes", *(f"{verb} --help" for verb in VERBS)]
    return {line: printed(line) for line in lines}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    answers = [outputs(key, name, compared=compared) for key, name, compared in asked]
    print(json.dumps([lists(), *answers], default=lambda number: number.item()))
