"""Random lists of passes: planes that overlap or leave bits out, gates in any mixture."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from random import Random
from typing import Any

from reference import Pass, Plane

MOST_PASSES = 4

Planes = list[tuple[Plane, Plane]]  # of activations and of weights, by pass


def random_passes(rng: Random, layer: Mapping[str, Any]) -> tuple[Pass, ...]:
    """1 to 4 passes over a layer's operands, all dense where it has no mask."""
    some_planes = rng.choice((*(_of_few_planes,) * 4, *(_products,) * 2, *(_recomputation,) * 2))
    planes = some_planes(rng, layer["activation_bits"], layer["weight_bits"])
    gates = _gates(rng, len(planes))
    has_mask = layer["gate"] != "none"
    return tuple(
        Pass(activation, weight, gated and has_mask)
        for (activation, weight), gated in zip(planes, gates, strict=True)
    )


def _gates(rng: Random, passes: int) -> list[bool]:
    """Which passes are gated; the first is not, because a gate decides about a sum."""
    kind = rng.choice(("last ones", "last ones", "any", "any", "every other"))
    leading = rng.randint(1, passes)
    gates = {
        "last ones": [index >= leading for index in range(passes)],
        "any": [index > 0 and rng.random() < 0.5 for index in range(passes)],
        "every other": [index % 2 == 1 for index in range(passes)],
    }
    return gates[kind]


def _of_few_planes(rng: Random, activation_bits: int, weight_bits: int) -> Planes:
    """Passes that share planes, disjoint, overlapping or equal; they need not cover an operand."""
    activations = [_plane(rng, activation_bits) for _ in range(rng.randint(1, 3))]
    weights = [_plane(rng, weight_bits) for _ in range(rng.randint(1, 2))]
    if rng.random() < 0.5:
        weights = [Plane(0, weight_bits)]
    passes = rng.choice((1, 2, 2, 3, 3, 4, 4))
    return [(rng.choice(activations), rng.choice(weights)) for _ in range(passes)]


def _products(rng: Random, activation_bits: int, weight_bits: int) -> Planes:
    """Both operands cut into planes, and every pair of them, as under `planes:...`."""
    activations = _cut(rng, activation_bits, rng.randint(1, 3))
    most = MOST_PASSES // len(activations)
    weights = _cut(rng, weight_bits, rng.randint(min(most, 2), most))
    return [(activation, weight) for activation in activations for weight in weights]


def _recomputation(rng: Random, activation_bits: int, weight_bits: int) -> Planes:
    """The top bits of one or of both operands first, then all again at their full width."""
    activation, weight = Plane(0, activation_bits), Plane(0, weight_bits)
    activation_top, weight_top = _top(rng, activation_bits), _top(rng, weight_bits)
    first = rng.choice(
        ((activation_top, weight), (activation, weight_top), (activation_top, weight_top))
    )
    return [first, (activation, weight)]


def _top(rng: Random, operand_bits: int) -> Plane:
    bits = rng.randint(1, max(1, operand_bits - 1))
    return Plane(operand_bits - bits, bits)


def _plane(rng: Random, operand_bits: int) -> Plane:
    bits = rng.randint(1, operand_bits)
    return Plane(rng.randint(0, operand_bits - bits), bits)


def _cut(rng: Random, operand_bits: int, pieces: int) -> list[Plane]:
    """An operand's planes, most significant first."""
    inner = rng.sample(range(1, operand_bits), min(pieces, operand_bits) - 1)
    ends = sorted((0, *inner, operand_bits), reverse=True)
    return [Plane(low, high - low) for high, low in pairwise(ends)]
