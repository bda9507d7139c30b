"""Batches as people have them: pairs, labels, arrays, empty ones, and what is none."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGConv2d, PGLinear, Shards, capture, integer_operands  # noqa: E402

X = torch.rand(7, 4, 6, 6, generator=torch.Generator().manual_seed(2))
LABELS = torch.arange(7)
Pair = namedtuple("Pair", "image label")


def model() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(PGConv2d(4, 3, 3, activation_bits=4, msb_bits=2, clip=1.0))


@pytest.fixture
def expected() -> np.ndarray:
    layers = model().eval()
    layers(X)
    return layers[0].mask.flatten(2).numpy()


TAKEN = {
    "tensors": X.split(3),
    "DataLoader of pairs": DataLoader(TensorDataset(X, LABELS), 3),
    "DataLoader of images": DataLoader(TensorDataset(X), 3),
    "labels as a list": [(X, LABELS.tolist())],
    "named pairs": [Pair(X, LABELS)],
    "empty ones between": [X[:0], X[:4], X[4:4], X[4:], X[:0]],
    "an iterator": iter(X.split(2)),
    "with gradients": [X.clone().requires_grad_()],
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_certainly_holds_images_is_taken(kind: str, expected: np.ndarray) -> None:
    trace = capture(model(), TAKEN[kind], model_name="m", dataset="d")
    np.testing.assert_array_equal(trace.layers[0].unpack(), expected)


def test_empty_batches_are_no_batches_of_shards(tmp_path, expected: np.ndarray) -> None:
    batches = [X[:0], *X.split(3), X[:0]]
    trace = capture(model(), batches, model_name="m", dataset="d", out=Shards(tmp_path / "t", 2))
    np.testing.assert_array_equal(trace.layers[0].unpack(), expected)


REFUSED = {
    "one tensor": (X, r"one array of shape \(7, 4, 6, 6\): .* images\.split\(100\), or \[images\]"),
    "one array": (X.numpy(), "one array of shape"),
    "nothing": (None, "batches are None: expected an iterable"),
    "a path": ("images", "batches are 'images'"),
    "a mapping": ({"x": X}, "batches are {"),
    "arrays": ([X.numpy()], r"batch 1: is a ndarray: .* torch\.from_numpy gives one"),
    "the second": ([X, X.numpy()], "batch 2: is a ndarray"),
    "a dict": ([{"x": X}], "batch 1: is a dict: expected a Tensor"),
    "two inputs": ([(X, X)], "batch 1: is a tuple of 2, in which not one label an image"),
    "too few labels": ([[X, LABELS[:3]]], "batch 1: is a list of 2"),
    "label first": ([[LABELS.tolist(), X]], "batch 1: is a list: expected"),
    "nothing in a pair": ([[]], "batch 1: is a list: expected"),
    "a number": ([torch.tensor(1.0)], r"batch 1: .* shape \(\)"),
    "without values": ([X.to("meta")], "batch 1: is a Tensor on the meta device"),
    "sparse": ([X.to_sparse()], "batch 1: .*sparse_coo"),
    "all empty": ([X[:0]], "nothing to capture"),
    "one image": ([X[0]], r"ran on \[4, 6, 6\] for a batch of 4 images"),
    "NaN": ([X, X * torch.nan], "layer '0': its input holds NaN"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_batch_is_refused(kind: str) -> None:
    batches, message = REFUSED[kind]
    with pytest.raises(InputError, match=message):
        capture(model(), batches, model_name="m", dataset="d")


class EachAlone(nn.Module):
    """Gives its layer the features of one image at a time."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.layer = PGLinear(features, 2, activation_bits=4, msb_bits=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([self.layer(image) for image in x])


@pytest.mark.parametrize(
    ("images", "features", "message"),
    [
        (3, 4, "layer 'layer' ran twice in one batch"),
        (1, 4, r"layer 'layer' ran on \[4\] for a batch of 1 images: expected the images, 1,"),
    ],
)
def test_features_without_images_are_refused(images: int, features: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        batch = torch.rand(images, features)
        capture(EachAlone(features), [batch], model_name="m", dataset="d")


def test_operands_take_images_alike() -> None:
    (layer,) = integer_operands(model(), [X, LABELS])
    assert len(layer.activations) == 7
    with pytest.raises(InputError, match="images: is a ndarray"):
        integer_operands(model(), X.numpy())


@pytest.mark.parametrize("wrong", [lambda x: x, PGConv2d(4, 3, 3, activation_bits=8)])
def test_what_is_no_model_of_layers_is_refused(wrong: Any) -> None:
    message = "model is a function|the model is itself a layer, .*put it into a Sequential"
    with pytest.raises(InputError, match=message):
        capture(wrong, [X], model_name="m", dataset="d")


def test_an_adapter_gives_gates(expected: np.ndarray) -> None:
    with pytest.raises(InputError, match="layer '': gate_of gives True, expected a Gate or None"):
        capture(model(), [X], model_name="m", dataset="d", gate_of=lambda module: True)


def test_nan_within_the_network_is_refused() -> None:
    class Dividing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 0 / 0

    with pytest.raises(InputError, match="layer '1': its input holds NaN"):
        capture(nn.Sequential(Dividing(), *model()), [X], model_name="m", dataset="d")
