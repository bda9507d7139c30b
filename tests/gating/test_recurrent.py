"""The gated LSTM, against torch's own LSTM and against its definition in integer numpy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import (  # noqa: E402
    PGLSTM,
    Gate,
    PGLinear,
    capture,
    integer_operands,
    pg_layers,
    threshold_loss,
)
from pgsim.workload import Operands, gate_mask, load_operands, save_operands  # noqa: E402


class TwoLayers(nn.Module):
    """Two LSTM layers and a classifier, which is not gated; a batch is (images, 7, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = PGLSTM(6, 5, activation_bits=4, msb_bits=2)
        self.second = PGLSTM(5, 4, activation_bits=6, msb_bits=3, weight_bits=5, clip=0.5)
        self.fc = PGLinear(4, 3, activation_bits=8, signed=True, clip=1.0)

    def forward(self, x: Tensor) -> Tensor:
        x, _ = self.first(x)
        x, _ = self.second(x)
        return self.fc(x)


def two_layers() -> tuple[TwoLayers, Tensor]:
    torch.manual_seed(6)
    model = TwoLayers()
    nn.init.constant_(model.first.input.gate.threshold, -0.4)
    for layer in (model.first.hidden, model.second.input, model.second.hidden):
        nn.init.constant_(layer.gate.threshold, -0.05)
    return model, torch.randn(3, 7, 6)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def product_of(layer: PGLinear, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (mask, output) of PG's definition on (images, features), without a bias."""
    gate = layer.gate
    clip = np.float64(np.float32(gate.quantize.clip.item()))
    levels = 2 ** (gate.activation_bits - 1) - 1
    integers = np.rint(np.clip(x, -clip, clip) * levels / clip).astype(np.int64)
    weight = layer.weight.detach().numpy().astype(np.float64)
    weight_step = np.abs(weight).max() / (2 ** (gate.weight_bits - 1) - 1)
    weights = np.rint(weight / weight_step).astype(np.int64)
    lsb_bits = gate.activation_bits - gate.msb_bits
    step = clip / levels * weight_step
    high = (integers >> lsb_bits) @ weights.T
    low = (integers & (2**lsb_bits - 1)) @ weights.T
    sums = high * 2**lsb_bits * step
    mask = (-np.abs(sums) if gate.opens_near_zero else sums) > gate.threshold.detach().numpy()
    return mask, (high * 2**lsb_bits + mask * low) * step


@pytest.mark.parametrize("opens_near_zero", [True, False])
def test_masks_and_states_are_those_of_the_definition(opens_near_zero: bool) -> None:
    torch.manual_seed(3)
    widths = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8}
    lstm = PGLSTM(6, 5, **widths, opens_near_zero=opens_near_zero).double().eval()
    for layer, mean in ((lstm.input, -0.5), (lstm.hidden, -0.05)):
        nn.init.normal_(layer.gate.threshold, mean if opens_near_zero else 0.0, 0.2)
    x = torch.randn(4, 9, 6, dtype=torch.float64)
    outputs, _ = lstm(x)

    hidden = cell = np.zeros((4, 5))
    bias = lstm.input.bias.detach().numpy()
    for step in range(9):
        input_mask, driven = product_of(lstm.input, x[:, step].numpy())
        hidden_mask, recurrent = product_of(lstm.hidden, hidden)
        into, keep, new, out = np.split(driven + bias + recurrent, 4, axis=1)
        cell = sigmoid(keep) * cell + sigmoid(into) * np.tanh(new)
        hidden = sigmoid(out) * np.tanh(cell)
        np.testing.assert_array_equal(lstm.input.mask[:, step].numpy(), input_mask)
        np.testing.assert_array_equal(lstm.hidden.mask[:, step].numpy(), hidden_mask)
        np.testing.assert_allclose(outputs[:, step].detach().numpy(), hidden, rtol=0, atol=1e-12)
    assert lstm.hidden.mask.shape == (4, 9, 20)
    for layer in (lstm.input, lstm.hidden):
        assert 0.05 < layer.mask.double().mean() < 0.95


@pytest.mark.parametrize("msb_bits", [None, 8], ids=["quantized", "all gates open"])
@pytest.mark.parametrize("layer", [0, 1])
def test_at_16_bits_it_is_torchs_lstm(msb_bits: int | None, layer: int) -> None:
    torch.manual_seed(2)
    theirs = nn.LSTM(8, 8, num_layers=2, batch_first=True)
    ours = PGLSTM(8, 8, activation_bits=16, msb_bits=msb_bits, weight_bits=16)
    ours.load_lstm(theirs, layer)
    nn.init.constant_(ours.input.gate.quantize.clip, 6.0)
    if msb_bits:
        for product in (ours.input, ours.hidden):
            nn.init.constant_(product.gate.threshold, -math.inf)
    single = nn.LSTM(8, 8, batch_first=True)
    single.load_state_dict(
        {
            name.replace(f"_l{layer}", "_l0"): weight
            for name, weight in theirs.state_dict().items()
            if name.endswith(f"_l{layer}")
        }
    )
    x = torch.randn(3, 20, 8)
    begun = (torch.rand(3, 8) - 0.5, torch.rand(3, 8) - 0.5)

    outputs, (hidden, cell) = ours.eval()(x, begun)
    expected, (their_hidden, their_cell) = single(x, tuple(each.unsqueeze(0) for each in begun))

    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs, expected, rtol=0, atol=2e-4)
    torch.testing.assert_close(hidden, their_hidden[0], rtol=0, atol=2e-4)
    torch.testing.assert_close(cell, their_cell[0], rtol=0, atol=2e-4)
    assert expected.abs().max() > 0.3


def test_a_sequence_can_go_on_from_a_state() -> None:
    torch.manual_seed(1)
    lstm = PGLSTM(6, 5, activation_bits=4, msb_bits=2).eval()
    x = torch.randn(3, 7, 6)
    whole, last = lstm(x)
    first, state = lstm(x[:, :3])
    rest, end = lstm(x[:, 3:], state)
    assert torch.equal(torch.cat([first, rest], dim=1), whole)
    assert all(map(torch.equal, last, end))


def test_training_computes_the_integers_of_inference() -> None:
    torch.manual_seed(7)
    lstm = PGLSTM(6, 5, activation_bits=4, msb_bits=2).double()
    x = torch.randn(3, 7, 6, dtype=torch.float64)
    trained, trained_mask = lstm.train()(x)[0], lstm.hidden.mask
    torch.testing.assert_close(trained, lstm.eval()(x)[0], rtol=1e-12, atol=1e-12)
    assert torch.equal(trained_mask, lstm.hidden.mask)


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    lstm = PGLSTM(6, 5, activation_bits=4, msb_bits=2, clip=0.1)
    outputs, _ = lstm(torch.randn(3, 7, 6))
    outputs.square().sum().backward()
    names = [name for name, _ in lstm.named_parameters()]
    assert "hidden.gate.threshold" in names and "hidden.gate.quantize.clip" in names
    for name, parameter in lstm.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_threshold_loss_covers_both_products() -> None:
    lstm = PGLSTM(6, 5, activation_bits=4, msb_bits=2)
    assert threshold_loss(lstm, target=-1.5).item() == pytest.approx(2 * 20 * 0.25)  # from -1 on


def test_without_msb_bits_nothing_is_gated() -> None:
    lstm = PGLSTM(6, 5, activation_bits=8).eval()
    lstm(torch.randn(3, 7, 6))
    assert lstm.input.mask is None
    assert lstm.hidden.mask is None


def test_capture_has_a_linear_and_a_recurrent_layer_a_cell() -> None:
    model, x = two_layers()
    trace = capture(model, x.split(2), model_name="m", dataset="d")
    model.eval()(x)

    assert trace.images == 3
    described = [
        (s.name, s.op, s.in_channels, s.out_channels, s.positions, s.time_steps, s.gate)
        for s in (layer.shape for layer in trace.layers)
    ]
    assert described == [
        ("first.input", "linear", 6, 20, 7, None, "output"),
        ("first.hidden", "recurrent", 5, 20, None, 7, "output"),
        ("second.input", "linear", 5, 16, 7, None, "output"),
        ("second.hidden", "recurrent", 4, 16, None, 7, "output"),
        ("fc", "linear", 4, 3, 7, None, "none"),
    ]
    second = trace.layers[3].shape
    assert (second.activation_bits, second.msb_bits, second.weight_bits) == (6, 3, 5)
    assert all(layer.shape.signed for layer in trace.layers)
    for layer in trace.layers[:4]:
        expected = pg_layers(model)[layer.shape.name].mask.transpose(1, 2).numpy()
        assert 0 < expected.mean() < 1
        np.testing.assert_array_equal(layer.unpack(), expected)


def test_numpy_on_saved_operands_gives_the_masks(tmp_path: Path) -> None:
    model, x = two_layers()
    layers = integer_operands(model, x)
    model.eval()(x)
    loaded = load_operands(save_operands(Operands("noise", "0" * 64, 0, layers), tmp_path / "o"))
    assert [layer.shape.op for layer in loaded.layers] == ["linear", "recurrent"] * 2
    hidden = loaded.layers[1]
    assert (hidden.activations.shape, hidden.activations.dtype) == ((3, 5, 7, 1), np.int8)
    assert not hidden.activations[:, :, 0].any()  # a sequence begins at zeros
    assert hidden.activations.min() < 0
    for layer in loaded.layers:
        expected = pg_layers(model)[layer.shape.name].mask.transpose(1, 2).unsqueeze(-1).numpy()
        mask = gate_mask(layer)
        np.testing.assert_array_equal(mask, expected)


def test_sequences_of_two_lengths_are_refused() -> None:
    model, x = two_layers()
    with pytest.raises(InputError, match=r"layer 'first\.input': the input size changed"):
        capture(model, [x, x[:, :4]], model_name="m", dataset="d")


class TheirCell(nn.Module):
    """A stand-in for recurrent cells in the wild: a hidden product called once a time step."""

    def __init__(self) -> None:
        super().__init__()
        self.product = TheirLinear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.zeros(len(x), 4)
        for step in x.unbind(1):
            hidden = torch.tanh(step + self.product(hidden))
        return hidden


class TheirLinear(nn.Linear):
    def __init__(self, *sizes: int) -> None:
        super().__init__(*sizes)
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        sums = super().forward(x)
        mask = (sums > 0).float()
        self.seen.append(mask)  # for the test alone
        return sums * mask


@pytest.fixture
def their_gate() -> Gate:
    return Gate(4, 2, 8, signed=True, local_variable="mask", recurrent=True)


def test_calls_of_a_third_partys_recurrent_layer_are_time_steps(their_gate: Gate) -> None:
    torch.manual_seed(5)
    cell = TheirCell()

    def gate_of(module: nn.Module) -> Gate | None:
        return their_gate if isinstance(module, TheirLinear) else None

    trace = capture(cell, [torch.randn(2, 6, 4)], model_name="m", dataset="d", gate_of=gate_of)
    (layer,) = trace.layers
    assert (layer.shape.op, layer.shape.time_steps, layer.shape.signed) == ("recurrent", 6, True)
    expected = torch.stack(cell.product.seen, dim=2).numpy() == 1
    assert 0 < expected.mean() < 1
    np.testing.assert_array_equal(layer.unpack(), expected)


def test_a_recurrent_layer_runs_on_one_time_step_at_a_time(their_gate: Gate) -> None:
    model = nn.Sequential(TheirLinear(4, 4))
    with pytest.raises(InputError, match=r"layer '0' is a TheirLinear that ran on \[2, 6, 4\]: a"):
        capture(
            model,
            [torch.randn(2, 6, 4)],
            model_name="m",
            dataset="d",
            gate_of=lambda module: their_gate if isinstance(module, TheirLinear) else None,
        )


@pytest.mark.parametrize("module", [nn.LSTM(3, 3), nn.LSTMCell(3, 3), nn.GRU(3, 3)], ids=str)
def test_a_recurrent_layer_of_unknown_widths_is_refused(module: nn.Module) -> None:
    with pytest.raises(InputError, match=r"is a plain \w+, so its widths .*PGLSTM"):
        capture(module, [torch.rand(2, 3)], model_name="m", dataset="d")
