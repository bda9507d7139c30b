"""LSTM, GRU and RNN layers of plain networks, against PyTorch's operator counter and by hand."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from pgsim import widened  # noqa: E402
from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import shapes  # noqa: E402

pytestmark = [  # of PyTorch, which is told or asked here for what it has no fast way to do
    pytest.mark.filterwarnings("ignore:TF32 acceleration"),
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated"),
]

GATES = {nn.LSTM: 4, nn.GRU: 3, nn.RNN: 1}


def counted_macs(model: nn.Module, x: Any) -> int:
    """What torch.utils.flop_counter counts, which knows no fused recurrence: without oneDNN."""
    with (
        torch.no_grad(),
        torch.backends.mkldnn.flags(enabled=False),
        FlopCounterMode(display=False) as counter,
    ):
        model.eval()(x)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("kind", GATES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_macs_and_steps_are_pytorchs(
    kind: type[nn.RNNBase], layers: int, both: bool, batch_first: bool
) -> None:
    model, sequences = kind(5, 7, layers, bidirectional=both, batch_first=batch_first), 2
    x = torch.rand(*((sequences, 6) if batch_first else (6, sequences)), 5)
    found = shapes(model, x)
    assert len(found) == 2 * layers * (1 + both)
    assert sequences * sum(each.macs for each in found) == counted_macs(model, x)
    assert [each.op for each in found] == ["linear", "recurrent"] * layers * (1 + both)
    assert {each.out_channels for each in found} == {GATES[kind] * 7}
    assert {each.positions for each in found[::2]} == {6} == {e.time_steps for e in found[1::2]}


def test_layers_in_both_directions_read_each_other() -> None:
    found = shapes(nn.Sequential(nn.LSTM(5, 7, 2, bidirectional=True)), torch.rand(6, 1, 5))
    assert {each.name: each.inputs for each in found} == {
        "0.l0.forward.input": ("network",),
        "0.l0.forward.hidden": ("0.l0.forward.input",),
        "0.l0.reverse.input": ("network",),
        "0.l0.reverse.hidden": ("0.l0.reverse.input",),
        "0.l1.forward.input": ("0.l0.forward.hidden", "0.l0.reverse.hidden"),
        "0.l1.forward.hidden": ("0.l1.forward.input",),
        "0.l1.reverse.input": ("0.l0.forward.hidden", "0.l0.reverse.hidden"),
        "0.l1.reverse.hidden": ("0.l1.reverse.input",),
    }
    assert [each.in_channels for each in found] == [5, 7, 5, 7, 14, 7, 14, 7]


class Words(nn.Module):
    """A model of characters: an embedding, two layers, and a classifier of what `takes` picks."""

    def __init__(self, takes: str, batch_first: bool = True) -> None:
        super().__init__()
        self.takes = takes
        self.words = nn.Embedding(11, 5)
        self.rnn = nn.LSTM(5, 7, 2, batch_first=batch_first)
        self.out = nn.Linear(14 if takes == "states" else 7, 3)

    def forward(self, words: Tensor) -> Tensor:
        outputs, (hidden, _) = self.rnn(self.words(words))
        picked = {
            "outputs": outputs,
            "last": outputs[:, -1],
            "state": hidden[-1],
            "first": hidden[0],
            "states": hidden.transpose(0, 1).flatten(1),
        }
        return self.out(picked[self.takes])


@pytest.mark.parametrize(
    ("takes", "reads"),
    [
        ("outputs", ("rnn.l1.hidden",)),
        ("last", ("rnn.l1.hidden",)),
        ("state", ("rnn.l1.hidden",)),
        ("first", ("rnn.l0.hidden",)),
        ("states", ("rnn.l0.hidden", "rnn.l1.hidden")),
    ],
)
def test_what_reads_states_reads_the_layer_that_made_them(
    takes: str, reads: tuple[str, ...]
) -> None:
    found = shapes(Words(takes), torch.zeros(2, 6, dtype=torch.int64))
    assert [each.name for each in found] == [
        "rnn.l0.input", "rnn.l0.hidden", "rnn.l1.input", "rnn.l1.hidden", "out"
    ]  # fmt: skip
    assert found[-1].inputs == reads
    assert found[2].inputs == ("rnn.l0.hidden",)


def test_steps_may_come_first() -> None:
    words = torch.zeros(6, 2, dtype=torch.int64)
    found = shapes(Words("outputs", batch_first=False), words)
    assert [each.positions or each.time_steps for each in found] == [6] * 5


class Translates(nn.Module):
    """An encoder whose state a decoder begins with."""

    def __init__(self) -> None:
        super().__init__()
        self.reads, self.writes = (nn.GRU(5, 7, batch_first=True) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        _, state = self.reads(x)
        outputs: Tensor = self.writes(x[:, :2], state)[0]
        return outputs


def test_a_state_to_begin_with_is_read_too() -> None:
    found = {each.name: each for each in shapes(Translates(), torch.rand(1, 6, 5))}
    assert found["writes.hidden"].inputs == ("reads.hidden", "writes.input")
    assert found["writes.input"].inputs == ("network",)
    assert found["writes.hidden"].time_steps == 2


class Packed(nn.Module):
    def __init__(self, lengths: list[int]) -> None:
        super().__init__()
        self.lengths, self.rnn = lengths, nn.LSTM(5, 7, batch_first=True)
        self.out = nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, self.lengths, batch_first=True)
        return self.out(pad_packed_sequence(self.rnn(packed)[0], batch_first=True)[0])


def test_packed_sequences_are_of_one_length() -> None:
    found = shapes(Packed([6, 6]), torch.rand(2, 6, 5))
    assert [(each.name, each.inputs) for each in found] == [
        ("rnn.input", ("network",)), ("rnn.hidden", ("rnn.input",)), ("out", ("rnn.hidden",))
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"lstm on sequences of several lengths in module 'rnn'"):
        shapes(Packed([6, 4]), torch.rand(2, 6, 5))


class Own(nn.LSTM):
    """An LSTM of someone's own, which multiplies more."""

    def forward(self, x: Tensor, *states: Any) -> Any:
        return super().forward(x @ torch.ones(5, 5), *states)


def test_what_else_a_derived_module_multiplies_is_a_layer() -> None:
    found = shapes(nn.Sequential(Own(5, 7, batch_first=True)), torch.rand(1, 6, 5))
    assert [(each.name, each.inputs) for each in found] == [
        ("0.mm", ("network",)), ("0.input", ("0.mm",)), ("0.hidden", ("0.input",))
    ]  # fmt: skip


def test_one_sequence_may_have_no_axis_of_its_own() -> None:
    model, x = nn.GRU(5, 7), torch.rand(6, 5)
    found = shapes(model, x, images=1)
    assert sum(each.macs for each in found) == counted_macs(model, x)
    cured = r"gru on 1 sequence in module .* which are 6, or say how many with `images`; or"
    with pytest.raises(InputError, match=cured):
        shapes(model, x)
    for wrong in (0, 1.5, True):
        with pytest.raises(InputError, match=rf"images: value {wrong}: expected a whole number"):
            shapes(model, x, images=wrong)


def test_recurrences_that_no_layer_describes_are_named() -> None:
    model = nn.Sequential(nn.LSTM(5, 7, proj_size=3))
    with pytest.raises(InputError, match=r"lstm with proj_size 3 in module '0' \(LSTM\)"):
        shapes(model, torch.rand(6, 1, 5))


def test_a_scripted_recurrence_is_the_products_of_its_steps() -> None:
    model, x = Translates(), torch.rand(1, 6, 5)
    found = shapes(torch.jit.script(model), x)
    assert {each.op for each in found} == {"linear"}
    assert sum(each.macs for each in found) == counted_macs(model, x)


def test_no_number_is_computed_on_meta() -> None:
    with torch.device("meta"):
        model, x = nn.GRU(5, 7, 2), torch.empty(6, 1, 5)
    assert [each.macs for each in shapes(model, x)] == [6 * 21 * 5, *[6 * 21 * 7] * 3]


def test_what_runs_again_has_layers_each_time() -> None:
    class Again(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(6, 6, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.rnn(self.rnn(x)[0])[0]

    found = shapes(Again(), torch.rand(1, 5, 6))
    assert [(each.name, each.inputs) for each in found] == [
        ("rnn.input", ("network",)),
        ("rnn.hidden", ("rnn.input",)),
        ("rnn.input.run2", ("rnn.hidden",)),
        ("rnn.hidden.run2", ("rnn.input.run2",)),
    ]


def test_a_recurrence_may_be_left_out() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.out = nn.LSTM(5, 7, batch_first=True), nn.Linear(7, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.rnn(x)[0])

    (layer,) = shapes(Two(), torch.rand(1, 6, 5), ignore="rnn")
    assert (layer.name, layer.inputs) == ("out", ("network",))


def test_a_wider_recurrent_network() -> None:
    found = widened(shapes(Words("state"), torch.zeros(1, 6, dtype=torch.int64)), 2)
    # The embedding is the network's input, and the classes are its output.
    assert [(each.in_channels, each.out_channels) for each in found] == [
        (5, 56), (14, 56), (14, 56), (14, 56), (14, 3)
    ]  # fmt: skip
