"""pgsim trace import: a trace of layers from a file of another tool, with or without masks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from pgsim.cli.output import masks_of
from pgsim.cli.streams import say
from pgsim.errors import InputError
from pgsim.masks import synthetic_trace
from pgsim.text import counted
from pgsim.workload import GateTrace, LayerShape, check_trace_path, save_trace
from pgsim.workload.imported import import_layers
from pgsim.workload.importers import IMPORTERS, source_of

_MOST_MASK_BITS = 2**35  # of all masks of a trace, which are made in memory: 4 GiB
_BITS = re.compile(r"([0-9]{1,3})(?:/([0-9]{1,3}))?")


class Widths(click.ParamType):  # type: ignore[type-arg]  # generic in click 8.4 only
    """Bits of an activation, and how many of them the gate sees, such as 4/2."""

    name = "text"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """Return the two numbers; None for the second where it is not given."""
        found = _BITS.fullmatch(value)
        if not found:
            self.fail(f"{value!r}: expected bits such as 4/2, or 8 without a gate", param, ctx)
        return int(found[1]), int(found[2]) if found[2] else None


def _check_output(ctx: click.Context, param: click.Parameter, path: Path) -> Path:
    return check_trace_path(path)


def _sizes(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """Return the open sizes by name."""
    found = {}
    for each in given:
        name, equals, size = each.rpartition("=")
        if not equals or not size.isdecimal() or len(size) > 9:
            raise InputError(f"--size {each}: expected NAME=SIZE, such as sequence=128")
        found[name.strip()] = int(size)
    return found


@click.command("import", short_help="Write a trace of the layers that FILE lists.")
@click.argument("file", metavar="FILE[:NAME]")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE",
    callback=_check_output, help="The trace; .safetensors is appended where it is missing.",
)  # fmt: skip
@click.option(
    "--format", metavar="NAME",
    help=f"One of {', '.join(IMPORTERS)}.  [default: what the file looks like]",
)  # fmt: skip
@click.option(
    "--density",
    type=float,
    help="Expected fraction of outputs whose gate is 1, in synthetic masks.",
)
@click.option(
    "--bits", type=Widths(), metavar="B/B_hb",
    help="Bits of all activations, and of those that the gate sees; B alone gates nothing.  "
    "[default: the file's, or 8]",
)  # fmt: skip
@click.option("--weight-bits", type=int, help="Of all layers.  [default: the file's, or 8]")
@click.option(
    "--precisions", type=click.Path(path_type=Path), metavar="FILE",
    help="CSV or YAML of layer, activation_bits, weight_bits: bits that go before all others.",
)  # fmt: skip
@click.option(
    "--size", "sizes", multiple=True, metavar="NAME=SIZE", callback=_sizes,
    help="What a size is that an ONNX model leaves open. May be repeated.",
)  # fmt: skip
@click.option("--images", type=int, help="[default: 16, or 1 without masks]")
@click.option("--seed", type=int, default=0, show_default=True)
def command(
    file: str,
    output: Path,
    format: str | None,
    density: float | None,
    bits: tuple[int, int | None] | None,
    weight_bits: int | None,
    precisions: Path | None,
    sizes: dict[str, int],
    images: int | None,
    seed: int,
) -> None:
    """Write a trace of the layers that FILE lists: shapes and bits from elsewhere.

    FILE is a topology of SCALE-Sim, a list of layers as Bit Fusion's descendants share them
    (FILE:NAME takes one of several), an ONNX model, or a table of one's own. With --density and
    --bits B/B_hb all layers are gated, and get synthetic masks; without, the trace has no masks.
    """
    activation_bits, msb_bits = bits or (None, None)
    layers = import_layers(
        file,
        format=format,
        activation_bits=activation_bits,
        msb_bits=msb_bits,
        weight_bits=weight_bits,
        precisions=precisions,
        sizes=sizes,
    )
    trace = imported_trace(layers, file, density, images, seed)
    for path in save_trace(trace, output):
        say(f"{path}: {counted(len(layers), 'layer')}, {masks_of(trace)}")


def imported_trace(
    layers: Sequence[LayerShape], file: str, density: float | None, images: int | None, seed: int
) -> GateTrace:
    """Return a trace of imported layers, with synthetic masks of a density or without any."""
    source = source_of(file)
    model = source.network or source.path.stem or "imported"
    came_from = {"imported_from": source.path.name}
    gated = [layer for layer in layers if layer.masked]
    if density is None:
        if gated:
            raise InputError(
                f"{file}: {len(gated)} of {len(layers)} layers are gated, so give --density, the "
                "fraction of outputs whose gate is 1; or --bits B alone, which gates none"
            )
        count = 1 if images is None else images
        return GateTrace.from_masks(
            {}, layers, model=model, dataset="none", provenance=came_from, images=count
        )
    if not gated:
        raise InputError("--density makes masks of gated layers: give --bits B/B_hb, such as 4/2")
    count = 16 if images is None else images
    _check_mask_bits(gated, count)
    made = synthetic_trace(layers, images=count, density=density, seed=seed)
    return replace(made, model=model, provenance={**made.provenance, **came_from})


def _check_mask_bits(gated: Sequence[LayerShape], images: int) -> None:
    bits = images * sum(layer.mask_channels * layer.mask_positions for layer in gated)
    if bits > _MOST_MASK_BITS:
        raise InputError(
            f"masks of {bits:,} bits are more than are made at once ({_MOST_MASK_BITS:,}): give "
            "fewer --images"
        )
