"""Gate margins: how far each partial sum is from its threshold, so that thresholds can be moved.

A gate is O_hb > t, on integers. A margin is ``ceil((O_hb - t) / unit)``, with a whole `unit` for
each layer that makes all of them fit 8 bits, so that ``margin > q`` is ``O_hb > t + q·unit`` for
every whole q: exactly the gate whose threshold is q units higher. The two ends of 8 bits stand
for gates that no shift moves (M37). For gates that open near zero -|O_hb| takes the place of O_hb
(M38).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from sys import float_info

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.mask_words import pack_masks
from pgsim.workload.operands import THRESHOLD_DTYPE, Integers, LayerOperands, compared_sums
from pgsim.workload.trace import GateTrace

_NEVER, _ALWAYS = -128, 127  # margins of gates that are closed, or open, at every threshold
_LOWEST, _HIGHEST = _NEVER + 1, _ALWAYS - 1  # margins of all others


@dataclass(frozen=True, eq=False)
class LayerMargins:
    """One gated layer's margins; a gate is 1 where its margin is above 0. Source: MODEL.md M37.

    Attributes
    ----------
    shape : LayerShape
        Geometry and widths.
    margins : int8 array (images, out_channels, height, width)
        -128 and 127 are gates whose threshold is infinite. Positions of layers without a kernel are
        one column.
    margin_step : float
        What one unit of margin is worth in the layer's output before bias and batch norm, PG's own
        unit of thresholds.
    """

    shape: LayerShape
    margins: Integers
    margin_step: float


@dataclass(frozen=True, eq=False)
class Margins:
    """Margins of a trace's gated layers, whose image i is image `first_image` + i of the trace.

    `trace` is the trace's name, `trace_sha256` the SHA-256 of its file in hexadecimal digits.
    """

    trace: str
    trace_sha256: str
    first_image: int
    layers: tuple[LayerMargins, ...]

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self.layers[0].margins)


def layer_margins(operands: LayerOperands, msb_step: float) -> LayerMargins:
    """Return the margins of a layer's operands, in the smallest unit that holds them (M37).

    `msb_step` is what one unit of O_hb is worth in the layer's output. Thresholds at the limits of
    int32 are infinite ones.

    >>> from pgsim.workload import gate_mask, load_operands
    >>> operands = load_operands("digits_pg_4_2").layers[0]
    >>> found = layer_margins(operands, msb_step=0.001)
    >>> np.array_equal(found.margins > 0, gate_mask(operands))
    True
    """
    thresholds = operands.thresholds.astype(np.int64)[:, None, None]
    above = compared_sums(operands) - thresholds
    limits = np.iinfo(THRESHOLD_DTYPE)
    always, never = thresholds == limits.min, thresholds == limits.max
    finite = np.where(always | never, 0, above)
    unit = max(1, -(-int(finite.max()) // _HIGHEST), int(finite.min()) // (_LOWEST - 1) + 1)
    margins = np.where(always, _ALWAYS, np.where(never, _NEVER, -(-above // unit)))
    return LayerMargins(operands.shape, margins.astype(np.int8), unit * msb_step)


def moved_thresholds(trace: GateTrace, margins: Margins, shift: float) -> GateTrace:
    """Return a what-if trace of the margins' images: all thresholds of the network higher by shift.

    The masks are of no network's inference (M37), so `mask_source` is `synthetic` and `accuracy`
    empty; a shift of 0 gives the captured masks of these images, as `captured` ones.

    Parameters
    ----------
    trace : GateTrace
        Whose masks the margins gave.
    margins : Margins
        Of all layers whose outputs it gates.
    shift : float
        In the units of the layers' outputs, as PG's thresholds and their target are. Each layer's
        thresholds move by the whole number of its margin steps that is nearest, said in the
        provenance.

    Raises
    ------
    InputError
        Where the shift is not a finite number, or the margins are not this trace's.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> from pgsim.masks import load_margins
    >>> trace, margins = load_trace("digits_pg_4_2"), load_margins("digits_pg_4_2")
    >>> [round(moved_thresholds(trace, margins, t).layers[1].density(), 2) for t in (0, 0.5)]
    [0.3, 0.07]
    """
    shift = _checked(shift)
    _check_are_of(trace, margins)
    steps = {layer.shape.name: _steps(layer, shift) for layer in margins.layers}
    about = {
        "trace": margins.trace,
        "trace_sha256": margins.trace_sha256,
        "first_image": margins.first_image,
        "threshold_shift": shift,
        "moved_by": {
            layer.shape.name: steps[layer.shape.name] * layer.margin_step
            for layer in margins.layers
        },
    }
    return replace(
        trace,
        name=f"{trace.name}[threshold_shift={shift:g}]",
        mask_source="synthetic" if shift else trace.mask_source,
        images=margins.images,
        accuracy={} if shift else trace.accuracy,
        provenance={**trace.provenance, "margins": about},
        layers=_moved_layers(trace, margins, steps),
    )


def _moved_layers(
    trace: GateTrace, margins: Margins, steps: Mapping[str, int]
) -> tuple[LayerTrace, ...]:
    """Return all layers on the margins' images, thresholds moved by so many margin steps."""
    start, stop = margins.first_image, margins.first_image + margins.images
    masks = {
        layer.shape.name: pack_masks(_mask(layer, steps[layer.shape.name]))
        for layer in margins.layers
    }
    return tuple(
        LayerTrace(layer.shape, (masks.get(layer.shape.name, layer.mask_words(start, stop)),))
        if layer.shards
        else layer
        for layer in trace.layers
    )


def _checked(shift: float) -> float:
    """Return a shift as a float, without the sign of -0; raises InputError where it is none."""
    if isinstance(shift, bool) or not isinstance(shift, Real) or not abs(shift) <= float_info.max:
        raise InputError(
            f"threshold_shift: value {shift!r}: expected a finite number, in the units of the "
            "layers' outputs."
        )
    return float(shift) + 0.0


def _steps(layer: LayerMargins, shift: float) -> int:
    """Return by how many margin steps thresholds move: past all margins, more steps do no more."""
    return round(max(_NEVER, min(_HIGHEST, shift / layer.margin_step)))


def _mask(layer: LayerMargins, steps: int) -> npt.NDArray[np.bool_]:
    """Return the mask of thresholds `steps` margin steps higher, (images, channels, positions)."""
    mask: npt.NDArray[np.bool_] = layer.margins > steps
    return mask.reshape(*mask.shape[:2], -1)


def _check_are_of(trace: GateTrace, margins: Margins) -> None:
    """Raise InputError unless the margins are of all gated layers, and decide as the masks do."""
    where = f"trace {trace.name}: its margins"
    start, stop = margins.first_image, margins.first_image + margins.images
    if stop > trace.images:
        raise InputError(f"{where} are of images {start} to {stop - 1}, it has {trace.images}")
    gated = {layer.shape.name: layer for layer in trace.layers if layer.shape.gated}
    own = {layer.shape.name: layer for layer in margins.layers}
    for name in dict.fromkeys([*gated, *own]):
        shapes = [layers[name].shape.geometry for layers in (gated, own) if name in layers]
        if len(shapes) < 2 or shapes[0] != shapes[1]:
            raise InputError(
                f"{where} should be of the layers whose outputs it gates, at their widths: layer "
                f"{name!r} is not in both, or not the same"
            )
        if not np.array_equal(gated[name].unpack(start, stop), _mask(own[name], 0)):
            raise InputError(
                f"{where} do not give the masks of layer {name!r}: they are of another training "
                "run or of other images; export trace and margins again from one network"
            )
