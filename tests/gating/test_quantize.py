"""The quantizers, against values worked by hand from the definitions in their papers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import ClippedQuantizer, quantize_weight  # noqa: E402


def test_activations_are_clipped_and_rounded_to_levels() -> None:
    # 4 bits over [0, 3]: 15 levels of 0.2, so 0.5 is 2.5 levels, a tie that goes to the even 2.
    x = torch.tensor([-1.0, 0.0, 0.5, 1.1, 2.9, 3.0, 7.0], dtype=torch.float64)
    assert ClippedQuantizer(4, clip=3.0)(x).tolist() == [0, 0, 2, 6, 14, 15, 15]


def test_signed_activations_use_the_symmetric_range() -> None:
    # 4 bits over [-7, 7]: one level is 1.
    x = torch.tensor([-9.0, -7.0, -4.6, 0.2, 6.4, 8.0], dtype=torch.float64)
    assert ClippedQuantizer(4, clip=7.0, signed=True)(x).tolist() == [-7, -7, -5, 0, 6, 7]


def test_pact_gradients() -> None:
    # PACT, equation 3: inputs inside the clip pass their gradient, those above give it to the clip.
    quantizer = ClippedQuantizer(4, clip=3.0)
    x = torch.tensor([-1.0, 0.5, 2.0, 5.0, 6.0], requires_grad=True)
    (quantizer(x) * quantizer.step(x.dtype)).sum().backward()
    assert x.grad.tolist() == pytest.approx([0, 1, 1, 0, 0])
    assert quantizer.clip.grad.item() == pytest.approx(2)


def test_weights_are_symmetric_about_zero() -> None:
    # 3 bits: 3 steps a side of 1.5 / 3 = 0.5.
    weight = torch.tensor([-1.5, -0.6, 0.0, 0.2, 0.9, 1.2], dtype=torch.float64)
    integers, step = quantize_weight(weight, 3)
    assert integers.tolist() == [-3, -1, 0, 0, 2, 2]
    assert step.item() == 0.5


def test_weights_of_zero_stay_zero() -> None:
    integers, _ = quantize_weight(torch.zeros(3), 8)
    assert integers.tolist() == [0, 0, 0]


def test_rounding_to_integers_is_exact_in_float32_training() -> None:
    x = torch.linspace(0, 6, 100_001, requires_grad=True)
    integers = ClippedQuantizer(8, clip=6.0)(x).detach()
    assert torch.equal(integers, integers.round())


@pytest.mark.parametrize("options", [{"bits": 0}, {"bits": 17}, {"bits": 4, "clip": 0.0}])
def test_impossible_quantizers_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected"):
        ClippedQuantizer(**options)
