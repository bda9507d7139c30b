"""Layers of plain networks against what PyTorch's own operator counter counts in them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import Gate, capture, shapes  # noqa: E402
from pgsim.workload import LayerShape  # noqa: E402


def counted_macs(model: nn.Module, x: Any) -> int:
    """What torch.utils.flop_counter counts, two operations a MAC."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(x)
    return counter.get_total_flops() // 2


of_even_kernels = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

CONVOLUTIONS: list[tuple[Callable[[], nn.Module], tuple[int, ...]]] = [
    (lambda: nn.Conv1d(4, 6, 5, 2, 2, 3, groups=2), (4, 30)),
    (lambda: nn.Conv1d(4, 6, 4, padding="same"), (4, 9)),
    (lambda: nn.Conv2d(4, 6, (3, 5), (1, 2), (1, 0)), (4, 9, 8)),
    (lambda: nn.Conv2d(4, 6, (4, 3), padding="same", dilation=(1, 2)), (4, 9, 8)),
    (lambda: nn.Conv2d(4, 6, 3, padding=1, padding_mode="circular"), (4, 9, 8)),
    (lambda: nn.Conv2d(4, 4, 3, padding="valid", groups=4), (4, 9, 8)),
    (lambda: nn.Conv3d(4, 6, (2, 3, 3), (1, 2, 1), (1, 0, 2), (2, 1, 1), 2), (4, 5, 9, 8)),
    (lambda: nn.Conv3d(4, 6, 2, padding="same"), (4, 5, 9, 8)),
]


@of_even_kernels
@pytest.mark.parametrize("place", range(len(CONVOLUTIONS)))
def test_sizes_and_macs_of_convolutions_are_pytorchs(place: int) -> None:
    make, size = CONVOLUTIONS[place]
    model, x = nn.Sequential(make()), torch.rand(2, *size)
    (shape,) = shapes(model, x)
    assert (shape.name, shape.op) == ("0", f"conv{len(size) - 1}d")
    assert 2 * shape.macs == counted_macs(model, x)
    assert shape.outputs == model(x)[0].numel()
    assert tuple(model(x).shape[2:]) in shape.kind.mask_axes(shape)
    assert shape.manifest() == shape.replace(padding=list(shape.padding)).manifest()


@of_even_kernels
def test_padding_that_keeps_the_size_is_padding_and_no_pixel() -> None:
    (shape,) = shapes(
        nn.Sequential(nn.Conv2d(4, 6, (4, 3), padding="same")), torch.rand(1, 4, 9, 8)
    )
    assert (shape.in_size, shape.padding) == ((9, 8), (1, 2, 1, 1))


@pytest.mark.parametrize("seed", range(40))
def test_phases_compute_what_a_transposed_convolution_does(seed: int) -> None:
    """On integers, each phase as a convolution of a part of the input by a part of the kernel."""
    rng = Random(seed)
    stride = [rng.choice((1, 2, 3)) for _ in range(2)]
    groups, kernel = rng.choice((1, 2)), [rng.choice((1, 2, 3, 4)) for _ in range(2)]
    layer = nn.ConvTranspose2d(
        2 * groups,
        3 * groups,
        kernel,
        stride,
        [rng.choice((0, min(1, side - 1))) for side in kernel],
        [rng.randrange(each) for each in stride],
        groups,
        bias=False,
        dilation=[rng.choice((1, 1, 2)) for _ in range(2)] if max(stride) == 1 else 1,
    ).double()
    generator = torch.Generator().manual_seed(seed)
    layer.weight.data = torch.randint(-9, 9, layer.weight.shape, generator=generator).double()
    x = torch.randint(-9, 9, (1, 2 * groups, rng.randint(1, 5), rng.randint(2, 5))).double()
    expected = layer(x)[0]
    found = torch.zeros_like(expected)
    phases = shapes(nn.Sequential(layer), x)
    for phase in phases:
        numbers = iter(map(int, phase.name.split(".")[1:]))
        first = [next(numbers) if each > 1 else 0 for each in stride]
        _compute(layer, x, phase, first, found)
    assert torch.equal(found, expected)


def _compute(
    layer: nn.ConvTranspose2d,
    x: torch.Tensor,
    phase: LayerShape,
    first: list[int],
    out: torch.Tensor,
) -> None:
    """Compute a phase by torch's convolution, and write it to where its outputs are."""
    taps, pixels = [], []
    for axis in range(2):
        size, stride = layer.kernel_size[axis], layer.stride[axis]
        at = first[axis] + layer.padding[axis]
        own = [tap for tap in range(size) if (at - tap * layer.dilation[axis]) % stride == 0]
        begin = max(0, (at - own[-1] * layer.dilation[axis]) // stride)
        taps.append(own[::-1])
        pixels.append(slice(begin, begin + phase.in_size[axis]))
    weight = layer.weight[:, :, taps[0]][:, :, :, taps[1]]
    icg = weight.shape[0] // layer.groups
    weight = torch.cat([each.transpose(0, 1) for each in weight.split(icg)])
    (top, bottom), (left, right) = phase.margins
    padded = F.pad(x[:, :, pixels[0], pixels[1]], (left, right, top, bottom))
    found = F.conv2d(padded, weight, dilation=phase.dilation, groups=layer.groups)[0]
    assert (tuple(weight.shape[2:]), tuple(found.shape[1:])) == (phase.kernel, phase.out_size)
    out[:, first[0] :: layer.stride[0], first[1] :: layer.stride[1]] = found


def test_macs_of_a_transposed_convolution_without_borders_are_pytorchs() -> None:
    # A kernel of twice the stride, less half of it at both ends: 4 inputs of 4 taps, and 8 outputs
    # of 2.
    layer = nn.ConvTranspose2d(3, 5, 4, 2, 1)
    found = shapes(nn.Sequential(layer), torch.rand(1, 3, 4, 6))
    assert sum(each.macs for each in found) == counted_macs(layer, torch.rand(1, 3, 4, 6))


def test_an_output_size_that_is_asked_for_is_the_layers() -> None:
    class Asks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose1d(2, 3, 3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.up(x, output_size=[10])

    assert [each.out_size[0] for each in shapes(Asks(), torch.rand(1, 2, 4))] == [5, 5]


@pytest.mark.parametrize("axes", [1, 3])
def test_transposed_convolutions_of_one_and_three_dimensions(axes: int) -> None:
    layer = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1](2, 3, 3, 2)
    x = torch.rand(1, 2, *[3] * axes)
    found = shapes(nn.Sequential(layer), x)
    assert len(found) == 2**axes
    assert sum(each.outputs for each in found) == layer(x).numel()


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.up, self.last = nn.ConvTranspose2d(4, 2, 2, 2), nn.Conv2d(2, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return self.last(self.up(x + self.second(x)))


def test_layers_say_what_they_read() -> None:
    reads = {each.name: each.inputs for each in shapes(Residual(), torch.rand(1, 3, 4, 4))}
    phases = ("up.0.0", "up.0.1", "up.1.0", "up.1.1")
    assert reads["first"] == ("network",)
    assert reads["second"] == ("first",)
    assert {reads[phase] for phase in phases} == {("second",)}
    assert reads["last"] == phases


class Attention(nn.Module):
    """Two heads of 4 features, by the functional, and by products of matrices."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused, self.qkv, self.out = fused, nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).view(*x.shape[:2], 3, 2, 4).permute(2, 0, 3, 1, 4)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q @ k.transpose(-1, -2)).softmax(-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))


class EachByWeights(nn.Module):
    """A product of every image's matrix by the same weights."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.rand(8, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.bmm(x, self.weights.expand(len(x), -1, -1))


def test_matrices_in_pairs_whose_second_are_weights_are_a_linear_layer() -> None:
    (layer,) = shapes(EachByWeights(), torch.rand(2, 5, 8))
    assert (layer.op, layer.in_channels, layer.out_channels) == ("linear", 8, 3)
    assert (layer.positions, layer.groups) == (5, 1)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("images", [1, 3])
def test_products_of_attention_have_a_group_for_each_head(fused: bool, images: int) -> None:
    model, x = Attention(fused), torch.rand(images, 5, 8)
    found = shapes(nn.Sequential(model), x)
    assert [each.op for each in found] == ["linear", "matmul", "matmul", "linear"]
    first, scores, values, last = found
    assert (first.name, last.name) == ("0.qkv", "0.out")
    # Of each head 5 tokens of 4 features by 5 keys, and 5 scores by 4 features.
    sizes = [(e.groups, e.in_channels, e.out_channels, e.positions) for e in (scores, values)]
    assert sizes == [(2, 8, 10, 5), (2, 10, 8, 5)]
    assert (scores.macs, values.macs) == (2 * 5 * 4 * 5, 2 * 5 * 5 * 4)
    if not fused:  # of the fused operator for CPUs PyTorch has no formula
        assert images * sum(each.macs for each in found) == counted_macs(model, x)


def test_a_transformer_layer_of_pytorch() -> None:
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    found = shapes(model, torch.rand(2, 5, 8))
    # Queries, keys, values and what follows, 8 by 8; 8 by 16 and back: 5 tokens of each; and the
    # two products of 2 heads.
    assert sum(each.macs for each in found) == 5 * (4 * 64 + 2 * 128) + 2 * (2 * 5 * 5 * 4)
    assert [each.name for each in found][-2:] == ["linear1", "linear2"]


def test_a_module_that_runs_again_has_a_layer_each_time() -> None:
    layer = nn.Linear(4, 4)
    found = shapes(nn.Sequential(layer, nn.ReLU(), layer), torch.rand(1, 4))
    assert [each.name for each in found] == ["0", "0.run2"]


def test_functions_are_layers_too() -> None:
    class Functional(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.conv2d(x, torch.ones(2, 3, 2, 2)).flatten(1) @ torch.ones(18, 5)

    found = shapes(Functional(), torch.rand(2, 3, 4, 4))
    assert [(each.name, each.macs) for each in found] == [("convolution", 216), ("mm", 90)]


def test_widths_and_what_is_ignored() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.LSTM(4, 4))
    (shape,) = shapes(model, torch.rand(2, 4), activation_bits=4, weight_bits=2, ignore="1")
    assert (shape.activation_bits, shape.weight_bits, shape.gate) == (4, 2, "none")


def test_no_number_is_computed_on_meta() -> None:
    with torch.device("meta"):
        model, x = (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2)),
            torch.rand(1, 3, 4, 4),
        )
    assert [each.macs for each in shapes(model, x)] == [4 * 4 * 27, 32]


def test_arguments_by_place_and_by_name() -> None:
    class Two(nn.Module):
        def forward(self, x: torch.Tensor, scale: float) -> torch.Tensor:
            return x @ (scale * torch.ones(4, 2))

    x = torch.rand(1, 4)
    assert shapes(Two(), (x, 2.0)) == shapes(Two(), {"x": x, "scale": 2.0})


def test_the_mode_of_the_model_stays() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).train()
    shapes(model, torch.rand(1, 1, 1, 1))  # which no batch norm takes in training
    assert model.training and model[1].training


def test_lazy_modules_run_before() -> None:
    model, x = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d()), torch.rand(1, 2, 5, 5)
    with pytest.raises(InputError, match=r"'0\.weight' of the model has no shape yet"):
        shapes(model, x)
    model(x)
    assert [(each.name, each.macs) for each in shapes(model, x)] == [("0", 9 * 4 * 2 * 9)]


def test_operators_of_a_higher_order_are_named() -> None:
    class Branches(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cond(x.sum() > 0, lambda y: y @ y, lambda y: y, (x,))

    with pytest.raises(InputError, match=r"higher_order::cond in module ''"):
        shapes(Branches(), torch.rand(4, 4))


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize(
    ("model", "x", "message"),
    [
        (nn.Sequential(nn.LSTM(4, 4, proj_size=2)), torch.rand(3, 1, 4), r"'0' \(LSTM\)"),
        (nn.Sequential(nn.Bilinear(2, 2, 2)), None, "expected what the model is called with"),
        (nn.Sequential(nn.ReLU()), torch.rand(1, 4), "multiplies nothing"),
        (
            nn.Sequential(nn.Flatten(0), nn.Linear(8, 2)),
            torch.rand(2, 4),
            "no layer describes .*addmm",
        ),
    ],
)
def test_errors_name_the_place(model: nn.Module, x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        shapes(model, x)


def test_a_capture_takes_convolutions_of_any_dimension() -> None:
    model = nn.Sequential(
        nn.Conv3d(2, 3, 2), nn.Flatten(2), nn.Conv1d(3, 4, 3), nn.ConvTranspose1d(4, 2, 3, 2)
    )
    images = torch.rand(3, 2, 2, 4, 5)
    trace = capture(
        model,
        [images],
        model_name="m",
        dataset="d",
        gate_of=lambda module: (
            Gate(8, None, 8) if isinstance(module, nn.modules.conv._ConvNd) else None
        ),
    )
    found = [layer.shape for layer in trace.layers]
    assert [(each.name, each.op) for each in found] == [
        ("0", "conv3d"), ("2", "conv1d"), ("3.0", "conv1d"), ("3.1", "conv1d")
    ]  # fmt: skip
    plain = {each.name: each for each in shapes(model, images)}
    assert all(each == plain[each.name] for each in found)


def test_a_transposed_convolution_has_no_gate() -> None:
    model = nn.Sequential(nn.ConvTranspose1d(4, 2, 3, 2))
    with pytest.raises(InputError, match="'0' is a ConvTranspose1d: it runs as several layers"):
        model[0].mask = torch.ones(1, 2, 9) > 0
        gate = Gate(8, 4, 8)
        capture(
            model,
            [torch.rand(1, 4, 4)],
            model_name="m",
            dataset="d",
            gate_of=lambda m: gate if m is model[0] else None,
        )


def test_a_gated_convolution_of_one_dimension_has_the_masks_of_its_module() -> None:
    class Gated(nn.Conv1d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            sums = super().forward(x)
            self.mask = sums > 0
            return sums

    model = nn.Sequential(Gated(2, 3, 3, padding="same"))
    x = torch.randn(4, 2, 7)
    trace = capture(
        model, [x], model_name="m", dataset="d",
        gate_of=lambda module: Gate(8, 4, 8) if isinstance(module, Gated) else None,
    )  # fmt: skip
    model(x)
    np.testing.assert_array_equal(trace.layers[0].unpack(), model[0].mask.numpy())
