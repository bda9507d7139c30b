"""Attention in plain networks: whose outputs its products read, and what is wider in a wider one.

MACs are those of PyTorch's operator counter, wiring and sizes are written down by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from pgsim import LayerShape, widened  # noqa: E402
from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import shapes  # noqa: E402

QKV = ("q", "k", "v")


def counted_macs(model: nn.Module, *args: Any) -> int:
    """What torch.utils.flop_counter counts; of what is fused for CPUs it has no formula."""
    kernel = torch.nn.attention.SDPBackend.MATH
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            torch.no_grad(),
            torch.nn.attention.sdpa_kernel(kernel),
            FlopCounterMode(display=False) as counter,
        ):
            model.eval()(*args)
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    return counter.get_total_flops() // 2


def reads(layers: tuple[LayerShape, ...]) -> dict[str, tuple[str, ...]]:
    return {each.name: each.inputs for each in layers}


def wide(layers: tuple[LayerShape, ...], factor: float = 2) -> dict[str, tuple[int, int, int]]:
    """A wider network's layers: their inputs and outputs of a group, and how many groups."""
    return {
        each.name: (each.in_channels_per_group, each.channels_per_group, each.groups)
        for each in widened(layers, factor)
    }


Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
ATTENTIONS: dict[str, Attend] = {
    "fused": F.scaled_dot_product_attention,
    "matmul": lambda q, k, v: (q @ k.mT / 2).softmax(-1) @ v,
    "einsum": lambda q, k, v: torch.einsum(
        "bhqk,bhkd->bhqd", torch.einsum("bhqd,bhkd->bhqk", q, k).softmax(-1), v
    ),
    "bmm": lambda q, k, v: torch.bmm(
        torch.baddbmm(torch.zeros(1), q.flatten(0, 1), k.flatten(0, 1).mT).softmax(-1),
        v.flatten(0, 1),
    ).view_as(q),
}


class Attends(nn.Module):
    """Queries of 4 heads of 8 features from tokens, keys and values from a memory."""

    def __init__(self, attend: Attend, key_heads: int = 4) -> None:
        super().__init__()
        self.stem, self.memory = nn.Linear(6, 32), nn.Linear(6, 32)
        self.q, self.out = nn.Linear(32, 32), nn.Linear(32, 9)
        self.k, self.v = (nn.Linear(32, 8 * key_heads, bias=False) for _ in "kv")
        self.attend = attend

    def forward(self, x: Tensor) -> Tensor:
        tokens, memory = self.stem(x[:, :7]), self.memory(x)
        q, k, v = (
            each.unflatten(2, (-1, 8)).transpose(1, 2)
            for each in (self.q(tokens), self.k(memory), self.v(memory))
        )
        return self.out(self.attend(q, k, v).transpose(1, 2).flatten(2) + tokens)


@pytest.mark.parametrize("kind", ATTENTIONS)
@pytest.mark.parametrize("images", [1, 3])
def test_products_read_what_made_their_operands(kind: str, images: int) -> None:
    model, x = Attends(ATTENTIONS[kind]), torch.rand(images, 11, 6)
    found = shapes(model, x)
    assert images * sum(each.macs for each in found) == counted_macs(model, x)
    scores, values = [each for each in found if each.op == "matmul"]
    assert set(scores.inputs) == {"q", "k"}
    assert set(values.inputs) == {scores.name, "v", "stem"}  # which the tokens are added to
    assert found[-1].inputs == (values.name,)
    sizes = wide(found)
    assert sizes["q"] == sizes["k"] == sizes["v"] == (64, 64, 1)
    assert sizes[scores.name] == (16, 11, 4)
    assert sizes[values.name] == (11, 16, 4)
    assert sizes["out"] == (64, 9, 1)


def test_names_of_fused_attention() -> None:
    found = shapes(Attends(ATTENTIONS["fused"]), torch.rand(1, 11, 6))
    assert [each.name for each in found] == [
        "stem", "memory", "q", "k", "v", "scores", "values", "out"
    ]  # fmt: skip


@pytest.mark.parametrize("key_heads", [1, 2])
def test_heads_of_queries_may_share_one_of_keys(key_heads: int) -> None:
    def shared(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)

    model, x = Attends(shared, key_heads), torch.rand(2, 11, 6)
    found = shapes(model, x)
    assert 2 * sum(each.macs for each in found) == counted_macs(model, x)
    assert set(reads(found)["values"]) == {"v", "scores", "stem"}
    assert wide(found)["k"] == (64, 16 * key_heads, 1)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("images", [1, 2])
def test_pytorchs_attention(batch_first: bool, weights: bool, images: int) -> None:
    class Self(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Linear(5, 32)
            self.attention = nn.MultiheadAttention(32, 4, batch_first=batch_first)
            self.out = nn.Linear(32, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            return self.out(self.attention(x, x, x, need_weights=weights)[0])

    model, x = Self(), torch.rand(*((images, 7) if batch_first else (7, images)), 5)
    found = shapes(model, x)
    assert images * sum(each.macs for each in found) == counted_macs(model, x)
    stem, qkv, scores, values, projection, out = found
    assert (qkv.inputs, scores.inputs) == ((stem.name,), (qkv.name,))
    assert set(values.inputs) == {scores.name, qkv.name}
    assert (projection.inputs, out.inputs) == ((values.name,), (projection.name,))
    assert {each.positions for each in found} == {7}
    sizes = wide(found)
    assert sizes[qkv.name] == (64, 192, 1)
    assert (sizes[scores.name], sizes[values.name]) == ((16, 7, 4), (7, 16, 4))
    assert (sizes[projection.name], sizes["out"]) == ((64, 64, 1), (64, 3, 1))


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_whole_transformer(batch_first: bool) -> None:
    options = {"dim_feedforward": 64, "batch_first": batch_first}
    model = nn.Transformer(32, 4, 2, 2, **options).eval()
    first = int(batch_first)
    source, target = (torch.rand(tokens, 2, 32).transpose(0, first) for tokens in (7, 5))
    found = shapes(model, (source, target))
    assert 2 * sum(each.macs for each in found) == counted_macs(model, source, target)
    assert all(each.op == "matmul" or each.positions in (5, 7) for each in found)
    named = reads(found)
    crossed = [name for name in named if "multihead_attn" in name and "layers.1." in name]
    kinds = {each.name: each.op for each in found}
    queries, memory, scores, values, _ = crossed
    assert [kinds[each] for each in crossed] == ["linear", "linear", "matmul", "matmul", "linear"]
    assert named[memory] == ("encoder.layers.1.linear2",)
    assert set(named[scores]) == {queries, memory}
    assert set(named[values]) == {scores, memory}
    sizes = wide(found)
    assert (sizes[scores], sizes[values]) == ((16, 7, 4), (7, 16, 4))


class Gram(nn.Module):
    """A product of an image with itself, and of weights with an image, on the left."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.mixes = nn.Linear(6, 8), nn.Parameter(torch.rand(3, 7))

    def forward(self, x: Tensor) -> Tensor:
        x = self.mixes @ self.stem(x)
        return x @ x.mT


@pytest.mark.parametrize("images", [1, 2])
def test_weights_may_be_on_the_left(images: int) -> None:
    model, x = Gram(), torch.rand(images, 7, 6)
    stem, mixed, gram = found = shapes(model, x)
    assert images * sum(each.macs for each in found) == counted_macs(model, x)
    assert (mixed.op, mixed.in_channels, mixed.out_channels, mixed.positions) == (
        "linear", 7, 3, 8,
    )  # fmt: skip
    assert (gram.op, gram.groups, gram.in_channels, gram.positions) == ("matmul", 1, 8, 3)
    assert (mixed.inputs, gram.inputs) == ((stem.name,), (mixed.name,))


@pytest.mark.parametrize(
    "multiply",
    [
        lambda x, w: torch.einsum("bhd,hde->bhe", x, w),
        lambda x, w: (x[:, :, None] @ w)[:, :, 0],
    ],
    ids=["einsum", "matmul"],
)
@pytest.mark.parametrize("images", [1, 2])
def test_heads_may_have_weights_of_their_own(
    multiply: Callable[[Tensor, Tensor], Tensor], images: int
) -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.Parameter(torch.rand(4, 3, 5))

        def forward(self, x: Tensor) -> Tensor:
            return multiply(x, self.weights)

    (layer,) = shapes(Heads(), torch.rand(images, 4, 3))
    assert (layer.op, layer.groups, layer.positions) == ("linear", 4, 1)
    assert (layer.in_channels_per_group, layer.channels_per_group) == (3, 5)


@pytest.mark.parametrize("images", [1, 2])
def test_heads_may_share_weights(images: int) -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.Parameter(torch.rand(3, 5))

        def forward(self, x: Tensor) -> Tensor:
            return torch.bmm(x.flatten(0, 1), self.weights.expand(len(x) * 4, -1, -1))

    (layer,) = shapes(Shared(), torch.rand(images, 4, 6, 3))
    assert (layer.op, layer.groups, layer.positions, layer.macs) == ("linear", 1, 24, 24 * 15)


def test_one_matrix_of_weights_for_all_images() -> None:
    class Einsum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.Parameter(torch.rand(3, 5))

        def forward(self, x: Tensor) -> Tensor:
            return torch.einsum("bnd,de->bne", x, self.weights)

    (layer,) = shapes(Einsum(), torch.rand(2, 7, 3))
    assert (layer.op, layer.groups, layer.positions, layer.macs) == ("linear", 1, 7, 7 * 15)


def test_vectors_are_matrices_too() -> None:
    class Scores(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.Parameter(torch.rand(3))

        def forward(self, x: Tensor) -> Tensor:
            return (x @ self.weights).softmax(-1)

    (layer,) = shapes(Scores(), torch.rand(2, 7, 3))
    assert (layer.op, layer.in_channels, layer.out_channels, layer.positions) == (
        "linear", 3, 1, 7,
    )  # fmt: skip


def test_what_mixes_images_is_no_layer() -> None:
    class Mixes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x @ x.T

    (layer,) = shapes(Mixes(), torch.rand(1, 3))
    assert layer.op == "matmul"
    with pytest.raises(InputError, match=r"aten::mm in module '' \(Mixes\).* which are 2, or"):
        shapes(Mixes(), torch.rand(2, 3))


class Windows(nn.Module):
    """Attention within four windows of an image, as in Swin, and frames of it that convolve."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding="same")
        self.shrinks = nn.Conv1d(16, 16, 2, 2)
        self.grows = nn.ConvTranspose2d(16, 2, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        frames = self.stem(x.flatten(0, 1))  # images and frames
        tokens = self.shrinks(frames.flatten(2)).mT[:, None]
        tokens = F.scaled_dot_product_attention(tokens, tokens, tokens)[:, 0]
        return self.grows(tokens.mT.reshape(*frames.shape[:2], 4, 2))


@pytest.mark.parametrize("images", [1, 2])
def test_frames_of_an_image_may_be_folded_with_images(images: int) -> None:
    model, x = Windows(), torch.rand(images, 4, 3, 4, 4)
    found = shapes(model, x)
    stem, shrinks, scores, values, *grows = found
    assert (stem.op, stem.in_size, stem.kernel) == ("conv3d", (4, 4, 4), (1, 3, 3))
    assert (shrinks.op, shrinks.in_size, shrinks.kernel) == ("conv2d", (4, 16), (1, 2))
    assert scores.groups == values.groups == 4
    assert {each.op for each in grows} == {"conv3d"}
    # Of each of 4 frames: 16 pixels of 27 by 16, 8 of 32 by 16, two products of 8 by 8 tokens of 16
    # features, and 32 pixels of 16 by 2. PyTorch counts what is multiplied by zeros around it too.
    assert sum(each.macs for each in found) == 4 * (6912 + 4096 + 2 * 1024 + 1024)
    assert images * sum(each.macs for each in found) == counted_macs(model, x)
    assert stem.out_size == (4 * 4, 4)
