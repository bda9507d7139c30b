"""Quantizers that give integers: activations with a learned clip, and weights.

They return tensors that hold whole numbers, not their real-valued approximations, so that what a
layer trains on is what an accelerator computes. Gradients pass straight through every rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.gradients import clipped_integers

_SMALLEST_CLIP = 1e-3  # a clip that trained down to zero would divide by it
_SMALLEST_WEIGHT = 1e-12  # the same for a weight tensor of zeros


def straight_through(value: Tensor, surrogate: Tensor) -> Tensor:
    """Return `value` in the forward pass and the gradient of `surrogate` in the backward one.

    Bengio et al., arXiv 1308.3432. The sum is exactly `value` where that is the rounded surrogate,
    its floor, or 1 where a sigmoid is over one half: the subtraction loses no bits (Sterbenz).
    """
    return surrogate + (value - surrogate).detach()


class ClippedQuantizer(nn.Module):
    """Activations to integers of `bits` bits, clipped at a bound that is learned with the weights.

    PACT (Choi et al. 2018, arXiv 1805.06085): ``I = round(clamp(x, 0, clip)·(2^bits - 1)/clip)``.
    The clip's gradient is that of the inputs it cuts off.

    Parameters
    ----------
    bits : int
        1 to 16, or at least 2 where signed.
    clip : float
        Where the bound starts, in the units of the activations.
    signed : bool
        Whether ``[-clip, clip]`` becomes two's complement, with ``2^(bits - 1) - 1`` steps a side.

    Raises
    ------
    InputError
        Where bits or clip are out of range.

    Examples
    --------
    >>> ClippedQuantizer(2, clip=3.0)(torch.tensor([-1.0, 0.6, 9.0])).tolist()
    [0.0, 1.0, 3.0]
    """

    def __init__(self, bits: int, *, clip: float = 6.0, signed: bool = False) -> None:
        super().__init__()
        if not 1 + signed <= bits <= 16:
            raise InputError(f"activation_bits is {bits}: expected {1 + signed} to 16.")
        if not clip >= _SMALLEST_CLIP:
            raise InputError(f"clip is {clip}: expected at least {_SMALLEST_CLIP}.")
        self.bits = bits
        self.signed = signed
        self.levels = 2 ** (bits - signed) - 1
        self.clip = nn.Parameter(torch.tensor(float(clip)))

    def bound(self, dtype: torch.dtype) -> Tensor:
        """Return the clip as a 0-d tensor of `dtype`, or float32 if that is more; above zero."""
        dtype = torch.promote_types(dtype, torch.float32)
        return self.clip.to(dtype).clamp(min=_SMALLEST_CLIP)

    def step(self, dtype: torch.dtype) -> Tensor:
        """Return what one integer is worth: as `bound`, and a constant to the gradients (PACT)."""
        step: Tensor = self.bound(dtype).detach() / self.levels
        return step

    def forward(self, x: Tensor) -> Tensor:
        """Return integers in a tensor of x's shape and dtype."""
        return clipped_integers(x, self.bound(x.dtype), self.levels, self.signed)


def quantize_weight(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Return a weight tensor as signed integers of `bits` bits, and what one step is worth.

    Symmetric and per tensor: ``round(W/step)`` with ``step = max|W| / (2^(bits - 1) - 1)``.

    Parameters
    ----------
    weight : Tensor
        W, of any shape.
    bits : int
        At least 2.

    Returns
    -------
    tuple of two Tensors
        Whole numbers in the shape and dtype of `weight`, and the step, 0-d, a constant to the
        gradients.

    Examples
    --------
    >>> integers, step = quantize_weight(torch.tensor([-1.5, 0.5, 0.0]), bits=3)
    >>> integers.tolist(), step.item()
    ([-3.0, 1.0, 0.0], 0.5)
    """
    step = weight.detach().abs().amax().clamp(min=_SMALLEST_WEIGHT) / (2 ** (bits - 1) - 1)
    scaled = weight / step
    return straight_through(scaled.round(), scaled), step
