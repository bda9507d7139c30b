"""pgsim trace widen: the same network with more channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from pgsim.cli.options import TRACE, verify_option
from pgsim.cli.output import masks_of, paragraph
from pgsim.cli.streams import say
from pgsim.workload import (
    LayerShape,
    check_trace_path,
    load_trace,
    relative_cost,
    save_trace,
    widened_trace,
)

_BITS = (8, 4, 2, 1)  # at which costs are told, beside the network's own


def _check_output(ctx: click.Context, param: click.Parameter, path: Path) -> Path:
    return check_trace_path(path)


@click.command("widen", short_help="Write TRACE's network with more channels.")
@click.argument("trace", type=TRACE)
@click.option("--factor", type=float, required=True, help="How many times the channels.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE",
    callback=_check_output, help="The trace; .safetensors is appended where it is missing.",
)  # fmt: skip
@verify_option
def widen(trace: str, factor: float, output: Path, verify: bool) -> None:
    """Write TRACE's network with --factor times the channels, as in WRPN (MODEL.md, M56).

    The picture's channels and the classes stay. Gates are left out, and accuracy is
    unknown, because nobody trained it.
    """
    narrow = load_trace(trace, verify=verify)
    made = widened_trace(narrow, factor)
    for path in save_trace(made, output):
        say(f"{path}: {masks_of(made)}")
    paragraph(_costs([each.shape for each in narrow.layers], factor))


def _costs(layers: Sequence[LayerShape], factor: float) -> str:
    """Return what the wider network costs at its own bits and at fewer, in words."""
    of_bits = (
        f"{relative_cost(layers, factor, each, each):.2f} at {each} x {each}" for each in _BITS
    )
    return (
        "MACs x (activation + weight bits), over those of the network as it was at 32 x 32: "
        f"{relative_cost(layers, factor):.2f} at its own bits, {', '.join(of_bits)}"
    )
