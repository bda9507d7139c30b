"""Whose work is it: images are told from tokens, frames and regions, or the layer is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGLSTM, PGConv2d, PGLinear, capture, integer_operands  # noqa: E402
from pgsim.workload import GateTrace  # noqa: E402

UNGATED = {"activation_bits": 8, "weight_bits": 8}
GATED = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8}
View = Callable[[Tensor], Tensor]


class On(nn.Module):
    """A layer on a view of what the model is given."""

    def __init__(self, layer: nn.Module, view: View) -> None:
        super().__init__()
        self.layer, self.view = layer, view

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.view(x))


def captured(layer: nn.Module, view: View, *sizes: int) -> GateTrace:
    return capture(On(layer, view), [torch.rand(sizes)], model_name="m", dataset="d")


LINEAR = (lambda **widths: PGLinear(4, 6, **widths)), lambda: nn.Linear(4, 6)
CONV = (
    lambda **widths: PGConv2d(4, 6, 3, padding=1, **widths),
    lambda: nn.Conv2d(4, 6, 3, padding=1),
)
STRIDED = (
    lambda **widths: PGConv2d(4, 6, 3, 2, 1, **widths),
    lambda: nn.Conv2d(4, 6, 3, 2, 1),
)
PATCHES = (lambda **widths: PGConv2d(4, 6, 4, 4, **widths), lambda: nn.Conv2d(4, 6, 4, 4))

FOLDED = {  # the layer and its twin, what it sees, the images, and MACs an image by hand
    "NHWC": (LINEAR, lambda x: x.permute(0, 2, 3, 1), (3, 4, 8, 8), 64 * 24),
    "tokens with images": (LINEAR, lambda x: x.flatten(0, 1), (3, 10, 4), 10 * 24),
    "sequence first": (LINEAR, lambda x: x.transpose(0, 1), (3, 10, 4), 10 * 24),
    "as many tokens as images": (LINEAR, lambda x: x.transpose(0, 1), (5, 5, 4), 5 * 24),
    "windows": (LINEAR, lambda x: x.reshape(-1, 5, 4), (3, 10, 4), 10 * 24),
    "one image": (LINEAR, lambda x: x.transpose(0, 1), (1, 10, 4), 10 * 24),
    "two images": (LINEAR, lambda x: x.transpose(0, 1), (2, 2, 4), 2 * 24),
    "regions": (LINEAR, lambda x: x.mean(1).repeat(7, 1), (3, 10, 4), 7 * 24),
    "frames": (CONV, lambda x: x.flatten(0, 1), (3, 5, 4, 8, 8), 5 * 64 * 216),
    "frames first": (
        CONV,
        lambda x: x.transpose(0, 1).flatten(0, 1),
        (3, 5, 4, 8, 8),
        5 * 64 * 216,
    ),
    "frames at stride 2": (STRIDED, lambda x: x.flatten(0, 1), (3, 5, 4, 8, 8), 5 * 16 * 216),
    "patches of frames": (PATCHES, lambda x: x.flatten(0, 1), (3, 5, 4, 8, 8), 5 * 4 * 24 * 16),
}


@pytest.mark.parametrize("kind", FOLDED)
def test_all_positions_of_an_ungated_layer_count(kind: str) -> None:
    (ours, theirs), view, sizes, macs = FOLDED[kind]
    (layer,) = captured(ours(**UNGATED), view, *sizes).layers
    with FlopCounterMode(display=False) as counter:
        theirs()(view(torch.rand(sizes)))
    assert layer.shape.macs == macs
    assert 2 * macs * sizes[0] == counter.get_total_flops()


@pytest.mark.parametrize("kind", [kind for kind in FOLDED if kind != "NHWC"])
def test_a_gated_layer_needs_its_images_first(kind: str) -> None:
    (ours, _), view, sizes, _ = FOLDED[kind]
    model = On(ours(**GATED), view)
    message = r"layer 'layer' ran on \[.*\] for a batch of \d images: expected the images, \d, on "
    with pytest.raises(InputError, match=message):
        capture(model, [torch.rand(sizes)], model_name="m", dataset="d")
    with pytest.raises(InputError, match=message):
        integer_operands(model, torch.rand(sizes))


def test_masks_of_pixels_of_a_linear_layer_are_in_raster_order() -> None:
    layer = PGLinear(4, 6, **GATED, clip=1.0)
    trace = captured(layer, lambda x: x.permute(0, 2, 3, 1), 3, 4, 5, 8)
    assert 0 < trace.layers[0].density() < 1
    np.testing.assert_array_equal(
        trace.layers[0].unpack(), layer.mask.permute(0, 3, 1, 2).flatten(2).numpy()
    )


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (lambda x: torch.ones(3, 4), r"ran on \[3, 4\] for a batch of 2 images: that is no whole"),
        (
            lambda x: torch.ones(6, 4),
            "2 positions an image in a batch of 3 .* 3 positions an image",
        ),
        (lambda x: torch.cat([torch.ones(3, 4), x.mean(1)]), "no whole number of positions"),
        (lambda x: torch.cat([torch.ones(6, 4), x.mean(1)]), "3 positions .* 4 positions"),
        (lambda x: x[0, 0], r"ran on \[4\] for a batch of 3 images"),
        (lambda x: x.reshape(3, 10, 4), "runs on 3 images and fails on 2 .*batches of any number"),
    ],
    ids=[
        "of images' number",
        "once a batch",
        "classes too",
        "more classes",
        "one image's",
        "fixed",
    ],
)
def test_work_that_is_not_that_of_images_is_refused(view: View, message: str) -> None:
    with pytest.raises(InputError, match=message):
        captured(PGLinear(4, 6, **UNGATED), view, 3, 10, 4)


@pytest.mark.parametrize("widths", [UNGATED, GATED], ids=["ungated", "gated"])
def test_a_cell_that_goes_through_the_images_is_refused(widths: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"layer 'layer\.(input|hidden)' ran on .* 2 images"):
        captured(PGLSTM(4, 5, **widths), lambda x: x.transpose(0, 1), 7, 7, 4)


def test_channels_exchanged_with_images_are_refused() -> None:
    layer = PGConv2d(3, 6, 1, **UNGATED)
    with pytest.raises(InputError, match="runs on 3 images and fails on 2"):
        captured(layer, lambda x: x.transpose(0, 1), 3, 3, 8, 8)


def test_frames_that_do_not_lie_below_each_other_are_refused() -> None:
    # by hand: 5 frames of 8 rows give 6 rows each alone, and 40 - 2 = 38 below each other
    message = r"on \[15, 4, 8, 8\] for a batch of 3 images: of 5 frames .* 38 rows instead of 5 x 6"
    with pytest.raises(InputError, match=message):
        captured(PGConv2d(4, 6, 3, **UNGATED), lambda x: x.flatten(0, 1), 3, 5, 4, 8, 8)
    with pytest.raises(InputError, match=r"expected \(images, channels, height, width\)"):
        captured(PGConv2d(3, 6, 3, **UNGATED), lambda x: x, 3, 8, 8)


def test_layers_that_run_on_some_numbers_of_images_only_are_refused() -> None:
    class Routed(nn.Module):
        def __init__(self, more: Callable[[int], bool]) -> None:
            super().__init__()
            self.a, self.b = PGLinear(4, 4, **GATED), PGLinear(4, 4, **GATED)
            self.more = more

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x)) if self.more(len(x)) else self.a(x)

    for more, message in (
        (lambda images: images > 2, "'b' ran on 3 images and not on 2"),
        (lambda images: images < 3, "'b' ran on 2 images and not on 3"),
    ):
        with pytest.raises(InputError, match=message):
            capture(Routed(more), [torch.rand(3, 4)], model_name="m", dataset="d")


def test_the_model_does_not_notice_the_other_batch() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = PGLinear(4, 6, **GATED)
            self.kept: list[Tensor] = []
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            self.kept.append(self.layer(x + torch.rand(())))
            return self.kept[-1]

    model, shown = Counting(), []
    model(torch.rand(5, 4))  # keeps a tensor with a graph, which has no copy
    model.register_forward_hook(lambda _model, inputs, _output: shown.append(len(inputs[0])))
    torch.manual_seed(1)
    capture(model, [torch.rand(5, 4)], model_name="m", dataset="d")
    noise = torch.rand(())
    torch.manual_seed(1)
    torch.rand(5, 4), torch.rand(())
    assert torch.equal(noise, torch.rand(()))
    assert (model.calls.item(), shown) == (2, [5])
    assert [len(each) for each in model.kept] == [5, 5]
    assert len(model.layer.mask) == 5


def test_a_model_that_has_no_copy_is_run_itself() -> None:
    model = On(PGLinear(4, 6, **GATED), lambda x: x)
    model.generator = (number for number in range(3))
    trace = capture(model, [torch.rand(3, 4)], model_name="m", dataset="d")
    assert trace.images == 3
