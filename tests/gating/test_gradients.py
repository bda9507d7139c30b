"""The functions with surrogate derivatives, against the same composed of torch's own operations."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from pgsim.gating.gradients import (  # noqa: E402
    GateTerms,
    clipped_integers,
    gated_sum,
    split_planes,
)


def drawn(*shape: int, scale: float = 1.0) -> torch.Tensor:
    return (torch.randn(shape, dtype=torch.float64) * scale).requires_grad_()


def gradients(outputs: torch.Tensor, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    weights = torch.arange(1.0, 1 + outputs.numel(), dtype=torch.float64).reshape(outputs.shape)
    return list(torch.autograd.grad((outputs * weights).sum(), inputs))


@pytest.mark.parametrize("signed", [False, True])
def test_clipping_has_the_derivatives_of_a_clamp(signed: bool) -> None:
    torch.manual_seed(0)
    x, bound = drawn(4, 50), torch.tensor(1.25, dtype=torch.float64, requires_grad=True)

    # PACT: the bound's derivative comes from what it cuts off, not from the size of the steps.
    lower = -bound if signed else torch.zeros_like(bound)
    scaled = torch.maximum(torch.minimum(x, bound), lower) * 7 / bound.detach()

    found = clipped_integers(x, bound, 7, signed)
    assert torch.equal(found, scaled.round())
    for mine, composed in zip(
        gradients(found, [x, bound]), gradients(scaled, [x, bound]), strict=True
    ):
        torch.testing.assert_close(mine, composed)


@pytest.mark.parametrize("lsb_bits", [1, 2, 3])
def test_the_msb_plane_stands_for_the_whole(lsb_bits: int) -> None:
    integers = torch.arange(-8.0, 16.0, dtype=torch.float64, requires_grad=True)
    msb, lsb = split_planes(integers, lsb_bits)
    assert msb.tolist() == [value >> lsb_bits for value in range(-8, 16)]
    assert lsb.tolist() == [value & (2**lsb_bits - 1) for value in range(-8, 16)]
    assert not lsb.requires_grad
    (found,) = gradients(msb, [integers])
    assert found.tolist() == [weight / 2**lsb_bits for weight in range(1, 25)]


@pytest.mark.parametrize("opens_near_zero", [False, True])
def test_the_gate_has_the_derivatives_of_a_sigmoid(opens_near_zero: bool) -> None:
    torch.manual_seed(1)
    high, low = drawn(3, 5, 4, scale=20), drawn(3, 5, 4, scale=20)
    threshold = drawn(5, 1)
    if opens_near_zero:  # where -|O| passes some
        threshold = (threshold.detach() - 1).requires_grad_()
    msb_step, temperature, lsb_bits = torch.tensor(0.05, dtype=torch.float64), 3.0, 2
    whole = torch.floor(threshold.detach() / msb_step)

    terms = GateTerms(threshold, whole, msb_step, temperature, opens_near_zero)
    sums, mask = gated_sum(high, low, lsb_bits, terms)

    compared = -high.abs() if opens_near_zero else high
    assert 0.05 < mask.double().mean() < 0.95
    assert torch.equal(mask, compared * msb_step > whole * msb_step)
    assert torch.equal(sums, high * 4 + mask * low)
    soft = torch.sigmoid(temperature * (compared * msb_step - threshold))
    gate = soft + (mask.double() - soft).detach()
    composed = high * 4 + gate * low
    inputs = [high, low, threshold]
    for mine, expected in zip(gradients(sums, inputs), gradients(composed, inputs), strict=True):
        torch.testing.assert_close(mine, expected)
