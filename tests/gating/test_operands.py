"""Exported operands, against the masks of the PyTorch layers that they were taken from."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGConv2d, PGLinear, integer_operands, pg_layers  # noqa: E402
from pgsim.workload import Operands, gate_mask, load_operands, save_operands  # noqa: E402


def small_model() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(
        PGConv2d(2, 4, 3, padding=1, activation_bits=8, clip=1.0),
        nn.BatchNorm2d(4),
        PGConv2d(4, 6, (3, 1), (2, 1), (1, 0), groups=2, activation_bits=4, msb_bits=2, clip=3.0),
        PGConv2d(
            6, 6, 2, dilation=2, activation_bits=10, msb_bits=5, weight_bits=12, signed=True, clip=1
        ),
        nn.Flatten(),
        PGLinear(6 * 1 * 5, 5, activation_bits=6, msb_bits=3, weight_bits=4, clip=0.5),
    )


def test_numpy_on_saved_operands_gives_the_layers_masks(tmp_path: Path) -> None:
    model, images = small_model(), torch.randn(3, 2, 6, 7)
    model.train()
    layers = integer_operands(model, images)
    assert model.training

    model.eval()(images)

    operands = Operands("noise", "0" * 64, 0, layers)
    loaded = load_operands(save_operands(operands, tmp_path / "noise"))
    assert [layer.shape.name for layer in loaded.layers] == ["2", "3", "5"]
    for layer in loaded.layers:
        expected = pg_layers(model)[layer.shape.name].mask.numpy()
        mask = gate_mask(layer)
        assert 0 < expected.mean() < 1
        np.testing.assert_array_equal(mask.reshape(expected.shape), expected)


def test_layers_without_a_gate_are_exported_where_they_are_asked_for(tmp_path: Path) -> None:
    model, images = small_model(), torch.rand(3, 2, 6, 7)
    layers = integer_operands(model, images, ungated=True)
    assert [layer.shape.gate for layer in layers] == ["none", "output", "output", "output"]
    loaded = load_operands(save_operands(Operands("all", "0" * 64, 0, layers), tmp_path / "all"))
    first, layer = loaded.layers[0], model[0]
    assert first.thresholds.shape == (0,)
    # Both quantizers cut their range into whole steps: integers times steps are what it multiplies.
    step = layer.gate.quantize.step(torch.float64).item()
    assert first.activations.max() == 255
    close = np.abs(first.activations * step - images.clamp(0, 1).numpy()) <= step / 2 + 1e-6
    assert close.all()


def test_tokens_of_a_linear_layer_are_one_column() -> None:
    torch.manual_seed(5)
    layer = PGLinear(8, 5, activation_bits=4, msb_bits=2, clip=1.0)
    (operands,) = integer_operands(nn.Sequential(layer), torch.rand(2, 3, 8))
    assert operands.activations.shape == (2, 8, 3, 1)
    assert operands.weights.shape == (5, 8, 1, 1)
    mask = gate_mask(operands)
    assert 0 < mask.mean() < 1
    np.testing.assert_array_equal(mask[..., 0], layer.mask.transpose(1, 2).numpy())


# Inputs at one unit a level; weights 127 and -1 at one unit a step; O_hb is worth 4 of the output,
# so that a threshold of 495.9 is 123 whole ones, 496 is 124, and -0.1 is floored to -1.
@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (495.9, 123),
        (496.0, 124),
        (-0.1, -1),
        (math.inf, 2**31 - 1),
        (-math.inf, -(2**31)),
        (-1e12, -(2**31)),
    ],
)
def test_integers_worked_by_hand(threshold: float, expected: int) -> None:
    layer = PGLinear(2, 1, bias=False, activation_bits=4, msb_bits=2, weight_bits=8, clip=15.0)
    layer.weight.data = torch.tensor([[127.0, -1.0]])
    layer.gate.threshold.data = torch.tensor([threshold])
    (operands,) = integer_operands(nn.Sequential(layer), torch.tensor([[6.2, 99.0]]))
    assert operands.activations.flatten().tolist() == [6, 15]
    assert operands.weights.flatten().tolist() == [127, -1]
    assert operands.thresholds.tolist() == [expected]
    dtypes = [operands.activations.dtype, operands.weights.dtype, operands.thresholds.dtype]
    assert dtypes == [np.uint8, np.int8, np.int32]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch's compiler
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_compiled_parts_have_operands() -> None:
    layer = PGLinear(8, 5, activation_bits=4, msb_bits=2)
    model = nn.Sequential(nn.Sequential(layer), nn.ReLU()).eval()
    model[0] = torch.compile(model[0], backend="eager")
    with torch.no_grad():
        model(torch.rand(3, 8))  # compiled from here on, and no module of it is called
    (operands,) = integer_operands(model, torch.rand(3, 8))
    assert operands.shape.name == "0.0"


def test_a_layer_that_runs_twice_is_refused() -> None:
    layer = PGLinear(4, 4, activation_bits=4, msb_bits=2)
    with pytest.raises(InputError, match="layer '0' ran twice"):
        integer_operands(nn.Sequential(layer, layer), torch.rand(1, 4))


def test_a_model_without_a_gate_is_refused() -> None:
    with pytest.raises(InputError, match="reached no gated layer"):
        integer_operands(PGLinear(4, 4, activation_bits=8), torch.rand(1, 4))
