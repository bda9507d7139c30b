"""pgsim trace widen: the same network with more channels."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.cli.options import TRACE, verify_option
from pgsim.cli.output import masks_of
from pgsim.cli.streams import say
from pgsim.workload import check_trace_path, load_trace, save_trace, widened_trace


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
    made = widened_trace(load_trace(trace, verify=verify), factor)
    for path in save_trace(made, output):
        say(f"{path}: {masks_of(made)}")
