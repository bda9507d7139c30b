"""Schemes: the rules that turn a layer into its list of passes (MODEL.md M3).

A scheme is one file here and one line in `KINDS`. `SCHEMES` has how every scheme is written, with
what it does.

Examples
--------
>>> SCHEMES["pg"]
'MSBs of every output, then LSBs where the gate mask is 1'
"""

from __future__ import annotations

from functools import lru_cache

from pgsim.errors import InputError, nearest
from pgsim.schemes.dual_dense import DualDense
from pgsim.schemes.full import Full
from pgsim.schemes.gates import Gate, InputGate, OutputGate
from pgsim.schemes.inner import Inner
from pgsim.schemes.msb_only import MSBOnly
from pgsim.schemes.operands import ACTIVATIONS, OPERANDS, WEIGHTS, Operand
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
from pgsim.schemes.uniform import Uniform
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
    "layer_passes",
    "leading",
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
    Planes,
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
    return _named(name)


@lru_cache(maxsize=64)  # so that a name always stands for the same object
def _named(name: str) -> Scheme:
    for kind in KINDS:
        if (found := kind.parsed(name)) is not None:
            return found
    raise InputError(
        f"scheme {name!r}: expected one of {', '.join(SCHEMES)}, where A and W are bits."
        f"{nearest(name, [kind.example for kind in KINDS])}"
    )


def layer_passes(layer: LayerTrace, scheme: str | Scheme) -> Passes:
    """Return the passes, first to last, that a layer makes under a scheme, checked.

    Raises InputError for an unknown scheme, for one that the layer's gate or bits cannot follow,
    and for passes that no machine can make. Source: MODEL.md M3.
    """
    rule = scheme_named(scheme)
    return check_passes(layer, rule.passes(layer), rule.name)
