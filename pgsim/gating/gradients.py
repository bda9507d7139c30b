"""The three steps of a gated layer that have no useful derivative, with the ones they train by.

Each is a function of its own so that training stays cheap: composed of torch's own operations, the
same arithmetic would go over the activations some thirty times a layer instead of ten, and that is
what most of the time of a step is spent on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor


def clipped_integers(x: Tensor, bound: Tensor, levels: int, signed: bool) -> Tensor:
    """Return ``round(clamp(x, floor, bound)·levels/bound)``; `floor` is 0, or -bound if signed.

    Whole numbers in a tensor of x's shape and dtype; `bound` is 0-d, float32 or wider. The gradient
    passes straight through the rounding (Bengio et al., arXiv 1308.3432), and to the bound goes
    that of the inputs it cuts off (PACT, arXiv 1805.06085).
    """
    integers: Tensor = _ClippedInteger.apply(x, bound, levels, signed)  # type: ignore[no-untyped-call, unused-ignore]
    return integers


def split_planes(integers: Tensor, lsb_bits: int) -> tuple[Tensor, Tensor]:
    """Return I_hb and I_lb of ``I = I_hb·2^lsb_bits + I_lb`` (M2).

    The gradient goes through I_hb, which stands for the whole; I_lb has none.

    Parameters
    ----------
    integers : Tensor
        I, whole numbers in a tensor of floats.
    lsb_bits : int
        Bits of I_lb.

    Returns
    -------
    tuple of two Tensors
        In shape and dtype as I. I_hb is the arithmetic shift ``I >> lsb_bits``, signed where I is;
        I_lb is never negative.

    Examples
    --------
    >>> [plane.tolist() for plane in split_planes(torch.tensor([13.0, -3.0]), 2)]
    [[3.0, -1.0], [1.0, 1.0]]
    """
    msb, lsb = _Planes.apply(integers, lsb_bits)  # type: ignore[no-untyped-call, unused-ignore]
    return msb, lsb


class GateTerms(NamedTuple):
    """What an output's gate compares: `threshold` is Δ, in the units of the layer's output.

    `integers` are the same thresholds as whole numbers, `msb_step` is what one unit of O_hb is
    worth, `temperature` the slope of the sigmoid that stands for the gate's step. What the gate
    compares is O_hb, or -|O_hb| if it `opens_near_zero` (M38).
    """

    threshold: Tensor
    integers: Tensor
    msb_step: Tensor
    temperature: float
    opens_near_zero: bool = False


def gated_sum(high: Tensor, low: Tensor, lsb_bits: int, gate: GateTerms) -> tuple[Tensor, Tensor]:
    """Return ``O_hb·2^lsb_bits + mask·O_lb``, and the mask, bool, of what exceeds its threshold.

    Sums are whole numbers; thresholds broadcast over them. The gate's gradient, to O_hb and to Δ,
    is that of ``sigmoid(temperature·(O - Δ))`` with O in the layer's units (PG, section 3), and
    with -|O| in place of O if it `opens_near_zero`.
    """
    sums, mask = _GatedSum.apply(high, low, lsb_bits, *gate)  # type: ignore[no-untyped-call, unused-ignore]
    return sums, mask


class _ClippedInteger(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, bound: Tensor, levels: int, signed: bool) -> Tensor:
        ctx.save_for_backward(x, bound)
        ctx.levels, ctx.signed = levels, signed
        high = bound.item()
        clipped = torch.clamp(x, -high if signed else 0.0, high)
        return clipped.mul_(levels).div_(bound).round_()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, bound = ctx.saved_tensors
        gradient, high, low = gradients[0], bound.item(), 0.0
        slope = ctx.levels / bound
        cut_off = torch.ops.aten.threshold_backward(gradient, x, high).sum()
        if ctx.signed:
            low = -high
            cut_off = cut_off - torch.ops.aten.threshold_backward(gradient, -x, high).sum()
        inside: Tensor = torch.ops.aten.hardtanh_backward(gradient, x, low, high)
        return inside.mul_(slope), cut_off * slope, None, None


class _Planes(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, integers: Tensor, lsb_bits: int) -> tuple[Tensor, Tensor]:
        ctx.worth = 2**lsb_bits
        msb = (integers / ctx.worth).floor_()
        lsb = torch.sub(integers, msb, alpha=ctx.worth)
        ctx.mark_non_differentiable(lsb)
        return msb, lsb

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] / ctx.worth, None


class _GatedSum(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        high: Tensor,
        low: Tensor,
        lsb_bits: int,
        threshold: Tensor,
        integers: Tensor,
        msb_step: Tensor,
        temperature: float,
        opens_near_zero: bool,
    ) -> tuple[Tensor, Tensor]:
        mask = (-high.abs() if opens_near_zero else high) > integers
        opened = mask.to(low.dtype)  # a product with it is faster than with a bool
        ctx.save_for_backward(high, low, threshold, msb_step, opened)
        ctx.lsb_bits, ctx.temperature, ctx.opens_near_zero = lsb_bits, temperature, opens_near_zero
        ctx.mark_non_differentiable(mask)
        return (low * opened).add_(high, alpha=2**lsb_bits), mask

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        high, low, threshold, msb_step, opened = ctx.saved_tensors
        gradient = gradients[0]
        compared = -high.abs() if ctx.opens_near_zero else high
        scaled = (compared * (msb_step * ctx.temperature)).sub_(
            (threshold * ctx.temperature).to(high.dtype)
        )
        to_gate: Tensor = torch.ops.aten.sigmoid_backward(gradient * low, scaled.sigmoid_())
        to_threshold = to_gate.sum_to_size(threshold.shape) * -ctx.temperature
        if ctx.opens_near_zero:
            to_gate.mul_(high.sign().neg_())
        to_high = to_gate.mul_(msb_step * ctx.temperature).add_(gradient, alpha=2**ctx.lsb_bits)
        to_threshold = to_threshold.to(threshold.dtype)
        return to_high, gradient * opened, None, to_threshold, None, None, None, None
