"""An ONNX model that PyTorch exports has the layers that PyTorch multiplies.

`pgsim.gating.shapes` sees every product at PyTorch's dispatcher; the importer reads the file.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from torch import nn  # noqa: E402

from pgsim import LayerShape, import_layers, widened  # noqa: E402
from pgsim.gating import shapes  # noqa: E402


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, (3, 1), 1, (1, 0), groups=outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(torch.relu(self.norm(self.first(x))))
        return torch.relu(y + self.shortcut(x))


class Attention(nn.Module):
    """Self attention of four heads, spelled out, and a feedforward layer."""

    def __init__(self) -> None:
        super().__init__()
        self.all, self.out = nn.Linear(32, 96), nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            each.unflatten(2, (4, 8)).transpose(1, 2) for each in self.all(x).chunk(3, 2)
        )
        scores = torch.softmax(query @ key.transpose(2, 3), -1)
        return x + self.out((scores @ value).transpose(1, 2).flatten(2))


class Sequences(nn.Module):
    """Recurrent layers, and a linear one behind them."""

    def __init__(self, kind: type[nn.RNNBase], **options: object) -> None:
        super().__init__()
        self.rnn = kind(5, 7, batch_first=True, **options)
        self.out = nn.Linear(14 if self.rnn.bidirectional else 7, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(x)[0])


class Grouped(nn.Module):
    """Weights of each head, beside PyTorch's own attention."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.rand(4, 8, 8))
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = x.unflatten(2, (4, 8)).transpose(1, 2) @ self.weights
        x = heads.transpose(1, 2).flatten(2)
        return self.attention(x, x, x)[0]


def what(layers: Iterable[LayerShape]) -> Counter[tuple[object, ...]]:
    """Return what layers compute, whatever they are called."""
    return Counter(
        (each.op, each.in_channels, each.out_channels, each.groups, each.out_size, each.macs)
        for each in layers
    )


def wide(layers: Iterable[LayerShape]) -> Counter[tuple[object, ...]]:
    """Return what the layers of a network twice as wide compute."""
    return what(widened(tuple(layers), 2))


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (nn.Sequential(Block(3, 8), Block(8, 16), nn.Flatten(), nn.Linear(1024, 10)), (3, 32, 32)),
        (nn.Sequential(nn.ConvTranspose2d(4, 6, 4, 2, 1), nn.Conv2d(6, 2, 3)), (4, 9, 7)),
        (nn.Sequential(nn.Conv1d(4, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 8, 3, 2)), (4, 50)),
        (nn.Sequential(nn.Conv3d(2, 4, 3), nn.MaxPool3d(2), nn.Conv3d(4, 4, 1)), (2, 8, 9, 10)),
        (nn.Sequential(Attention(), Attention(), nn.Linear(32, 5)), (11, 32)),
        (Grouped(), (11, 32)),
        (Sequences(nn.LSTM, num_layers=2), (6, 5)),
        (Sequences(nn.GRU, num_layers=2, bidirectional=True), (6, 5)),
        (Sequences(nn.RNN), (6, 5)),
    ],
    ids=["residual", "transposed", "1d", "3d", "attention", "grouped", "lstm", "gru", "rnn"],
)
def test_an_exported_model_has_the_layers_that_pytorch_multiplies(
    model: nn.Module, example: tuple[int, ...], tmp_path: Path
) -> None:
    x = torch.zeros(1, *example)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter that needs no further package
        torch.onnx.export(model.eval(), (x,), tmp_path / "model.onnx", dynamo=False)
    layers = import_layers(tmp_path / "model.onnx")
    assert what(layers) == what(shapes(model, x))
    assert wide(layers) == wide(shapes(model, x))
