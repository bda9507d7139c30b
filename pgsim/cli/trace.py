"""pgsim trace: what is in a trace, whether it is sound, figures of masks, and how to make one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from pgsim.cli.importing import command as import_file
from pgsim.cli.options import TRACE, figure_option, verify_option
from pgsim.cli.output import check_all, masks_of, paragraph, printable, show, table
from pgsim.cli.streams import say
from pgsim.cli.synth import synth
from pgsim.cli.widen import widen
from pgsim.files import shipped_names
from pgsim.masks import MaskMeasures, mask_measures
from pgsim.results.numbers import decimal, percent, scaled, whole
from pgsim.workload import GateTrace, LayerShape, check_trace, load_trace


@click.group("trace")
def command() -> None:
    """List, look into, check, draw, synthesize or import. TRACE is a file or a shipped name."""


@command.command("list")
def list_traces() -> None:
    """List the shipped traces."""
    traces = [load_trace(name, verify=False) for name in shipped_names("traces", ".safetensors")]
    gated = [[layer for layer in trace.layers if layer.shards] for trace in traces]
    columns = {
        "trace": [trace.name for trace in traces],
        "images": whole(trace.images for trace in traces),
        "layers": whole(len(trace.layers) for trace in traces),
        "gated": whole(map(len, gated)),
        "model": [trace.model for trace in traces],
        "dataset": [trace.dataset for trace in traces],
    }
    show(table(columns, words=("model", "dataset")))


@command.command("info", short_help="Print what TRACE holds.")
@click.argument("trace", type=TRACE)
@verify_option
def info(trace: str, verify: bool) -> None:
    """Print what TRACE holds: its origin, and every layer's geometry, bits and density.

    A second table says what the masks look like: densities by image and by channel, and the
    correlation of neighbouring positions (also within a map, that is with its own density in each
    image) and of channels at one position (M35).
    """
    loaded = load_trace(trace, verify=verify)
    measures = [mask_measures(layer) for layer in loaded.layers]
    show(about(loaded))
    paragraph()
    show(layer_table(loaded, measures))
    if any(layer.shards for layer in loaded.layers):
        paragraph()
        show(mask_table(loaded, measures))


@command.command("check", short_help="Read all of TRACE and print every problem.")
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
def check(traces: tuple[str, ...]) -> None:
    """Read all of TRACE and print every problem; exit code 2 if there is one.

    Other verbs stop at the first problem; this one goes on.
    """
    check_all(traces, check_trace)


@command.command("plot", short_help="Draw the masks of a layer of TRACE.")
@click.argument("trace", type=TRACE)
@figure_option(
    "-o",
    "--output",
    meaning="The figure, as .png, .svg or .pdf.  [default: TRACE's name with .png, in this folder]",
)
@click.option("--layer", metavar="NAME", help="[default: the gated layer with most outputs]")
@click.option(
    "--images", type=int, default=1, show_default=True, metavar="N", help="Maps of the first N."
)
@verify_option
def plot(trace: str, output: Path | None, layer: str | None, images: int, verify: bool) -> None:
    """Draw the masks of a layer of TRACE as maps, beside their densities and clustering."""
    from pgsim.plots import plot_masks

    loaded = load_trace(trace, verify=verify)
    figure = output or Path(f"{loaded.name}.png")
    plot_masks(loaded, figure, layer=layer, images=images)
    say(f"{figure}: written, {masks_of(loaded)}", err=True)


command.add_command(synth)
command.add_command(widen)
command.add_command(import_file)


def about(trace: GateTrace) -> Table:
    """Return where a trace comes from, a line for each fact and for each key of its provenance."""
    facts = {
        "trace": trace.name,
        "model": trace.model,
        "dataset": trace.dataset,
        "images": f"{trace.images:,}",
        "masks": masks_of(trace),
        "accuracy": _words({name: round(each, 4) for name, each in trace.accuracy.items()})
        or "not stated",
    }
    grid = Table.grid(padding=(0, 2, 0, 0))
    for key, value in facts.items():
        grid.add_row(key, Text(printable(value)))
    for number, (key, value) in enumerate(trace.provenance.items()):
        line = Text(printable(f"{key}: {_words(value)}"))
        grid.add_row("" if number else "provenance", line)
    return grid


def layer_table(trace: GateTrace, measures: Sequence[MaskMeasures]) -> Table:
    """Return every layer's geometry, counts of one image, bit widths, gate and density.

    measures: of every layer's masks.
    """
    shapes = [layer.shape for layer in trace.layers]
    macs_unit, macs = scaled([shape.macs for shape in shapes], "")
    columns: dict[str, Sequence[str]] = {
        "layer": [shape.name for shape in shapes],
        "op": [shape.kind.words(shape) for shape in shapes],
        "channels": [f"{shape.in_channels} to {shape.out_channels}" for shape in shapes],
        "input to output": [shape.kind.extent(shape) for shape in shapes],
        "outputs\nan image": whole(shape.outputs for shape in shapes),
        f"MACs\n{macs_unit}": macs,
        "bits": [_bits(shape) for shape in shapes],
        "gate": [shape.gate for shape in shapes],
        "density\n%": percent(each.density for each in measures),
    }
    return table(columns, words=("op", "channels", "input to output"))


def mask_table(trace: GateTrace, measures: Sequence[MaskMeasures]) -> Table:
    """Return what the masks of every gated layer look like (M35), over all images.

    measures: of every layer's masks.
    """
    layers = zip(trace.layers, measures, strict=True)
    named = {layer.shape.name: own for layer, own in layers if layer.shards}
    gated = named.values()
    low, middle, high = zip(*(each.image_spread for each in gated), strict=True)
    least, most, spread = zip(*(each.channel_spread for each in gated), strict=True)
    columns: dict[str, Sequence[str]] = {
        "layer": list(named),
        "density\n%": percent(each.density for each in gated),
        "by image\nmedian": percent(middle),
        "\n5th": percent(low),
        "percentile\n95th": percent(high),
        "by channel\nleast": percent(least),
        "\nmost": percent(most),
        "standard\ndeviation": percent(spread),
        "correlation\nneighbours": decimal((each.neighbour for each in gated), 3),
        "within\na map": decimal((each.within_map for each in gated), 3),
        "correlation\nchannels": decimal((each.cross_channel for each in gated), 3),
    }
    return table(columns)


def _words(value: object) -> str:
    """Return a value of a manifest in words."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_words(below)}" for key, below in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _bits(shape: LayerShape) -> str:
    """Return activation bits (of which MSBs) by weight bits."""
    split = f"/{shape.msb_bits}" if shape.masked else ""
    sign = "s" if shape.signed else ""
    return f"{sign}{shape.activation_bits}{split} x {shape.weight_bits}"
