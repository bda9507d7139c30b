"""Zeros that capture counts, against numpy's count of the integers of tiny networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from pgsim.gating import (  # noqa: E402
    PGLSTM,
    Gate,
    PGConv2d,
    PGLinear,
    Shards,
    capture,
    integer_operands,
)
from pgsim.workload import GateTrace, LayerShape, load_trace  # noqa: E402


def captured(model: nn.Module, batches: object, **options: object) -> GateTrace:
    return capture(model, batches, model_name="tiny", dataset="hand", **options)


def one_layer(**options: object) -> PGLinear:
    """A layer of inputs 0 to 15 as they are, and of weights that are 8-bit integers."""
    layer = PGLinear(4, 2, activation_bits=4, clip=15.0, **options)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[127.0, 0.0, -3.0, 0.0], [0.0, 1.0, 2.0, -127.0]]))
    return layer


def test_planes_of_hand_picked_integers() -> None:
    x = torch.tensor([[0.0, 1, 4, 12], [5, 3, 0, 8], [2, 0, 16, -7]])
    shape = captured(nn.Sequential(one_layer(msb_bits=2)), [x]).layers[0].shape
    # As integers 0 1 4 12 | 5 3 0 8 | 2 0 15 0: four of twelve are zero.
    assert shape.zero_fraction("activation", 0, 4) == 4 / 12
    # Of the upper two bits 0 0 1 3 | 1 0 0 2 | 0 0 3 0, of the lower 0 1 0 0 | 1 3 0 0 | 2 0 3 0.
    assert shape.zero_fraction("activation", 2, 2) == 7 / 12
    assert shape.zero_fraction("activation", 0, 2) == 7 / 12
    assert shape.zero_fraction("weight", 0, 8) == 3 / 8


def test_signed_planes_are_those_of_two_s_complement() -> None:
    x = torch.tensor([[-7.0, -4, 4, 0], [-1, 3, 1, -8]])
    layer = PGLinear(4, 2, activation_bits=4, msb_bits=2, signed=True, clip=7.0)
    shape = captured(nn.Sequential(layer), [x]).layers[0].shape
    # 1001 1100 0100 0000 | 1111 0011 0001 1001: -8 is clipped to -7.
    assert shape.zero_fraction("activation", 0, 4) == 1 / 8
    assert shape.zero_fraction("activation", 2, 2) == 3 / 8
    assert shape.zero_fraction("activation", 0, 2) == 3 / 8


def network() -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(
        PGConv2d(2, 4, 3, padding=1, activation_bits=4, msb_bits=3, clip=1.0),
        nn.ReLU(),
        PGConv2d(4, 3, 3, 2, activation_bits=5, msb_bits=2, weight_bits=3, clip=0.5),
    )


def expected(model: nn.Module, x: Tensor) -> dict[str, dict[object, float]]:
    """By numpy, of the integers that `integer_operands` gives."""
    found = {}
    for layer in integer_operands(model, x):
        integers, low = layer.activations.astype(int), layer.shape.lsb_bits
        found[layer.shape.name] = {
            (0, layer.shape.activation_bits): np.mean(integers == 0),
            (low, layer.shape.msb_bits): np.mean(integers >> low == 0),
            (0, low): np.mean(integers & (2**low - 1) == 0),
            "weight": np.mean(layer.weights == 0),
        }
    return found


def measured(shape: LayerShape) -> dict[object, float]:
    assert shape.zeros is not None
    planes = {(low, bits): fraction for low, bits, fraction in shape.zeros.activation}
    return {**planes, "weight": shape.zero_fraction("weight", 0, shape.weight_bits)}


def test_all_images_of_all_batches_count() -> None:
    model, x = network(), torch.randn(7, 2, 6, 6)
    trace = captured(model, x.split(3))
    for layer in trace.layers:
        assert measured(layer.shape) == pytest.approx(expected(model, x)[layer.shape.name])
        assert measured(layer.shape)[0, layer.shape.activation_bits] > 0


def test_time_steps_count_together() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(PGLSTM(3, 4, activation_bits=4, msb_bits=2))
    x = torch.randn(5, 6, 3)
    for layer in captured(model, x.split(2)).layers:
        assert measured(layer.shape) == pytest.approx(expected(model, x)[layer.shape.name])
        assert measured(layer.shape)[0, 4] > 0


def test_shards_say_what_all_images_have(tmp_path: Path) -> None:
    model, x = network(), torch.randn(7, 2, 6, 6)
    whole = captured(model, x.split(3))
    captured(model, x.split(3), out=Shards(tmp_path / "tiny", images=2))
    shards = load_trace(tmp_path / "tiny")
    assert len(list(tmp_path.iterdir())) == 4
    assert [each.shape for each in shards.layers] == [each.shape for each in whole.layers]


def test_images_folded_with_tokens_count_alike() -> None:
    class Folded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = one_layer()

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x.transpose(0, 1).reshape(-1, 4))

    x = torch.randint(0, 3, (5, 3, 4)).float()
    (layer,) = captured(Folded(), x.split(2)).layers
    assert layer.shape.zero_fraction("activation", 0, 4) == np.mean(x.numpy() == 0)


def test_integers_of_other_layers_are_not_known() -> None:
    def gate_of(module: nn.Module) -> Gate | None:
        return Gate(8, None, 8) if isinstance(module, nn.Linear) else None

    (layer,) = captured(nn.Sequential(nn.Linear(3, 2)), [torch.rand(2, 3)], gate_of=gate_of).layers
    assert layer.shape.zeros is None
