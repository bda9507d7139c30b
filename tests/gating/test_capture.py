"""Capture: the masks that the modules made, and the geometry that they ran at."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGConv2d, PGLinear, capture  # noqa: E402


def small_model() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        PGConv2d(2, 4, 3, padding=1, activation_bits=8, clip=1.0, signed=True),
        nn.BatchNorm2d(4),
        PGConv2d(4, 6, (3, 1), (2, 1), (1, 0), groups=2, activation_bits=4, msb_bits=2, clip=3.0),
        nn.Flatten(),
        PGLinear(6 * 3 * 7, 5, activation_bits=6, msb_bits=3, weight_bits=4),
    )


def test_masks_are_those_of_the_modules() -> None:
    model, x = small_model(), torch.randn(7, 2, 6, 7)
    trace = capture(model, x.split(3), model_name="small", dataset="noise", accuracy={"top1": 0.5})

    model.eval()(x)

    conv, linear = (layer for layer in trace.layers if layer.shape.gated)
    assert 0 < conv.density() < 1
    np.testing.assert_array_equal(conv.unpack(), model[2].mask.flatten(2).numpy())
    np.testing.assert_array_equal(linear.unpack(), model[4].mask.unsqueeze(-1).numpy())
    assert (trace.images, trace.mask_source, trace.model) == (7, "captured", "small")
    assert trace.accuracy == {"top1": 0.5}


def test_geometry_is_that_of_the_model() -> None:
    trace = capture(small_model(), [torch.randn(2, 2, 6, 7)], model_name="m", dataset="d")
    first, second, third = (layer.shape for layer in trace.layers)
    assert [layer.name for layer in (first, second, third)] == ["0", "2", "4"]
    assert {key: each for key, each in first.manifest().items() if key != "zeros"} == {
        "name": "0",
        "op": "conv2d",
        "in_channels": 2,
        "out_channels": 4,
        "in_size": [6, 7],
        "kernel": [3, 3],
        "stride": [1, 1],
        "padding": [1, 1],
        "dilation": [1, 1],
        "groups": 1,
        "activation_bits": 8,
        "msb_bits": 8,
        "weight_bits": 8,
        "gate": "none",
        "signed": True,
        "inputs": ["network"],
    }
    assert (second.in_size, second.kernel, second.stride) == ((6, 7), (3, 1), (2, 1))
    assert (second.padding, second.groups, second.out_size) == ((1, 0), 2, (3, 7))
    assert (second.activation_bits, second.msb_bits, second.gate) == (4, 2, "output")
    assert (third.op, third.in_channels, third.out_channels, third.positions) == (
        "linear",
        126,
        5,
        1,
    )
    assert (third.activation_bits, third.msb_bits, third.weight_bits) == (6, 3, 4)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(
    ("kernel", "dilation", "padding"),
    # PyTorch's own, see nn.Conv2d: zeros of dilation·(kernel - 1), the odd one behind the last.
    [((3, 4), 1, (1, 1, 1, 2)), ((2, 3), (3, 2), (1, 2, 2, 2)), ((3, 3), 1, (1, 1))],
)
def test_padding_that_keeps_the_size(
    kernel: tuple[int, int], dilation: int | tuple[int, int], padding: tuple[int, ...]
) -> None:
    """A capture holds the MACs of each layer to those that PyTorch counts."""
    widths = {"activation_bits": 4, "msb_bits": 2}
    layer = PGConv2d(2, 4, kernel, padding="same", dilation=dilation, **widths)
    images = torch.rand(2, 2, 6, 7)
    trace = capture(nn.Sequential(layer), [images], model_name="m", dataset="d")
    (captured,) = trace.layers
    assert (captured.shape.padding, captured.shape.out_size) == (padding, (6, 7))
    np.testing.assert_array_equal(captured.unpack(), layer.mask.flatten(2).numpy())


def test_padding_valid_is_none() -> None:
    layer = PGConv2d(2, 4, 3, padding="valid", activation_bits=4, msb_bits=2)
    trace = capture(nn.Sequential(layer), [torch.rand(1, 2, 6, 7)], model_name="m", dataset="d")
    assert (trace.layers[0].shape.padding, trace.layers[0].shape.out_size) == ((0, 0), (4, 5))


def test_tokens_of_a_linear_layer_are_positions() -> None:
    layer = PGLinear(8, 5, activation_bits=4, msb_bits=2)
    trace = capture(nn.Sequential(layer), [torch.rand(2, 3, 8)], model_name="m", dataset="d")
    (captured,) = trace.layers
    assert captured.shape.positions == 3
    np.testing.assert_array_equal(captured.unpack(), layer.mask.transpose(1, 2).numpy())


def test_the_model_is_left_as_it_was() -> None:
    model = small_model()
    model[1].eval()
    before = [module.training for module in model.modules()]
    capture(model, [torch.randn(2, 2, 6, 7)], model_name="m", dataset="d")
    assert [module.training for module in model.modules()] == before
    assert all(not module._forward_hooks for module in model.modules())


def test_a_layer_of_unknown_widths_is_refused() -> None:
    model = nn.Sequential(nn.Conv2d(2, 2, 1), PGConv2d(2, 2, 1, activation_bits=8))
    with pytest.raises(InputError, match="layer '0' is a plain Conv2d"):
        capture(model, [torch.randn(1, 2, 4, 4)], model_name="m", dataset="d")


def test_a_layer_that_runs_twice_is_refused() -> None:
    layer = PGLinear(4, 4, activation_bits=8)
    with pytest.raises(InputError, match="layer '0' ran twice"):
        capture(nn.Sequential(layer, layer), [torch.rand(1, 4)], model_name="m", dataset="d")


def test_images_of_two_sizes_are_refused() -> None:
    model = nn.Sequential(PGConv2d(2, 2, 1, activation_bits=4, msb_bits=2))
    images = [torch.rand(1, 2, 4, 4), torch.rand(1, 2, 5, 4)]
    with pytest.raises(InputError, match="layer '0': the input size changed"):
        capture(model, images, model_name="m", dataset="d")


def test_no_batches_are_refused() -> None:
    with pytest.raises(InputError, match="nothing to capture"):
        capture(PGLinear(4, 4, activation_bits=8), [], model_name="m", dataset="d")
