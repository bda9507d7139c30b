"""What capture finds that each layer reads, against blocks whose wiring is written down by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from pgsim.gating import PGLSTM, PGConv2d, PGLinear, capture  # noqa: E402

Wiring = Callable[["Wired", Tensor], Tensor]


def conv(before: int = 4, after: int = 4, stride: int = 1) -> PGConv2d:
    return PGConv2d(before, after, 3, stride, padding=1, activation_bits=4, msb_bits=2)


class Wired(nn.Module):
    """Layers a to d of four channels, and a forward that wires them."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = (conv() for _ in range(4))
        self.norm = nn.BatchNorm2d(4)
        self.wiring = wiring

    def forward(self, x: Tensor) -> Tensor:
        return self.wiring(self, x)


def read_in(model: nn.Module, batch: Tensor | None = None, **options: object) -> dict[str, list]:
    batch = torch.rand(3, 4, 6, 6) if batch is None else batch
    trace = capture(model, [batch], model_name="wired", dataset="noise", **options)
    assert all(layer.shape.inputs for layer in trace.layers)
    return {name: list(reads) for name, reads in trace.producers.items()}


def chain(m: Wired, x: Tensor) -> Tensor:
    pooled = nn.functional.max_pool2d(m.norm(m.a(x)).relu(), 2)
    upsampled = nn.functional.interpolate(m.b(pooled).clamp(0, 1), scale_factor=2)
    return m.d(m.c(upsampled.transpose(2, 3)).flatten(2).view(len(x), 4, 6, 6))


def residual(m: Wired, x: Tensor) -> Tensor:
    x = m.a(x).relu()
    y = m.c(m.norm(m.b(x)).relu())
    return m.d((m.norm(y) + x).relu())


def in_place(m: Wired, x: Tensor) -> Tensor:
    x = m.a(x).relu_()
    y = m.c(m.b(x))
    y += x
    return m.d(y.relu_())


def projected(m: Wired, x: Tensor) -> Tensor:
    y = m.b(m.a(x))
    return m.d(m.c(x) + y)  # c runs last, so that its output is the sum


def joined(m: Wired, x: Tensor) -> Tensor:
    first, second = m.a(x), m.b(x)
    half = torch.cat([first[:, :2], second[:, 2:]], dim=1)
    return m.d(m.c(half) + half)


def sliced(m: Wired, x: Tensor) -> Tensor:
    both = torch.empty(2, *x.shape)
    both[0] = m.a(x)
    both[1] = m.b(x)
    return m.d(m.c(both.sum(0)))


def halved(m: Wired, x: Tensor) -> Tensor:
    both = torch.empty(2, *x.shape)
    both[0] = m.a(x)
    both[1] = m.b(x)
    return m.d(m.c(both[1]) + both[0])


def written_over(m: Wired, x: Tensor) -> Tensor:
    both = torch.empty(2, *x.shape)
    both[0] = m.a(x)
    both[1] = m.b(both[0])
    both[0] = m.c(both[1])
    return m.d(both[0])


def part_written_over(m: Wired, x: Tensor) -> Tensor:
    twice = m.a(x).repeat(2, 1, 1, 1)
    twice[: len(x)] = m.b(x)
    return torch.cat([m.c(twice[: len(x)]), m.d(twice[len(x) :])])


def excited(m: Wired, x: Tensor) -> Tensor:
    y = m.a(x)
    scale = m.b(y.mean((2, 3), keepdim=True)).sigmoid()
    return m.d(m.c(y * scale))  # of another shape: two outputs


def constant(m: Wired, x: Tensor) -> Tensor:
    return m.d(m.c(m.b(m.a(x) + 1) * torch.ones_like(x)) - m.norm.weight.view(4, 1, 1))


def both_signs(m: Wired, x: Tensor) -> Tensor:
    y = m.a(x)
    return m.d(m.c(m.b(torch.cat([y.relu(), (-y).relu()], dim=1)[:, 2:6])))


def around_torch(m: Wired, x: Tensor) -> Tensor:
    return m.d(m.c(m.b(torch.from_numpy(m.a(x).numpy().copy()))))


@pytest.mark.parametrize(
    ("wiring", "expected"),
    [
        (chain, {"a": ["network"], "b": ["a"], "c": ["b"], "d": ["c"]}),
        (constant, {"a": ["network"], "b": ["a"], "c": ["b"], "d": ["c"]}),
        (residual, {"a": ["network"], "b": ["a"], "c": ["b", "a"], "d": ["c"]}),
        (in_place, {"a": ["network"], "b": ["a"], "c": ["b", "a"], "d": ["c"]}),
        (projected, {"a": ["network"], "b": ["a"], "c": ["network", "b"], "d": ["c"]}),
        (joined, {"a": ["network"], "b": ["network"], "c": ["a", "b"], "d": ["c"]}),
        (sliced, {"a": ["network"], "b": ["network"], "c": ["a", "b"], "d": ["c"]}),
        (halved, {"a": ["network"], "b": ["network"], "c": ["b", "a"], "d": ["c"]}),
        (written_over, {"a": ["network"], "b": ["a"], "c": ["b"], "d": ["c"]}),
        (
            part_written_over,
            {"a": ["network"], "b": ["network"], "c": ["b"], "d": ["a"]},
        ),
        (excited, {"a": ["network"], "b": ["a"], "c": ["a", "b"], "d": ["c"]}),
        (both_signs, {"a": ["network"], "b": ["a"], "c": ["b"], "d": ["c"]}),
        (around_torch, {"a": ["network"], "b": ["network"], "c": ["b"], "d": ["c"]}),
    ],
)
def test_wirings(wiring: Wiring, expected: dict[str, list[str]]) -> None:
    model = Wired(wiring)
    assert read_in(model) == expected
    assert "forward" not in vars(model.a)  # as before


def test_a_compiled_model_is_followed_too() -> None:
    model = Wired(residual)
    expected = read_in(model)
    assert read_in(torch.compile(model, backend="eager")) == expected


def test_a_product_that_is_left_out_makes_what_no_layer_made() -> None:
    def attending(m: Wired, x: Tensor) -> Tensor:
        flat = m.a(x).flatten(2)
        return m.d(m.c(m.b((flat @ flat.transpose(1, 2) @ flat).view_as(x))))

    found = read_in(Wired(attending), ignore="aten::bmm")
    assert found == {"a": ["network"], "b": ["network"], "c": ["b"], "d": ["c"]}


def test_a_recurrent_product_is_added_to_the_input_s() -> None:
    class Cells(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = PGLSTM(5, 6, activation_bits=4, msb_bits=2)
            self.second = PGLSTM(6, 6, activation_bits=4, msb_bits=2)
            self.out = PGLinear(6, 2, activation_bits=4)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.second(self.first(x)[0])[0])

    assert read_in(Cells(), torch.rand(3, 4, 5)) == {
        "first.input": ["network"],
        "first.hidden": ["first.input"],
        "second.input": ["first.hidden"],
        "second.hidden": ["second.input"],
        "out": ["second.hidden"],
    }
