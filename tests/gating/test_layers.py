"""Gated layers, against Precision Gating's arithmetic in plain integer numpy."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGConv2d, PGLinear, pg_layers, threshold_loss  # noqa: E402


def convolve(inputs, weights, stride, padding, dilation, groups):
    """Convolve int64 (n, c, h, w) with int64 (k, c/groups, kh, kw), one output at a time."""
    images = np.pad(inputs, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    channels, icg, *kernel = weights.shape
    span = [dilation[axis] * (kernel[axis] - 1) + 1 for axis in (0, 1)]
    size = [(images.shape[2 + axis] - span[axis]) // stride[axis] + 1 for axis in (0, 1)]
    outputs = np.zeros((len(images), channels, *size), dtype=np.int64)
    for channel, y, x in np.ndindex(channels, *size):
        first = channel // (channels // groups) * icg
        top, left = y * stride[0], x * stride[1]
        patch = images[
            :,
            first : first + icg,
            top : top + span[0] : dilation[0],
            left : left + span[1] : dilation[1],
        ]
        outputs[:, channel, y, x] = (patch * weights[channel]).sum(axis=(1, 2, 3))
    return outputs


def precision_gating(x, weight, thresholds, clip, bits, signed, product):
    """Return (mask, output) of PG's definition; `bits` are (B, B_hb, w), thresholds broadcast."""
    activation_bits, msb_bits, weight_bits = bits
    lsb_bits = activation_bits - msb_bits
    levels = 2 ** (activation_bits - signed) - 1
    integers = np.rint(np.clip(x, -clip if signed else 0, clip) * levels / clip).astype(np.int64)
    weight_step = np.abs(weight).max() / (2 ** (weight_bits - 1) - 1)
    weights = np.rint(weight / weight_step).astype(np.int64)
    high = product(integers >> lsb_bits, weights)
    low = product(integers & (2**lsb_bits - 1), weights)
    step = clip / levels * weight_step
    exceeds = np.frompyfunc(  # O_hb·2^lsb_bits·step > threshold, in exact rational arithmetic
        lambda total, bound: Fraction(int(total)) * 2**lsb_bits * Fraction(step) > Fraction(bound),
        2,
        1,
    )
    mask = exceeds(high, np.broadcast_to(thresholds, high.shape)).astype(bool)
    return mask, ((high << lsb_bits) + mask * low) * step


CONVOLUTIONS = [
    # kernel, stride, padding, dilation, groups, (B, B_hb, w), signed
    ((3, 3), (1, 1), (1, 1), (1, 1), 1, (4, 2, 8), False),
    ((3, 1), (2, 1), (0, 2), (1, 1), 2, (8, 4, 8), False),
    ((2, 3), (1, 2), (1, 0), (2, 1), 4, (5, 3, 4), False),
    ((3, 3), (1, 1), (1, 1), (1, 1), 1, (4, 2, 8), True),
    ((1, 1), (1, 1), (0, 0), (1, 1), 1, (16, 8, 16), False),
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolution_is_exact_integer_arithmetic(case) -> None:
    kernel, stride, padding, dilation, groups, bits, signed = case
    rng = np.random.default_rng(7)
    layer = PGConv2d(
        4,
        8,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        activation_bits=bits[0],
        msb_bits=bits[1],
        weight_bits=bits[2],
        signed=signed,
        clip=1.75,
    ).eval()
    thresholds = rng.normal(0.3, 0.4, (8, 1, 1)).astype(np.float32)
    layer.gate.threshold.data = torch.tensor(thresholds)
    x = rng.normal(0.5, 1.0, (3, 4, 9, 8))

    output = layer(torch.tensor(x)).detach().numpy()

    weight = layer.weight.detach().numpy().astype(np.float64)
    mask, expected = precision_gating(
        x,
        weight,
        thresholds.astype(np.float64),
        1.75,
        bits,
        signed,
        lambda i, w: convolve(i, w, stride, padding, dilation, groups),
    )
    assert 0.05 < mask.mean() < 0.95
    np.testing.assert_array_equal(layer.mask.numpy(), mask)
    np.testing.assert_array_equal(output, expected)


@pytest.mark.parametrize("size", [(5, 24), (5, 3, 24)], ids=["vectors", "tokens"])
def test_linear_is_exact_integer_arithmetic(size: tuple[int, ...]) -> None:
    rng = np.random.default_rng(8)
    layer = PGLinear(24, 10, bias=True, activation_bits=6, msb_bits=4, weight_bits=8, clip=2.5)
    thresholds = rng.normal(0.2, 0.3, 10).astype(np.float32)
    layer.gate.threshold.data = torch.tensor(thresholds)
    x = rng.normal(0.5, 1.5, size)

    output = layer.eval()(torch.tensor(x)).detach().numpy()

    weight = layer.weight.detach().numpy().astype(np.float64)
    mask, expected = precision_gating(
        x, weight, thresholds.astype(np.float64), 2.5, (6, 4, 8), False, lambda i, w: i @ w.T
    )
    assert 0.05 < mask.mean() < 0.95
    np.testing.assert_array_equal(layer.mask.numpy(), mask)
    np.testing.assert_array_equal(output, expected + layer.bias.detach().numpy())


def hand_worked(threshold: float, temperature: float = 5.0) -> PGLinear:
    """Two inputs at one unit a level, weights 127 and -1 at one unit a step: all steps are 1."""
    layer = PGLinear(
        2,
        1,
        bias=False,
        activation_bits=4,
        msb_bits=2,
        weight_bits=8,
        clip=15.0,
        temperature=temperature,
    )
    layer.weight.data = torch.tensor([[127.0, -1.0]])
    layer.gate.threshold.data = torch.tensor([threshold])
    return layer


# Inputs 6 = 1·4 + 2 and 13 = 3·4 + 1: O_hb = 127 - 3 = 124, O_lb = 254 - 1 = 253, and the whole is
# 124·4 + 253 = 749 = 6·127 - 13. The gate sees 124·4 = 496.
@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(495.9, 749), (496.0, 496), (496.1, 496), (-math.inf, 749), (math.inf, 496)],
)
@pytest.mark.parametrize("training", [False, True])
def test_gate_compares_strictly(threshold: float, expected: int, training: bool) -> None:
    layer = hand_worked(threshold).train(training)
    assert layer(torch.tensor([[6.0, 13.0]])).item() == expected
    assert layer.mask.tolist() == [[expected == 749]]


def test_threshold_gradient_is_the_sigmoids() -> None:
    # dO/dthreshold = -O_lb · T·s·(1 - s), with s = sigmoid(T·(496 - threshold)).
    layer = hand_worked(480.0, temperature=0.05)
    layer(torch.tensor([[6.0, 13.0]])).backward()
    sigmoid = 1 / (1 + math.exp(-0.05 * 16))
    assert layer.gate.threshold.grad.item() == pytest.approx(
        -253 * 0.05 * sigmoid * (1 - sigmoid), rel=1e-5
    )


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    layer = PGConv2d(3, 4, 3, padding=1, bias=True, activation_bits=4, msb_bits=2, clip=1.0)
    layer(torch.rand(2, 3, 6, 6) * 2).square().sum().backward()
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_training_computes_the_integers_of_inference() -> None:
    torch.manual_seed(1)
    layer = PGConv2d(8, 16, 3, padding=1, activation_bits=8, msb_bits=4, clip=1.5).double()
    x = torch.rand(2, 8, 7, 7, dtype=torch.float64) * 2
    trained, trained_mask = layer.train()(x), layer.mask
    torch.testing.assert_close(trained, layer.eval()(x), rtol=1e-12, atol=1e-12)
    assert torch.equal(trained_mask, layer.mask)


def test_without_msb_bits_a_layer_is_only_quantized() -> None:
    layer = PGConv2d(3, 4, 3, activation_bits=8).eval()
    layer(torch.rand(1, 3, 5, 5))
    assert layer.mask is None
    assert layer.gate.threshold is None


def test_full_precision_weights_load_by_name() -> None:
    start = torch.nn.Conv2d(3, 4, 3, bias=False)
    layer = PGConv2d(3, 4, 3, activation_bits=4, msb_bits=2)
    result = layer.load_state_dict(start.state_dict(), strict=False)
    assert torch.equal(layer.weight, start.weight)
    assert result.unexpected_keys == []
    assert result.missing_keys == ["gate.threshold", "gate.quantize.clip"]


def test_threshold_loss_is_a_sum_of_squares() -> None:
    model = torch.nn.Sequential(
        PGConv2d(3, 4, 3, activation_bits=8),
        PGConv2d(4, 2, 3, activation_bits=4, msb_bits=2),
        PGLinear(5, 3, activation_bits=4, msb_bits=2),
    )
    model[1].gate.threshold.data.fill_(0.5)  # 2·(0.5 - 2)² + 3·(0 - 2)² = 16.5
    loss = threshold_loss(model, target=2.0)
    loss.backward()
    assert loss.item() == 16.5
    assert model[1].gate.threshold.grad.flatten().tolist() == [-3.0, -3.0]
    assert list(pg_layers(model)) == ["0", "1", "2"]


def test_threshold_loss_without_a_gate_is_refused() -> None:
    with pytest.raises(InputError, match="no layer of the model is gated"):
        threshold_loss(PGLinear(2, 2, activation_bits=8), target=1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activation_bits": 4, "msb_bits": 4}, "msb_bits is 4: expected 1 to 3"),
        ({"activation_bits": 4, "msb_bits": 0}, "msb_bits is 0: expected 1 to 3"),
        ({"activation_bits": 4, "weight_bits": 1}, "weight_bits is 1: expected 2 to 16"),
        ({"activation_bits": 17}, "activation_bits is 17: expected 1 to 16"),
    ],
)
def test_impossible_widths_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        PGLinear(2, 2, **options)


def test_gates_of_another_rule_print_otherwise() -> None:
    # A resumed capture knows a model again by what it prints and by its tensors.
    large, near_zero = (
        PGLinear(4, 4, activation_bits=4, msb_bits=2, opens_near_zero=each)
        for each in (False, True)
    )
    assert repr(large) != repr(near_zero)
