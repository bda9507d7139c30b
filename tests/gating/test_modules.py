"""Third-party gated modules: a stand-in that keeps its mask as its writers did, and its adapter."""

from __future__ import annotations

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import Gate, PGLinear, capture  # noqa: E402


class GreaterThan(torch.autograd.Function):
    """A step with a straight-through gradient, as floats 0 and 1."""

    @staticmethod
    def forward(_context, x: Tensor, bound: float) -> Tensor:
        return (x > bound).float()


class TheirConv2d(nn.Conv2d):
    """A stand-in for gated convolutions in the wild: widths of other names, a mask that is lost."""

    def __init__(self, *args, abits: int = 4, predict: int = 2, wbits: int = 8, **options) -> None:
        super().__init__(*args, bias=False, **options)
        self.abits, self.predict, self.wbits = abits, predict, wbits
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        high = self.product((x * 3).floor() / 3)
        mask = GreaterThan.apply(torch.sigmoid(5 * high), 0.5)
        self.seen.append(mask)  # for the test alone
        return self.merge(high, self.product(x), mask)

    def product(self, x: Tensor) -> Tensor:
        mask = "a local variable of the same name, in another function"
        assert mask
        return F.conv2d(x, self.weight, None, self.stride, self.padding)

    def merge(self, high: Tensor, whole: Tensor, mask: Tensor) -> Tensor:
        mask = 1 - mask
        return mask * high + (1 - mask) * whole


class WithAttribute(TheirConv2d):
    def forward(self, x: Tensor) -> Tensor:
        output = super().forward(x)
        self.decided = self.seen[-1] > 0.5
        return output


def gate_of(module: nn.Module) -> Gate | None:
    if isinstance(module, TheirConv2d):
        return Gate(module.abits, module.predict, module.wbits, local_variable="mask")
    if isinstance(module, nn.Linear):
        return Gate(8, None, 8)
    return None


def their_model(convolution: type[nn.Module] = TheirConv2d) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(
        convolution(3, 4, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Sequential(convolution(4, 5, (3, 1), abits=6, predict=3)),
        nn.Flatten(),
        nn.Linear(5 * 2 * 4, 6),
    )


def test_a_local_variable_of_forward_is_the_mask() -> None:
    model, x = their_model(), torch.randn(5, 3, 8, 8)
    plain = model(x)
    seen = [len(model[0].seen), len(model[2][0].seen)]

    trace = capture(model, x.split(2), model_name="m", dataset="d", gate_of=gate_of)

    first, second, last = trace.layers
    assert [layer.shape.name for layer in trace.layers] == ["0", "2.0", "4"]
    for layer, module, before in zip((first, second), (model[0], model[2][0]), seen, strict=True):
        expected = torch.cat(module.seen[before:]).flatten(2).numpy() == 1
        assert 0 < expected.mean() < 1
        np.testing.assert_array_equal(layer.unpack(), expected)
    assert (first.shape.in_size, first.shape.stride, first.shape.padding) == (
        (8, 8),
        (2, 2),
        (1, 1),
    )
    assert (second.shape.activation_bits, second.shape.msb_bits) == (6, 3)
    assert (last.shape.gate, last.shape.weight_bits) == ("none", 8)
    assert torch.equal(model(x), plain)


def test_an_attribute_is_the_mask() -> None:
    model, x = their_model(WithAttribute), torch.randn(3, 3, 8, 8)

    def by_attribute(module: nn.Module) -> Gate | None:
        known = isinstance(module, WithAttribute)
        return Gate(4, 2, 8, attribute="decided") if known else gate_of(module)

    trace = capture(model, [x], model_name="m", dataset="d", gate_of=by_attribute)
    np.testing.assert_array_equal(trace.layers[0].unpack(), model[0].decided.flatten(2).numpy())


def test_own_layers_need_no_adapter() -> None:
    model = nn.Sequential(their_model(), PGLinear(6, 3, activation_bits=4, msb_bits=2))
    x = torch.randn(2, 3, 8, 8)
    trace = capture(model, [x], model_name="m", dataset="d", gate_of=gate_of)
    assert [layer.shape.gate for layer in trace.layers] == ["output", "output", "none", "none"]

    def theirs_only(module: nn.Module) -> Gate | None:
        return None if isinstance(module, PGLinear) else gate_of(module)

    trace = capture(model, [x], model_name="m", dataset="d", gate_of=theirs_only)
    assert (trace.layers[-1].shape.name, trace.layers[-1].shape.gate) == ("1", "output")


def test_modules_and_interpreter_are_left_as_they_were() -> None:
    model = their_model()

    def profile(*_event) -> None:
        pass

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        capture(model, [torch.randn(1, 3, 8, 8)], model_name="m", dataset="d", gate_of=gate_of)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(before)
    assert all("forward" not in module.__dict__ for module in model.modules())
    assert all(not module._forward_hooks for module in model.modules())


def test_a_forward_that_fails_leaves_all_as_it_was() -> None:
    model, before = their_model(), sys.getprofile()
    with pytest.raises(RuntimeError):
        capture(model, [torch.randn(1, 9, 8, 8)], model_name="m", dataset="d", gate_of=gate_of)
    assert sys.getprofile() is before
    assert all("forward" not in module.__dict__ for module in model.modules())


def test_a_forward_of_an_instance_comes_back() -> None:
    model = their_model()
    own = model[0].forward
    model[0].forward = own
    capture(model, [torch.randn(1, 3, 8, 8)], model_name="m", dataset="d", gate_of=gate_of)
    assert model[0].forward is own


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ({"local_variable": "masks"}, "local variable 'masks' of its forward holds no mask"),
        (
            {"local_variable": "x"},
            r"'x' of its forward has shape \(1, 3, 8, 8\), expected .*4, 4, 4",
        ),
        ({"local_variable": "high"}, "'high' of its forward is no mask: .* 0 and 1"),
        ({"attribute": "decided"}, "attribute 'decided' of the module holds no mask"),
    ],
)
def test_what_is_no_mask_is_refused(gate: dict[str, str], message: str) -> None:
    def wrong(module: nn.Module) -> Gate | None:
        return Gate(4, 2, 8, **gate) if isinstance(module, TheirConv2d) else gate_of(module)

    with pytest.raises(InputError, match=f"layer '0': .*{message}"):
        images = torch.randn(1, 3, 8, 8)
        capture(their_model(), [images], model_name="m", dataset="d", gate_of=wrong)


def test_geometry_of_other_modules_is_refused() -> None:
    with pytest.raises(InputError, match="layer '0' is a Identity: geometry is read from"):
        capture(
            nn.Sequential(nn.Identity()),
            [torch.rand(1, 2)],
            model_name="m",
            dataset="d",
            gate_of=lambda module: Gate(8, None, 8) if isinstance(module, nn.Identity) else None,
        )
