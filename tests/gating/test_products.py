"""Products seen at PyTorch's dispatcher, against its own operator counter and counts by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode, flop_registry  # noqa: E402

from pgsim.gating.products import Operators, Products, is_product  # noqa: E402

pytestmark = [  # what PyTorch says of its older ways to run a model
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

Run = Callable[[], object]


def seen(run: Run) -> list[tuple[str, int | None]]:
    """Return the operator and the MACs of each product that `run` computes."""
    products: list[tuple[str, int | None]] = []
    with torch.no_grad(), Products(lambda operator, macs, _: products.append((operator, macs))):
        run()
    return products


def test_what_sees_operators_says_how_they_run() -> None:
    with pytest.raises(NotImplementedError), Operators():
        torch.ones(2)


def rand(*sizes: int) -> Tensor:
    return torch.rand(*sizes)


def in_inference_mode(run: Run) -> Run:
    return torch.inference_mode()(run)


COUNTED: dict[str, Run] = {
    "mm": lambda: rand(2, 3) @ rand(3, 4),
    "bmm": lambda: rand(5, 2, 3) @ rand(5, 3, 4),
    "addmm": lambda: F.linear(rand(6, 3), rand(4, 3), rand(4)),
    "baddbmm": lambda: torch.baddbmm(rand(5, 2, 4), rand(5, 2, 3), rand(5, 3, 4)),
    "einsum": lambda: torch.einsum("nij,nkj->nik", rand(2, 3, 4), rand(2, 5, 4)),
    "conv2d": lambda: F.conv2d(rand(2, 4, 8, 8), rand(6, 2, 3, 3), stride=2, groups=2),
    "conv_transpose2d": lambda: F.conv_transpose2d(rand(2, 4, 5, 5), rand(4, 3, 3, 3)),
    "conv1d": lambda: F.conv1d(rand(2, 4, 9), rand(3, 4, 3)),
    "attention": lambda: F.scaled_dot_product_attention(*(rand(2, 7, 4) for _ in "qkv")),
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2).eval()(*(rand(3, 2, 4),) * 3),
    "GRU": lambda: nn.GRU(3, 4)(rand(5, 2, 3)),
    "RNN": lambda: nn.RNN(3, 4)(rand(5, 2, 3)),
    "LSTMCell": lambda: nn.LSTMCell(3, 4)(rand(2, 3)),
    "TorchScript": lambda: torch.jit.script(nn.Conv2d(4, 2, 1))(rand(3, 4, 8, 8)),
    "integers": lambda: torch.ones(2, 3, dtype=torch.int64) @ torch.ones(3, 4, dtype=torch.int64),
    "vmap": lambda: torch.vmap(lambda row: F.linear(row, rand(4, 3)), randomness="same")(
        rand(2, 3)
    ),
}


@pytest.mark.parametrize("mode", [lambda run: run, in_inference_mode], ids=["", "inference"])
@pytest.mark.parametrize("kind", COUNTED)
def test_macs_are_those_of_the_operator_counter(kind: str, mode: Callable[[Run], Run]) -> None:
    run = mode(COUNTED[kind])
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        run()
    assert counter.get_total_flops() > 0
    assert sum(macs for _, macs in seen(run)) * 2 == counter.get_total_flops()


def dynamically_quantized() -> nn.Module:
    torch.backends.quantized.engine = torch.backends.quantized.supported_engines[-1]
    return torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 5)), {nn.Linear})


# What the operator counter has no formula for, by hand: outputs times the length of a dot product.
@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (lambda: rand(2, 3) @ rand(3), [("aten::mv", 2 * 3)]),
        (lambda: torch.addmv(rand(2), rand(2, 3), rand(3)), [("aten::addmv", 2 * 3)]),
        (lambda: rand(3) @ rand(3), [("aten::dot", 3)]),
        (
            lambda: torch._int_mm(*(torch.ones(32, 32, dtype=torch.int8) for _ in "ab")),
            [("aten::_int_mm", 32 * 32 * 32)],
        ),
        (lambda: nn.Bilinear(3, 4, 5)(rand(2, 3), rand(2, 4)), [("aten::_trilinear", None)]),
        (lambda: nn.LSTM(3, 4)(rand(5, 2, 3)), [("aten::mkldnn_rnn_layer", None)]),
        (lambda: dynamically_quantized()(rand(2, 8)), [("quantized::linear_dynamic", 2 * 5 * 8)]),
        (
            lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval()(rand(2, 3, 4)),
            [("aten::_transformer_encoder_layer_fwd", None)],
        ),
    ],
    ids=lambda value: value[0][0] if isinstance(value, list) else "",
)
def test_products_without_a_formula_are_seen(
    run: Run, expected: list[tuple[str, int | None]]
) -> None:
    assert seen(run) == expected


def test_nested_tensors_are_seen() -> None:
    ragged = torch.nested.nested_tensor([rand(2, 4), rand(3, 4)], layout=torch.jagged)
    assert [operator for operator, _ in seen(lambda: F.linear(ragged, rand(5, 4)))] == [
        "aten::linear"
    ]


@pytest.mark.parametrize(
    "run",
    [
        lambda: nn.BatchNorm2d(3)(rand(2, 3, 4, 4)).relu().mean(),
        lambda: F.interpolate(rand(1, 2, 4, 4), scale_factor=2, mode="bilinear"),
        lambda: F.max_pool2d(F.pad(rand(1, 2, 4, 4), (1, 1)), 2).softmax(1) * 3,
        lambda: torch.lgamma(rand(3)) + torch.digamma(rand(3)) + rand(3).cumsum(0),
        lambda: F.embedding(torch.tensor([0, 1]), rand(3, 4)).sort()[0],
        lambda: F.unfold(rand(1, 2, 4, 4), 3),
    ],
)
def test_what_multiplies_no_matrices_is_no_product(run: Run) -> None:
    assert seen(run) == []


def test_what_the_operator_counter_knows_is_known_by_name() -> None:
    for packet in flop_registry:
        name = str(packet).replace("aten.", "aten::")
        assert is_product(name.removesuffix("_backward")), name


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("aten::addmm_", True),
        ("aten::_some_later_mm_v3", True),
        ("onednn::qconv2d_pointwise", True),
        ("quantized::conv2d_relu", True),
        ("quantized::conv2d_prepack", False),
        ("quantized::mul", False),
        ("aten::upsample_linear1d", False),
        ("aten::hamming_window", False),
        ("aten::cummax", False),
        ("prim::device", False),
        ("theirs::blur", True),
    ],
)
def test_operators_are_known_by_name(operator: str, expected: bool) -> None:
    assert is_product(operator) == expected
