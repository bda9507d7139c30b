"""Exported margins, against PyTorch layers whose thresholds were really moved.

In the first gated layer, whose inputs no gate changed, both must decide alike; later layers see
what the moved gates before them left, which margins leave out (M37).
"""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from pgsim.gating import (  # noqa: E402
    PGLSTM,
    PGConv2d,
    PGLinear,
    capture,
    gate_margins,
    pg_layers,
)
from pgsim.masks import Margins, load_margins, moved_thresholds, save_margins  # noqa: E402

FIRST_GATED = {
    "conv": (
        lambda: PGConv2d(
            4, 6, (3, 2), (2, 1), (1, 0), groups=2, activation_bits=5, msb_bits=3, clip=0.9
        ),
        (3, 4, 7, 6),
    ),
    "linear": (lambda: PGLinear(8, 5, activation_bits=4, msb_bits=2, clip=1.1), (90, 8)),
    "tokens": (
        lambda: PGLinear(8, 5, activation_bits=6, msb_bits=2, signed=True, clip=0.7),
        (3, 4, 8),
    ),
    "opens_near_zero": (
        lambda: PGLinear(
            8, 5, activation_bits=4, msb_bits=2, signed=True, clip=0.7, opens_near_zero=True
        ),
        (90, 8),
    ),
    "wide": (
        lambda: PGLinear(40, 5, activation_bits=12, msb_bits=9, weight_bits=10, clip=1.0),
        (20, 9, 40),
    ),
}


def with_moved_thresholds(model: nn.Module, by: float) -> nn.Module:
    moved = copy.deepcopy(model)
    for layer in pg_layers(moved).values():
        if layer.gate.threshold is not None:
            layer.gate.threshold.data += by
    return moved


def seeded(make, size) -> tuple[nn.Module, torch.Tensor]:
    """Return a model of one layer, float64 with thresholds of its own by channel, and images."""
    torch.manual_seed(6)
    layer = make().double()
    layer.gate.threshold.data.normal_(std=0.2)
    if layer.gate.opens_near_zero:
        layer.gate.threshold.data.abs_().neg_()  # above zero it would never open
    return nn.Sequential(layer), torch.rand(size, dtype=torch.float64)


def margins_of(model: nn.Module, images: torch.Tensor) -> Margins:
    return Margins("noise", "0" * 64, 0, gate_margins(model, images))


def captured(model: nn.Module, images: torch.Tensor):
    return capture(model, [images], model_name="noise", dataset="noise")


def masks(trace) -> dict[str, np.ndarray]:
    return {layer.shape.name: layer.unpack() for layer in trace.layers if layer.shape.gated}


@pytest.mark.parametrize(("make", "size"), FIRST_GATED.values(), ids=FIRST_GATED)
def test_whole_margin_steps_move_thresholds_exactly(make, size) -> None:
    model, images = seeded(make, size)
    trace, margins = captured(model, images), margins_of(model, images)
    step = margins.layers[0].margin_step
    densities = set()
    for steps in (-60, -7, -1, 0, 1, 7, 60):
        found = masks(moved_thresholds(trace, margins, steps * step))["0"]
        expected = masks(captured(with_moved_thresholds(model, steps * step), images))["0"]
        np.testing.assert_array_equal(found, expected)
        densities.add(expected.mean())
    assert len(densities) >= 5


@pytest.mark.parametrize(("make", "size"), FIRST_GATED.values(), ids=FIRST_GATED)
def test_any_shift_is_met_to_half_a_margin_step(make, size) -> None:
    model, images = seeded(make, size)
    trace, margins = captured(model, images), margins_of(model, images)
    half = margins.layers[0].margin_step / 2
    for shift in (-0.5, -0.123, 0.01, 0.2, 0.777):
        found = masks(moved_thresholds(trace, margins, shift))["0"]
        lax, strict = (
            masks(captured(with_moved_thresholds(model, shift + slack), images))["0"]
            for slack in (-half, half)
        )
        assert (strict <= found).all()
        assert (found <= lax).all()


def one_gate(threshold: float, **options: bool) -> nn.Sequential:
    layer = PGLinear(
        2, 1, bias=False, activation_bits=4, msb_bits=2, weight_bits=8, clip=15.0, **options
    )
    layer.weight.data = torch.tensor([[127.0, -1.0]])
    layer.gate.threshold.data = torch.tensor([threshold])
    return nn.Sequential(layer)


# Inputs at one unit a level, 6 and 15, of which the MSB pass sees 1 and 3; weights 127 and -1 at
# one unit a step. O_hb is 124, and one of it is worth 4 of the output.
@pytest.mark.parametrize(
    ("threshold", "margin", "margin_step"),
    [
        (496.0, 0, 4.0),
        (495.0, 1, 4.0),  # the gate compares with 123
        (400.0, 24, 4.0),
        (1000.0, -126, 4.0),
        (-400.0, 112, 8.0),  # 224 in units of 2
        (-401.0, 113, 8.0),  # 225 in units of 2, rounded up
        (math.inf, -128, 4.0),
        (-math.inf, 127, 4.0),
    ],
)
def test_margins_worked_by_hand(threshold: float, margin: int, margin_step: float) -> None:
    (found,) = gate_margins(one_gate(threshold), torch.tensor([[6.2, 99.0]]))
    assert found.margins.tolist() == [[[[margin]]]]
    assert found.margin_step == margin_step


# The same sum of either sign: -|O_hb| is -124.
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    ("threshold", "margin", "margin_step"),
    [
        (-496.0, 0, 4.0),  # a tie stays closed
        (-496.5, 1, 4.0),  # the gate compares with -125
        (-492.5, 0, 4.0),  # with -124
        (-492.0, -1, 4.0),
        (0.0, -124, 4.0),
        (math.inf, -128, 4.0),
        (-math.inf, 127, 4.0),
    ],
)
def test_margins_near_zero_worked_by_hand(
    threshold: float, margin: int, margin_step: float, sign: float
) -> None:
    model = one_gate(threshold, opens_near_zero=True)
    model[0].weight.data *= sign
    (found,) = gate_margins(model, torch.tensor([[6.2, 99.0]]))
    assert found.margins.tolist() == [[[[margin]]]]
    assert found.margin_step == margin_step


def test_margins_of_a_network_give_its_masks_and_are_saved(tmp_path: Path) -> None:
    torch.manual_seed(4)
    model = nn.Sequential(
        PGConv2d(2, 4, 3, padding=1, activation_bits=8, clip=1.0),
        nn.BatchNorm2d(4),
        PGConv2d(4, 6, (3, 1), (2, 1), (1, 0), groups=2, activation_bits=4, msb_bits=2, clip=3.0),
        nn.Flatten(),
        PGLinear(6 * 3 * 7, 5, activation_bits=6, msb_bits=3, weight_bits=4, clip=0.5),
    )
    images = torch.randn(3, 2, 6, 7)
    trace = captured(model, images)
    margins = load_margins(save_margins(margins_of(model, images), tmp_path / "noise"))
    assert [layer.shape.name for layer in margins.layers] == ["2", "4"]
    for name, mask in masks(moved_thresholds(trace, margins, 0)).items():
        assert 0 < mask.mean() < 1
        np.testing.assert_array_equal(mask, masks(trace)[name])


def test_infinite_thresholds_stay() -> None:
    model, images = seeded(*FIRST_GATED["conv"])
    model[0].gate.threshold.data[:2] = torch.tensor([-math.inf, math.inf]).view(2, 1, 1)
    trace, margins = captured(model, images), margins_of(model, images)
    for shift in (-9.0, 0.0, 9.0):
        mask = masks(moved_thresholds(trace, margins, shift))["0"]
        assert mask[:, 0].all() and not mask[:, 1].any()


def test_products_of_an_lstm_have_margins() -> None:
    torch.manual_seed(8)
    model = nn.Sequential(PGLSTM(4, 3, activation_bits=4, msb_bits=2).double())
    nn.init.constant_(model[0].input.gate.threshold, -0.2)
    nn.init.constant_(model[0].hidden.gate.threshold, -0.02)
    images = torch.rand(2, 7, 4, dtype=torch.float64) - 0.5
    trace, margins = captured(model, images), margins_of(model, images)
    assert [layer.shape.op for layer in margins.layers] == ["linear", "recurrent"]
    assert [layer.margins.shape for layer in margins.layers] == [(2, 12, 7, 1)] * 2
    for name, mask in masks(moved_thresholds(trace, margins, 0)).items():
        assert 0 < mask.mean() < 1
        np.testing.assert_array_equal(mask, masks(trace)[name])
