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
    ],
    ids=["quantized", "TorchScript"],
)
def test_modules_that_multiply_by_themselves(module: Callable[[], nn.Module], place: str) -> None:
    with pytest.raises(InputError, match=place):
        captured(conv(), module())


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
