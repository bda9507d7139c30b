"""Seeded small cases of PEs that go by the values of operands (M58), with integers for each."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from cases import Case, drawn_case
from reference import Operands
from reference.layers import VALUE_KINDS

from pgsim import GateTrace
from pgsim.workload import LayerOperands, layer_shape, trace_with_operands
from pgsim.workload import Operands as TraceOperands
from pgsim.workload.operands import THRESHOLD_DTYPE, operand_dtype

MOST_MACS = 4_000


@dataclass(frozen=True)
class ValueCase:
    """A case without a gate, and integers in both shapes.

    activations: (images, in_channels, height, width). weights: (out_channels, in_channels / groups,
    kernel height, kernel width).
    """

    case: Case
    activations: np.ndarray
    weights: np.ndarray

    @property
    def operands(self) -> Operands:
        """The integers as the reference takes them: a weight's channels follow within each tap."""
        images, channels = self.activations.shape[:2]
        by_tap = self.weights.transpose(0, 2, 3, 1).reshape(len(self.weights), -1)
        flat = self.activations.reshape(images, channels, -1)
        return Operands(flat.tolist(), by_tap.tolist())

    @property
    def trace(self) -> GateTrace:
        """A trace of one layer with its integers."""
        shape = layer_shape(self.case.layer)
        trace = GateTrace.from_masks({}, [shape], images=self.case.images)
        thresholds = np.zeros(0, THRESHOLD_DTYPE)
        own = LayerOperands(shape, self.activations, self.weights, thresholds)
        return trace_with_operands(trace, TraceOperands(trace.name, "0" * 64, 0, (own,)))


def value_case(seed: int) -> ValueCase:
    """A case of one of the kinds, its dense scheme and its integers."""
    rng = Random(f"values {seed}")
    while True:
        case = drawn_case(rng, seed)
        layer = case.layer | {"gate": "none"}
        layer["activation_bits"] = rng.choice((1, 2, 3, 4, 5, 8, 8))
        layer["msb_bits"] = layer["activation_bits"]
        layer["weight_bits"] = rng.choice((1, 2, 4, 8, 8, 9))
        shape = layer_shape(layer)
        if shape.macs * case.images <= MOST_MACS:
            break
    arch = _arch(rng, case.arch)
    numbers = np.random.default_rng(rng.randrange(2**32))
    bits, signed = shape.activation_bits, shape.signed
    made = Case(
        seed=seed,
        layer=layer,
        arch=arch,
        scheme=_scheme(rng, layer),
        images=case.images,
        mask=None,
        calibration_images=0,
        calibration_mask=None,
        output_bits=case.arch["output_bits"] or bits,
    )
    inputs = (case.images, shape.in_channels, *shape.image_in_size)
    kernels = (shape.out_channels, shape.in_channels_per_group, *shape.kernel_size)
    return ValueCase(
        made,
        _integers(numbers, inputs, bits, signed, rng.choice((0, 0.3, 0.9))),
        _integers(numbers, kernels, shape.weight_bits, True, rng.choice((0, 0.3, 0.9))),
    )


def _integers(
    numbers: np.random.Generator, size: tuple[int, ...], bits: int, signed: bool, zeros: float
) -> np.ndarray:
    low = -(2 ** (bits - 1)) if signed else 0
    drawn = numbers.integers(low, low + 2**bits, size)
    drawn[numbers.random(size) < zeros] = 0
    return drawn.astype(operand_dtype(bits, signed))


def _scheme(rng: Random, layer: dict[str, Any]) -> str:
    """`full`, or planes of both operands that are theirs."""
    bits, weight_bits = layer["activation_bits"], layer["weight_bits"]
    cut = rng.randint(1, bits)
    planes = f"{cut},{bits - cut}" if cut < bits else f"{bits}"
    of_weights = rng.choice(("", f"/{weight_bits}"))
    if weight_bits > 1 and rng.random() < 0.3:
        of_weights = f"/1,{weight_bits - 1}"
    return rng.choice(("full", "full", f"planes:{planes}{of_weights}"))


def _arch(rng: Random, arch: dict[str, Any]) -> dict[str, Any]:
    lookahead = rng.choice((0, 1, 2, 2, 3))
    pe = {
        "kind": rng.choice(VALUE_KINDS),
        "max_activation_bits": rng.choice((2, 4, 8)),
        "max_weight_bits": rng.choice((2, 4, 8)),
        "terms": rng.choice((1, 2, 3, 4, 16)),
        "signed_digits": rng.random() < 0.5,
        "first_stage_bits": rng.choice((0, 1, 2, 5)),
        "weight_registers": rng.choice((0, 0, 1, 2, 1000)),
        "lookahead": lookahead,
        "lookaside": rng.choice((0, 1, 2, 5)) if lookahead else 0,
    }
    array = arch["array"] | {"dataflow": "os", "lanes": "channels", "pe": pe}
    lsb = arch["lsb"] | {"lane_order": "raster", "window": "auto"}
    return arch | {"array": array, "lsb": lsb}
