"""The gate of a layer with Precision Gating (Zhang et al., ICLR 2020, arXiv 2002.07136).

**Training and inference.** Both compute the same integers. In training mode they have the inputs'
type and carry gradients, so that under bfloat16 sums are rounded; in eval mode sums are the whole
numbers that they are, in float64, so that masks and sums are bit-exact whatever algorithm the
backend chose for the product.

**Thresholds.** A threshold is trained in the units of the layer's own output, before bias and batch
norm. With ``step`` what one integer of the output is worth, the gate compares integers:
``O_hb·2^lsb_bits·step > Δ`` is ``O_hb > floor(Δ / (2^lsb_bits·step))``, because O_hb is whole.
A threshold of -inf opens every gate (the scheme `full`), +inf closes it (`msb_only`).

**Near zero.** PG's gate suits a ReLU, behind which only large sums matter. A sigmoid and a tanh are
steep near zero and flat on both sides of it. A gate that `opens_near_zero` compares -|O_hb| instead
of O_hb; its thresholds start at -1, and a higher one still closes more gates (M38).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Required, TypedDict

import torch
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.gradients import GateTerms, gated_sum, split_planes
from pgsim.gating.quantize import ClippedQuantizer, quantize_weight

Product = Callable[[Tensor, Tensor], Tensor]
"""The layer's linear map: (integer activations, integer weights) to integer sums."""

QuantizedWeight = tuple[Tensor, Tensor]
"""A weight tensor's integers, and what one step of them is worth (`quantize_weight`)."""


class GateOptions(TypedDict, total=False):
    """What a gated layer states beyond torch's own arguments.

    Without `msb_bits` the layer is not gated: it runs once, at `activation_bits`. `signed` and
    `clip` are ClippedQuantizer's. `temperature` is the slope of the sigmoid that stands for the
    gate's step in the backward pass. A gate that `opens_near_zero` compares ``-|O_hb|`` (M38).
    """

    activation_bits: Required[int]
    msb_bits: int | None
    weight_bits: int
    signed: bool
    clip: float
    temperature: float
    opens_near_zero: bool


class PrecisionGate(nn.Module):
    """The quantizer, the thresholds and the gate of one layer: O = O_hb·2^lsb_bits + mask·O_lb.

    `mask` holds the last forward's decisions, bool of the output's shape, None where nothing is
    gated.

    Parameters
    ----------
    threshold_shape : tuple of int
        One threshold per output channel, shaped to broadcast over the layer's output.
    activation_bits : int
        Bits of an activation, 1 to 16.
    msb_bits : int, optional
        How many of them the gate sees, fewer than all; by default nothing is gated.
    weight_bits : int
        Bits of a weight, 2 to 16.
    signed, clip
        As ClippedQuantizer has them.
    temperature : float
        Slope of the sigmoid that stands for the gate's step in the backward pass.
    opens_near_zero : bool
        Whether the gate compares ``-|O_hb|`` instead of O_hb (M38).

    Raises
    ------
    InputError
        Where a width is out of range.

    Notes
    -----
    Source: PG, section 3; MODEL.md M2.
    """

    def __init__(
        self,
        threshold_shape: tuple[int, ...],
        *,
        activation_bits: int,
        msb_bits: int | None = None,
        weight_bits: int = 8,
        signed: bool = False,
        clip: float = 6.0,
        temperature: float = 5.0,
        opens_near_zero: bool = False,
    ) -> None:
        super().__init__()
        if msb_bits is not None and not 1 <= msb_bits < activation_bits:
            raise InputError(
                f"msb_bits is {msb_bits}: expected 1 to {activation_bits - 1}, one less than "
                "activation_bits, or None for a layer without a gate."
            )
        if not 2 <= weight_bits <= 16:
            raise InputError(f"weight_bits is {weight_bits}: expected 2 to 16.")
        self.activation_bits = activation_bits
        self.msb_bits = msb_bits
        self.weight_bits = weight_bits
        self.temperature = temperature
        self.opens_near_zero = opens_near_zero
        self.quantize = ClippedQuantizer(activation_bits, clip=clip, signed=signed)
        start = torch.full(threshold_shape, -1.0 if opens_near_zero else 0.0)
        self.threshold = None if msb_bits is None else nn.Parameter(start)
        self.mask: Tensor | None = None

    def extra_repr(self) -> str:
        """Return what the module prints as, between its brackets."""
        names = ("activation_bits", "msb_bits", "weight_bits", "opens_near_zero")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)

    def forward(self, x: Tensor, weight: Tensor | QuantizedWeight, product: Product) -> Tensor:
        """Return the layer's output before its bias, in x's dtype; leave decisions in `mask`.

        `weight` is the layer's, or what `quantized` made of it. All products of a layer are here.
        """
        quantized = self.quantized(weight, x.dtype) if isinstance(weight, Tensor) else weight
        weights = quantized[0]
        integers, step = self.integers(x, quantized)
        multiply = product if self.training else _exact(product)
        if self.threshold is None or self.msb_bits is None:
            return (multiply(integers, weights) * step).to(x.dtype)
        lsb_bits = self.activation_bits - self.msb_bits
        msb, lsb = split_planes(integers, lsb_bits)
        msb_step = step * 2**lsb_bits
        thresholds = integer_threshold(self.threshold, msb_step)
        terms = (self.threshold, thresholds, msb_step, self.temperature, self.opens_near_zero)
        high, low = multiply(msb, weights), multiply(lsb, weights)
        sums, self.mask = gated_sum(high, low, lsb_bits, GateTerms(*terms))
        return (sums * step).to(x.dtype)

    def quantized(self, weight: Tensor, dtype: torch.dtype) -> QuantizedWeight:
        """Return a weight as integers, for inputs of `dtype`."""
        dtype = dtype if self.training else torch.float64
        accurate = torch.promote_types(dtype, torch.float32)  # bfloat16 would round twice
        integers, step = quantize_weight(weight.to(accurate), self.weight_bits)
        return integers.to(dtype), step

    def integers(self, x: Tensor, quantized: QuantizedWeight) -> tuple[Tensor, Tensor]:
        """Return x as integers in the weights' dtype, and what one unit of a product is worth.

        The integers have x's shape; the step is 0-d.
        """
        weights, weight_step = quantized
        return self.quantize(x.to(weights.dtype)), self.quantize.step(weights.dtype) * weight_step


def integer_threshold(threshold: Tensor, msb_step: Tensor) -> Tensor:
    """Return the whole numbers that O_hb, or -|O_hb|, is compared with: ``floor(Δ / msb_step)``.

    `msb_step` is what one unit of O_hb is worth in the layer's output, ``2^lsb_bits·step``. The
    shape is that of `threshold`, the dtype that of `msb_step`; infinite ones stay infinite.
    """
    return torch.floor(threshold.detach().to(msb_step.dtype) / msb_step)


def _exact(product: Product) -> Product:
    """Make a product of whole numbers in float64 exact, whatever algorithm computes it.

    Single precision is several times as fast, and exact where no sum can pass 2^24 and terms are
    added directly; sums that are not whole betray Winograd or FFT. In double precision their errors
    are far below one half, and rounded away: 8 x 8 bits and a reduction of 10,000 stay under 2^30.
    """

    def multiply(activations: Tensor, weights: Tensor) -> Tensor:
        largest = activations.abs().amax() * weights.abs().flatten(1).sum(1).amax()
        if largest < 2**24:
            sums = product(activations.float(), weights.float())
            if torch.equal(sums, sums.round()):
                return sums.double()
        return product(activations, weights).round()

    return multiply
