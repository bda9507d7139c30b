"""Schemes: the rule that turns a layer into its list of passes (MODEL.md M3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pgsim.errors import InputError, nearest
from pgsim.workload import LayerTrace

_WIDEST_BITS = 16


@dataclass(frozen=True)
class Pass:
    """One sweep of a layer's arithmetic at one pair of operand widths, steered by a mask or not."""

    activation_bits: int
    weight_bits: int
    mask: LayerTrace | None = None

    @property
    def gated(self) -> bool:
        """Whether a mask steers the pass."""
        return self.mask is not None


Scheme = Callable[[LayerTrace], tuple[Pass, ...]]


def scheme_named(name: str) -> Scheme:
    """Return the function from a layer to its passes that a scheme's name stands for.

    Raises InputError for an unknown name, with the nearest one. Source: MODEL.md M3.
    """
    if uniform := re.fullmatch(r"uniform:(\d+)(?:,(\d+))?", name):
        widths = [None if width is None else int(width) for width in uniform.groups()]
        if all(width is None or 1 <= width <= _WIDEST_BITS for width in widths):
            return _uniform(widths[0] or 0, widths[1])
        raise InputError(f"scheme {name!r}: expected 1 to {_WIDEST_BITS} bits")
    if name not in _NAMED:
        raise InputError(
            f"scheme {name!r}: expected one of {', '.join(SCHEMES)}, where A and W are bits."
            f"{nearest(name, [*_NAMED, 'uniform:8,8'])}"
        )
    return _NAMED[name]


def passes(layer: LayerTrace, scheme: str) -> tuple[Pass, ...]:
    """Return the passes, first to last, that a layer makes under a scheme.

    Raises InputError for an unknown scheme, or one that the layer's gate cannot follow.
    Source: MODEL.md M3.
    """
    return scheme_named(scheme)(layer)


def _pg(layer: LayerTrace) -> tuple[Pass, ...]:
    """MSBs of every output, then LSBs where the gate mask is 1."""
    msb, lsb = _planes(layer, "pg")
    return (msb, Pass(lsb.activation_bits, lsb.weight_bits, layer)) if layer.shape.gated else (msb,)


def _dual_dense(layer: LayerTrace) -> tuple[Pass, ...]:
    """MSBs, then LSBs, of every output: two passes, nothing skipped."""
    msb, lsb = _planes(layer, "dual_dense")
    return (msb, lsb) if layer.shape.gated else (msb,)


def _msb_only(layer: LayerTrace) -> tuple[Pass, ...]:
    """MSBs of every output: the floor (accuracy is lost)."""
    return _planes(layer, "msb_only")[:1]


def _full(layer: LayerTrace) -> tuple[Pass, ...]:
    """Every output at the layer's own bits: the same network ungated."""
    return (Pass(layer.shape.activation_bits, layer.shape.weight_bits),)


def _uniform(activation_bits: int, weight_bits: int | None) -> Scheme:
    """Every layer, gated or not, at these bits, or at its own weight bits."""

    def scheme(layer: LayerTrace) -> tuple[Pass, ...]:
        return (Pass(activation_bits, weight_bits or layer.shape.weight_bits),)

    return scheme


def _planes(layer: LayerTrace, scheme: str) -> tuple[Pass, Pass]:
    """Return the passes over the MSBs and the LSBs; of an ungated layer, the first has all bits."""
    shape = layer.shape
    if shape.gate == "input":
        raise InputError(
            f"layer {shape.name!r} gates its inputs, and scheme {scheme!r} needs gated outputs; "
            "full and uniform:A,W take any layer"
        )
    msb_bits = shape.msb_bits if shape.gated else shape.activation_bits
    return (
        Pass(msb_bits, shape.weight_bits),
        Pass(shape.activation_bits - msb_bits, shape.weight_bits),
    )


_NAMED: dict[str, Scheme] = {
    "pg": _pg,
    "dual_dense": _dual_dense,
    "full": _full,
    "msb_only": _msb_only,
}

SCHEMES = {name: (scheme.__doc__ or "").rstrip(".") for name, scheme in _NAMED.items()} | {
    "uniform:A,W": "Every layer, gated or not, at A activation and W weight bits",
    "uniform:A": "Every layer, gated or not, at A activation bits and its own weight bits",
}
