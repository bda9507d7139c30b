"""One figure of a layer's gate masks: maps of some images beside what they are like over all."""

from __future__ import annotations

from math import ceil, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pgsim.errors import InputError, nearest
from pgsim.masks import MaskMeasures, mask_measures
from pgsim.plots.drawing import BLUE, GREY, VERMILLION, bar_labels, wrapped, write_figure
from pgsim.results.mask_sources import mask_source_of
from pgsim.workload import GateTrace, LayerTrace

_OFF = "#E3E3E3"
_COLOURS = ListedColormap([_OFF, BLUE, "white"])  # of 0, of 1, of the gap between channels
_GAP = 2
_MOST_IMAGES = 9
_TITLE_WIDTH = 140
_NAME_WIDTH = 22
_ROW_INCHES = 0.16  # of a layer's bar


def plot_masks(
    trace: GateTrace, path: str | Path, *, layer: str | None = None, images: int = 1
) -> None:
    """Write a figure of one layer's masks, and of their densities, as png, svg or pdf.

    Parameters
    ----------
    trace : GateTrace
        Whose masks.
    path : str or Path
        What is written; its suffix chooses the format.
    layer : str, optional
        A gated layer, by default the one with most outputs.
    images : int
        How many of the first images are drawn, 1 to 9. Densities are of all.

    Raises
    ------
    InputError
        For a layer that is not there or has no mask, for more images than there are or than fit,
        for another suffix, or a folder that cannot be written.

    Notes
    -----
    Source of the measures: MODEL.md M35.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import load_trace
    >>> with TemporaryDirectory() as folder:
    ...     plot_masks(load_trace("digits_pg_4_2"), f"{folder}/conv2.png", layer="conv2")
    ...     Path(f"{folder}/conv2.png").is_file()
    True
    """
    write_figure(draw_masks(trace, layer=layer, images=images), path)


def draw_masks(trace: GateTrace, *, layer: str | None = None, images: int = 1) -> Figure:
    """Return a figure of one layer's masks in the trace's first images, and of their densities.

    A map has a tile for each channel, its positions in raster order; a layer without a kernel has
    one row of channels over tokens or time steps. Densities and measures (M35) are of all
    images. `layer` defaults to the gated layer with most outputs. Raises InputError for a layer
    that is not there or has no mask, and for more images than there are or than fit.
    """
    chosen = _chosen(trace, layer)
    if not 1 <= images <= min(trace.images, _MOST_IMAGES):
        raise InputError(
            f"images: {images} maps cannot be drawn; expected 1 to "
            f"{min(trace.images, _MOST_IMAGES)}, as trace {trace.name!r} has {trace.images} images "
            f"and a figure has room for {_MOST_IMAGES}"
        )
    gated = [each for each in trace.layers if each.shards]
    side = max(5.0, _ROW_INCHES * len(gated) + 3.6)
    figure = Figure(figsize=(12, side + 1), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=(7, 4))
    across = ceil(sqrt(images))
    cells = grid[0].subgridspec(ceil(images / across), across)
    for image in range(images):
        _draw_map(figure.add_subplot(cells[divmod(image, across)]), chosen, image)
    heights = (_ROW_INCHES * len(gated) + 0.4, 1.6, 1.6)
    panels = grid[1].subgridspec(3, 1, height_ratios=heights)
    by_layer, by_channel, by_image = (figure.add_subplot(panels[row]) for row in range(3))
    measures = mask_measures(chosen)
    _draw_layers(by_layer, gated, chosen)
    _draw_sorted(by_channel, measures.channel_density, measures.density, "channel")
    _draw_sorted(by_image, measures.image_density, measures.density, "image")
    _name_colours(figure, chosen)
    figure.suptitle(_title(trace, chosen, measures), x=0.01, ha="left", fontsize=10)
    return figure


def _chosen(trace: GateTrace, name: str | None) -> LayerTrace:
    """Return the layer of that name, or the gated one with most outputs."""
    gated = {each.shape.name: each for each in trace.layers if each.shards}
    if not gated:
        raise InputError(f"trace {trace.name!r} has no gated layer, so there is no mask to draw")
    if name is None:
        return max(gated.values(), key=lambda each: each.shape.outputs)
    if name not in gated:
        ungated = name in (each.shape.name for each in trace.layers)
        problem = "has gate 'none', so it has no mask" if ungated else "is not in this trace"
        hint = nearest(name, gated) or f" Its gated layers are {', '.join(gated)}."
        raise InputError(f"trace {trace.name!r}: layer {name!r} {problem}.{hint}")
    return gated[name]


def tiled(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return one map of a mask (channels, height, width): 0, 1, and 2 between channels.

    Tiles are in raster order and the map is about square; a mask of width 1 is one row of columns
    without a gap.
    """
    channels, height, width = mask.shape
    if width == 1:
        return mask[..., 0].T.astype(np.uint8)
    across = min(channels, max(1, ceil(sqrt(channels * (height + 1) / (width + 1)))))
    down = ceil(channels / across)
    tiles = np.full((down * across, height + 1, width + 1), _GAP, dtype=np.uint8)
    tiles[:channels, :height, :width] = mask
    rows = tiles.reshape(down, across, height + 1, width + 1).transpose(0, 2, 1, 3)
    return rows.reshape(down * (height + 1), across * (width + 1))[:-1, :-1]


def _draw_map(axes: Axes, layer: LayerTrace, image: int) -> None:
    shape = layer.shape
    mask = layer.unpack(image, image + 1)[0].reshape(-1, *shape.mask_size)
    columns = shape.mask_size[1] == 1
    drawn = tiled(mask)
    axes.imshow(
        drawn, cmap=_COLOURS, vmin=0, vmax=_GAP, interpolation="nearest",
        aspect="auto" if columns else "equal",
    )  # fmt: skip
    axes.set_title(f"image {image}: {100 * mask.mean():.1f} % dense", fontsize=8, loc="left")
    axes.tick_params(labelsize=7)
    if columns:
        axes.set_xlabel("channel", fontsize=8)
        axes.set_ylabel(shape.kind.position, fontsize=8)
        return
    across = (drawn.shape[1] + 1) // (shape.mask_size[1] + 1)
    if len(mask) > 1:
        axes.set_xlabel(f"{len(mask)} channels, {across} to a row, channel 0 top left", fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _draw_layers(axes: Axes, gated: list[LayerTrace], chosen: LayerTrace) -> None:
    densities = [100 * each.density() for each in gated]
    colours = [BLUE if each is chosen else GREY for each in gated]
    axes.barh(range(len(gated)), densities, color=colours, height=0.75)
    bar_labels(axes, [wrapped(_shortened(each.shape.name)) for each in gated])
    axes.tick_params(axis="both", labelsize=7)
    axes.set_xlim(left=0)
    axes.set_xlabel("density by layer, % (the layer drawn is blue)", fontsize=8)


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else f"...{name[3 - _NAME_WIDTH :]}"


def _draw_sorted(axes: Axes, densities: npt.NDArray[np.float64], mean: float, what: str) -> None:
    """Draw densities from the highest down, as steps of one each, and their mean."""
    falling = 100 * np.sort(densities)[::-1]
    axes.stairs(falling, fill=True, color=BLUE)
    axes.axhline(100 * mean, color=VERMILLION, lw=1)
    axes.annotate(
        f"mean {100 * mean:.1f} %", (1, 100 * mean), (-2, 2), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="right", va="bottom", fontsize=7, color=VERMILLION,
    )  # fmt: skip
    axes.set_xlim(0, len(falling))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0, max(float(falling[0]), 100 * mean) * 1.15 or 1)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylabel("density, %", fontsize=8)
    count = f"{len(falling)} {what}{'s' if len(falling) > 1 else ''}"
    axes.set_xlabel(f"{count}, densest first", fontsize=8)


def _name_colours(figure: Figure, layer: LayerTrace) -> None:
    figure.legend(
        handles=[
            Patch(color=BLUE, label=f"1: {layer.shape.gate_kind.opened}"),
            Patch(color=_OFF, label="0: MSBs only"),
        ],
        loc="outside lower left", ncols=2, fontsize=8, frameon=False, handlelength=1,
    )  # fmt: skip


def _title(trace: GateTrace, layer: LayerTrace, measures: MaskMeasures) -> str:
    """Return whose masks are drawn and what they are like."""
    masks = mask_source_of(trace).words
    low, middle, high = measures.image_spread
    least, most, spread = measures.channel_spread
    channels, (height, width) = layer.shape.mask_channels, layer.shape.mask_size
    lines = [
        f"{trace.name} ({trace.images} images, {masks}): {layer.shape.name}, "
        f"{channels} channel{'s' if channels > 1 else ''} of {height} x {width} positions",
        f"density {100 * measures.density:.1f} %; by image {100 * middle:.1f} % "
        f"(5th to 95th percentile {100 * low:.1f} to {100 * high:.1f} %); by channel "
        f"{100 * least:.1f} to {100 * most:.1f} % (standard deviation {100 * spread:.1f} %)",
        f"correlation of neighbours {_correlation(measures.neighbour)}, within a map "
        f"{_correlation(measures.within_map)}, "
        f"of channels at one position {_correlation(measures.cross_channel)} (M35)",
    ]
    return "\n".join(wrapped(line, _TITLE_WIDTH) for line in lines)


def _correlation(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:+.3f}"
