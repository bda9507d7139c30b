"""A model's work is in its trace, or in one error that names module and operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import Gate, PGConv2d, PGLinear, capture  # noqa: E402
from pgsim.workload import GateTrace  # noqa: E402

pytestmark = [  # what PyTorch says of its older ways to run a model
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

GATED = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8}


class Rest(nn.Module):
    """What follows a layer: any function of its output."""

    def __init__(self, function: Callable[[Tensor], Any], *modules: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(modules)

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def captured(*modules: nn.Module, images: Tensor | None = None, **options: Any) -> GateTrace:
    model = nn.Sequential(*modules)
    given = torch.rand(3, 4, 8, 8) if images is None else images
    return capture(model, [given], model_name="m", dataset="d", **options)


def conv() -> PGConv2d:
    return PGConv2d(4, 4, 3, padding=1, **GATED)


def tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


@torch.library.custom_op("pgsim_tests::times", mutates_args=())
def times(a: Tensor, b: Tensor) -> Tensor:
    """A product of which only its name is seen."""
    return a @ b


def squared(x: Tensor) -> Tensor:
    return x @ x


def attended(x: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(x, x, x)


def flexibly_attended(x: Tensor) -> Tensor:
    from torch.nn.attention.flex_attention import flex_attention

    return flex_attention(x, x, x)


OUTSIDE = {
    "matmul": (lambda x: x @ x, "aten::bmm"),
    "einsum": (lambda x: torch.einsum("nchw,ncxw->nchx", x, x), "aten::bmm"),
    "functional convolution": (lambda x: F.conv2d(x, x[:, :, :3, :3]), "aten::convolution"),
    "transposed convolution": (
        lambda x: F.conv_transpose2d(x, torch.rand(4, 2, 3, 3)),
        "aten::convolution",
    ),
    "functional linear": (lambda x: F.linear(x, torch.rand(2, 8)), "aten::mm"),
    "attention": (attended, r"aten::(bmm|_scaled_dot_product_\w+)"),
    "flex attention": (flexibly_attended, "higher_order::flex_attention"),
    "bilinear": (lambda x: F.bilinear(x, x, torch.rand(2, 8, 8)), "aten::_trilinear"),
    "TorchScript": (lambda x: torch.jit.script(squared)(x), "aten::bmm"),
    "inference mode": (torch.inference_mode()(lambda x: x @ x), "aten::bmm"),
    "another library's": (lambda x: times(x, x), "pgsim_tests::times"),
    "control flow": (
        lambda x: torch.cond(x.sum() > 0, lambda x: x @ x, lambda x: x + 1, (x,)),
        "higher_order::cond",
    ),
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_products_outside_layers_are_named(kind: str) -> None:
    function, operator = OUTSIDE[kind]
    with pytest.raises(InputError, match=rf"outside its layers: .*{operator} in module '1' \(Rest"):
        captured(conv(), Rest(function))


@pytest.mark.parametrize(
    ("module", "place"),
    [
        (
            lambda: torch.ao.quantization.quantize_dynamic(
                nn.Sequential(nn.Flatten(), nn.Linear(256, 5)), {nn.Linear}
            ),
            r"quantized::linear_dynamic in module '1\.1' \(Linear\)",
        ),
        (
            lambda: torch.jit.script(nn.Conv2d(4, 2, 1)),
            r"aten::convolution in module '1' \(RecursiveScriptModule\)",
        ),
        (
            lambda: torch.jit.freeze(torch.jit.script(nn.Conv2d(4, 2, 1).eval())),
            r"aten::convolution in module '1' \(RecursiveScriptModule\)",
        ),
    ],
    ids=["quantized", "TorchScript", "frozen"],
)
@pytest.mark.parametrize("training", [True, False])
def test_modules_that_multiply_by_themselves(
    module: Callable[[], nn.Module], place: str, training: bool
) -> None:
    model = nn.Sequential(conv().train(training), module())
    model.training = training
    with pytest.raises(InputError, match=place):
        capture(model, [torch.rand(3, 4, 8, 8)], model_name="m", dataset="d")
    assert (model.training, model[0].training) == (training, training)


def test_in_inference_mode_all_is_seen() -> None:
    with torch.inference_mode():
        (layer,) = captured(nn.ReLU(inplace=True), conv()).layers
        assert layer.shape.macs == 64 * 4 * 4 * 9
        with pytest.raises(InputError, match="aten::bmm in module '1'"):
            captured(conv(), Rest(lambda x: x @ x))


def test_all_places_are_in_one_error() -> None:
    rests = [Rest(lambda x: x @ x) for _ in range(7)]
    with pytest.raises(InputError, match=r"module '1' .* module '2' .* module '5' .*and 2 more\."):
        captured(conv(), *rests)


def test_a_layer_called_by_its_forward_is_in_the_trace() -> None:
    class Direct(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = conv(), conv()

        def forward(self, x: Tensor) -> Tensor:
            return self.b.forward(self.a(x))

    assert [layer.shape.name for layer in captured(Direct()).layers] == ["0.a", "0.b"]


def test_a_layer_called_by_keyword_is_in_the_trace() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = PGLinear(8, 5, **GATED)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x=x)

    (layer,) = captured(Named()).layers
    assert layer.shape.positions == 4 * 8


def test_macs_are_those_of_the_operator_counter() -> None:
    """Of twins without gates: what is in the trace is all that PyTorch counts."""
    sizes = {"kernel_size": 3, "stride": 2, "padding": 1, "bias": False}
    ours = captured(
        PGConv2d(4, 6, groups=2, **sizes, **GATED),
        PGConv2d(6, 8, dilation=2, **sizes, activation_bits=8),
        nn.Flatten(),
        PGLinear(8, 5, **GATED),
    )
    theirs = nn.Sequential(
        nn.Conv2d(4, 6, groups=2, **sizes),
        nn.Conv2d(6, 8, dilation=2, **sizes),
        nn.Flatten(),
        nn.Linear(8, 5),
    )
    with FlopCounterMode(display=False) as counter:
        theirs(torch.rand(3, 4, 8, 8))
    assert 2 * 3 * sum(layer.shape.macs for layer in ours.layers) == counter.get_total_flops()


class WithMask(nn.Conv2d):
    """A third party's convolution; what else it computes is `extra`."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        self.mask = y > 0
        return self.extra(x, y)

    def extra(self, x: Tensor, y: Tensor) -> Tensor:
        return y


class WithPredictor(WithMask):
    def extra(self, x: Tensor, y: Tensor) -> Tensor:
        return y + F.conv2d(x, torch.ones(6, 4, 1, 1))[:, :, 1:-1, 1:-1]


class WithAttention(WithMask):
    def extra(self, x: Tensor, y: Tensor) -> Tensor:
        return F.bilinear(y, y, torch.ones(6, 6, 6))


class InGroups(WithMask):
    def forward(self, x: Tensor) -> Tensor:
        weights = self.weight.chunk(2)
        y = torch.cat([F.conv2d(*each) for each in zip(x.chunk(2, 1), weights, strict=True)], 1)
        self.mask = y > 0
        return y


class Unfolded(WithMask):
    def forward(self, x: Tensor) -> Tensor:
        y = (self.weight.flatten(1) @ F.unfold(x, 3)).unflatten(2, (6, 6))
        self.mask = y > 0
        return y


def of_theirs(module: nn.Module) -> Gate | None:
    return Gate(4, 2, 8) if isinstance(module, WithMask) else None


@pytest.mark.parametrize(
    ("layer", "macs"),
    [
        (WithMask(4, 6, 3), 36 * 6 * 4 * 9),
        (InGroups(4, 6, 3, groups=2), 36 * 6 * 2 * 9),
        (Unfolded(4, 6, 3), 36 * 6 * 4 * 9),
    ],
    ids=["convolution", "groups one by one", "unfolded"],
)
def test_a_layer_computes_its_sums_in_its_own_way(layer: nn.Module, macs: int) -> None:
    (found,) = captured(layer, gate_of=of_theirs).layers
    assert found.shape.macs == macs


def test_what_a_layer_computes_beside_its_sums_is_refused() -> None:
    # by hand: 36 x 6 x 4 x 9 MACs an image for 3 images, and 64 x 6 x 4 of the predictor
    message = r"layer '0': PyTorch counts 27936 MACs .*aten::convolution\) for 3 .* the 23328 of"
    with pytest.raises(InputError, match=message):
        captured(WithPredictor(4, 6, 3), gate_of=of_theirs)
    with pytest.raises(InputError, match=r"aten::_trilinear in module '0' \(WithAttention\)"):
        captured(WithAttention(4, 6, 3, padding=(0, 0)), gate_of=of_theirs)


class Twice(nn.Conv2d):
    """A convolution that adds another one of its own size, without a gate."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + F.conv2d(x, self.weight.flip(0), groups=self.groups)


class TwiceLinear(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + F.linear(x, self.weight.flip(0))


class OnceAndAHalf(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + F.linear(x[..., :4], self.weight[:, :4])


class TwiceOfOurs(PGConv2d):
    """A layer of pgsim's own that convolves once more beside its gate."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + F.conv2d(x, self.weight)


def of_plain(msb_bits: int | None) -> Callable[[nn.Module], Gate | None]:
    known = nn.Conv2d | nn.Linear
    return lambda module: Gate(8, msb_bits, 8) if isinstance(module, known) else None


@pytest.mark.parametrize(
    ("layer", "geometry", "images"),
    [
        (Twice(4, 6, 3), 3 * 36 * 6 * 4 * 9, None),
        (Twice(4, 4, 1, groups=4), 3 * 64 * 4, None),
        (TwiceLinear(8, 5), 3 * 32 * 8 * 5, None),
        (OnceAndAHalf(8, 5), 3 * 32 * 8 * 5, None),
        (TwiceLinear(8, 8), 1 * 8 * 8, torch.rand(1, 8)),
    ],
    ids=["convolution", "depthwise", "linear", "half of it", "one image"],
)
def test_a_layer_without_a_gate_has_its_sums_once(
    layer: nn.Module, geometry: int, images: Tensor | None
) -> None:
    """By PyTorch's own counter, and by hand the MACs of the geometry."""
    given = torch.rand(3, 4, 8, 8) if images is None else images
    with FlopCounterMode(display=False) as counter:
        layer(given)
    macs = counter.get_total_flops() // 2
    assert macs > geometry
    message = rf"layer '0': PyTorch counts {macs} MACs in it .* expected the {geometry} of its geo"
    with pytest.raises(InputError, match=message):
        captured(layer, images=given, gate_of=of_plain(None))


class TimesItself(nn.Linear):
    """The product of its output with itself: with as many features as positions, as many MACs."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        self.mask = y > 0
        return y @ y.transpose(-1, -2)


class TimesItselfOnOneAxis(TimesItself):
    """The same where the images are one axis of a matrix."""

    def forward(self, x: Tensor) -> Tensor:
        y = nn.Linear.forward(self, x)
        self.mask = y > 0
        return y @ y.T


class Weighted(nn.Conv2d):
    """Weights that the images decide, channel by channel, as in a dynamic convolution."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv2d(x, self.weight * self.scale(x))
        self.mask = y > 0
        return y

    def scale(self, x: Tensor) -> Tensor:
        return x.mean((0, 2, 3)).view(-1, 1, 1)


class Scaled(Weighted):
    """What one integer of the activations is worth, multiplied to the weights beforehand."""

    def scale(self, x: Tensor) -> Tensor:
        return x.amax() / 15


@pytest.mark.parametrize("msb_bits", [2, None], ids=["gated", "ungated"])
@pytest.mark.parametrize(
    ("layer", "given", "operator"),
    [
        (TimesItself(8, 8), torch.rand(3, 8, 8), "aten::bmm"),
        (TimesItself(8, 8), torch.rand(1, 8, 8), "aten::bmm"),
        (TimesItself(8, 8), torch.rand(3, 8, 8).transpose(1, 2), "aten::bmm"),
        (TimesItselfOnOneAxis(8, 8), torch.rand(8, 8), "aten::mm"),
        (Weighted(4, 6, 3), torch.rand(3, 4, 8, 8), "aten::convolution"),
    ],
    ids=["of tokens", "of one image", "of other strides", "of images", "dynamic"],
)
def test_products_of_two_activations_are_no_layers(
    layer: nn.Module, given: Tensor, operator: str, msb_bits: int | None
) -> None:
    kind = type(layer).__name__
    message = rf"{operator} in module '0' \({kind}\), of two activations\."
    with pytest.raises(InputError, match=message):
        captured(layer, images=given, gate_of=of_plain(msb_bits))


@pytest.mark.parametrize("msb_bits", [2, None], ids=["gated", "ungated"])
def test_a_number_that_scales_weights_makes_no_activations_of_them(msb_bits: int | None) -> None:
    (found,) = captured(Scaled(4, 6, 3), gate_of=of_plain(msb_bits)).layers
    assert found.shape.macs == 36 * 6 * 4 * 9


class InTwoPasses(WithMask):
    """The MSBs' sums, and those of the LSBs: 36 x 6 x 4 x 9 MACs each."""

    def forward(self, x: Tensor) -> Tensor:
        msb = (x * 4).floor() / 4
        y = F.conv2d(msb, self.weight)
        self.mask = y > 0
        return y + self.mask * F.conv2d(x - msb, self.weight)


class WithOtherKind(WithMask):
    """As many MACs again as matrices: by hand 8 x 9 outputs of 108 products are 36 x 6 x 36."""

    def extra(self, x: Tensor, y: Tensor) -> Tensor:
        return y + torch.mm(torch.ones(24, 108), torch.ones(108, 9)).sum()


def test_only_sums_of_its_own_kind_repeat_in_a_gated_layer() -> None:
    (found,) = captured(InTwoPasses(4, 6, 3), gate_of=of_theirs).layers
    assert found.shape.macs == 36 * 6 * 4 * 9
    # by hand: 3 images of 7776 MACs, and 24 x 9 x 108 = 23328 of the matrices
    message = r"counts 46656 MACs in it \(aten::convolution, aten::mm\) .* 23328 .* of two kinds"
    with pytest.raises(InputError, match=message):
        captured(WithOtherKind(4, 6, 3), gate_of=of_theirs)


@pytest.mark.parametrize("msb_bits", [2, None])
def test_layers_of_ours_multiply_in_their_gates_alone(msb_bits: int | None) -> None:
    widths = {"activation_bits": 4, "msb_bits": msb_bits}
    # by hand: the convolution beside it has 36 x 6 x 4 x 9 MACs for each of 3 images
    message = r"'0': PyTorch counts 23328 MACs .* beside its gate, which computes the 23328 of"
    with pytest.raises(InputError, match=message):
        captured(TwiceOfOurs(4, 6, 3, **widths))


@pytest.mark.parametrize("msb_bits", [2, None])
def test_a_layer_of_ours_may_compute_its_sums_again_in_double_precision(
    monkeypatch: pytest.MonkeyPatch, msb_bits: int | None
) -> None:
    product = PGConv2d._product

    def inexact(self: PGConv2d, activations: Tensor, weights: Tensor) -> Tensor:
        sums = product(self, activations, weights)
        return sums if sums.dtype == torch.float64 else sums + 0.25  # as Winograd's may be

    monkeypatch.setattr(PGConv2d, "_product", inexact)
    (layer,) = captured(PGConv2d(4, 4, 3, padding=1, activation_bits=4, msb_bits=msb_bits)).layers
    assert layer.shape.macs == 64 * 4 * 4 * 9


def test_what_is_ignored_is_left_out_and_said() -> None:
    for ignore, said in (
        ("aten::bmm", ["aten::bmm"]),
        (["aten::mm", "aten::bmm"], ["aten::bmm", "aten::mm"]),
        ("1", ["1"]),
    ):
        trace = captured(conv(), Rest(lambda x: x @ x), ignore=ignore, provenance={"seed": 3})
        assert [layer.shape.name for layer in trace.layers] == ["0"]
        assert trace.provenance == {"seed": 3, "ignored": said}
    with pytest.raises(InputError, match="aten::bmm in module '2'"):
        captured(conv(), *(Rest(lambda x: x @ x) for _ in "ab"), ignore="1")


def test_an_ignored_module_goes_with_all_inside_it() -> None:
    lstm = nn.LSTM(4, 4)
    trace = captured(conv(), Rest(lambda x: lstm(tokens(x))[0], lstm, conv()), ignore="1")
    assert [layer.shape.name for layer in trace.layers] == ["0"]
    with pytest.raises(InputError, match=r"'1\.parts\.0' is a plain LSTM.* by `ignore`"):
        captured(conv(), Rest(lambda x: lstm(tokens(x))[0], lstm))


@pytest.mark.parametrize("ignore", ["bmm", "", ["rest"], [3]])
def test_what_is_ignored_has_to_be_there(ignore: Any) -> None:
    with pytest.raises(InputError, match=r"ignore: .* no module of the model, and no operator"):
        captured(conv(), ignore=ignore)


def test_compiled_parts_are_in_the_trace() -> None:
    images = torch.rand(3, 4, 8, 8)
    model = nn.Sequential(nn.Sequential(conv(), nn.ReLU(), conv()), conv()).eval()
    expected = capture(model, [images], model_name="m", dataset="d")
    model[0] = torch.compile(model[0], backend="eager")
    model[1].compile(backend="eager")
    with torch.no_grad():
        model(images)
    for compiled in (model, torch.compile(model, backend="eager")):
        trace = capture(compiled, [images], model_name="m", dataset="d")
        assert [layer.shape.name for layer in trace.layers] == ["0.0", "0.2", "1"]
        for layer, before in zip(trace.layers, expected.layers, strict=True):
            assert (layer.unpack() == before.unpack()).all()


def test_fused_attention_runs_the_layers_within_it() -> None:
    """In eval mode PyTorch fuses such a block into one operator, which calls no layer."""
    block = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    block.linear1 = PGLinear(4, 8, **GATED)
    fused = torch.backends.mha.get_fastpath_enabled()
    trace = captured(
        Rest(tokens),
        block,
        gate_of=lambda module: Gate(8, None, 8) if type(module) is nn.Linear else None,
        ignore="1.self_attn",
    )
    assert [layer.shape.name for layer in trace.layers] == ["1.linear1", "1.linear2"]
    assert [layer.shape.positions for layer in trace.layers] == [64, 64]
    assert torch.backends.mha.get_fastpath_enabled() == fused
