"""Schemes: the rules that turn a layer into its list of passes (MODEL.md M3).

A scheme is one file here and one line in `KINDS`. `SCHEMES` has how every scheme is written, with
what it does.

Examples
--------
>>> SCHEMES["pg"]
'MSBs, then LSBs of the outputs, or input pixels, whose mask bit is 1'
"""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.errors import InputError, nearest
from pgsim.schemes.dual_dense import DualDense
from pgsim.schemes.full import Full
from pgsim.schemes.gates import Gate, InputGate, OutputGate, gate_of
from pgsim.schemes.inner import Inner
from pgsim.schemes.msb_only import MSBOnly
from pgsim.schemes.odq import OutputDirected
from pgsim.schemes.operands import ACTIVATIONS, OPERANDS, WEIGHTS, Operand
from pgsim.schemes.packed import Packed
from pgsim.schemes.passes import (
    Pass,
    Passes,
    Plane,
    check_passes,
    leading,
    union,
    union_bits,
    whole,
)
from pgsim.schemes.pg import PrecisionGating
from pgsim.schemes.planes import Planes
from pgsim.schemes.scheme import Scheme
from pgsim.schemes.seernet import SeerNet
from pgsim.schemes.table import Table
from pgsim.schemes.top import Top
from pgsim.schemes.uniform import Uniform
from pgsim.schemes.weight_planes import WeightPlanes
from pgsim.workload import LayerTrace

__all__ = [
    "ACTIVATIONS",
    "KINDS",
    "OPERANDS",
    "SCHEMES",
    "WEIGHTS",
    "Gate",
    "InputGate",
    "Operand",
    "OutputGate",
    "Pass",
    "Passes",
    "Plane",
    "Scheme",
    "check_passes",
    "gate_of",
    "layer_passes",
    "leading",
    "network_passes",
    "scheme_named",
    "union",
    "union_bits",
    "whole",
]

KINDS: tuple[type[Scheme], ...] = (
    PrecisionGating,
    DualDense,
    Full,
    MSBOnly,
    Uniform,
    Inner,
    Top,
    Planes,
    WeightPlanes,
    Table,
    Packed,
    OutputDirected,
    SeerNet,
)


def _signatures(kinds: tuple[type[Scheme], ...]) -> dict[str, str]:
    """Return how all schemes are written, with what they do.

    Raises ValueError where two are written alike: one of them could not be asked for.
    """
    found: dict[str, str] = {}
    for kind in kinds:
        if taken := found.keys() & kind.signatures.keys():
            raise ValueError(f"two schemes are written {min(taken)!r}")
        found |= kind.signatures
    return found


SCHEMES = _signatures(KINDS)


def scheme_named(name: str | Scheme) -> Scheme:
    """Return the scheme that a name stands for; a scheme is returned as it is.

    Raises InputError for an unknown name, with the nearest one. Source: MODEL.md M3.

    Examples
    --------
    >>> scheme_named("planes:2,2").name
    'planes:2,2'
    """
    if isinstance(name, Scheme):
        return name
    if not isinstance(name, str):
        raise InputError(f"scheme {name!r}: expected a Scheme object, or the name of one")
    for kind in KINDS:
        if (found := kind.parsed(name)) is not None:
            return found
    raise InputError(
        f"scheme {name!r}: expected one of {', '.join(SCHEMES)}, where A and W are bits, N is a "
        "number of planes and FILE a table."
        f"{nearest(name, [kind.example for kind in KINDS])}"
    )


def layer_passes(layer: LayerTrace, scheme: str | Scheme) -> Passes:
    """Return the passes, first to last, that a layer makes under a scheme, checked.

    Raises InputError for an unknown scheme, for one that the layer's gate or bits cannot follow,
    and for passes that no machine can make. Source: MODEL.md M3.
    """
    rule = scheme_named(scheme)
    return check_passes(layer, rule.passes(layer), rule.name)


def network_passes(layers: Sequence[LayerTrace], scheme: str | Scheme) -> dict[str, Passes]:
    """Return the passes of the layers of a network by their names, in its order, checked.

    Layers that the scheme skips are not there (M56). Raises InputError as `layer_passes` does, and
    for a scheme that skips all layers.
    """
    rule = scheme_named(scheme)
    found = rule.network(layers)
    named = {layer.shape.name: layer for layer in layers if layer.shape.name in found}
    if not named:
        raise InputError(f"scheme {rule.name!r} skips every layer: expected one to be computed")
    return {name: check_passes(each, found[name], rule.name) for name, each in named.items()}
