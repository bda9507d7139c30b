"""Gate margins: what moved thresholds would decide, bit for bit.

Expected masks are those of `gate_mask` with thresholds really moved (which test_operands.py holds
to the definition), and margins worked out in Python's own fractions.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from margin_cases import (
    CONV,
    FIRST,
    IMAGES,
    LINEAR,
    RECURRENT,
    a_trace,
    masks_at,
)
from operand_cases import random_operands

from pgsim.errors import InputError
from pgsim.masks import Margins, layer_margins, load_margins, moved_thresholds
from pgsim.workload import GateTrace, LayerOperands, layer_shape, load_trace

DIGITS = "digits_pg_4_2"
INT32 = np.iinfo(np.int32)


def one_output_each(differences: list[int], threshold: int = 0) -> LayerOperands:
    """Return operands of one channel whose sums exceed its threshold by `differences`.

    A position has two inputs, of I_hb at most 2^14, whose weights are 1 and -1.
    """
    shape = layer_shape(
        LINEAR
        | {"in_channels": 2, "out_channels": 1, "positions": len(differences)}
        | {"activation_bits": 16, "msb_bits": 15, "weight_bits": 2}
    )
    sums = np.array(differences) + threshold
    activations = np.stack([np.maximum(sums, 0), np.maximum(-sums, 0)])[None, :, :, None] * 2
    weights = np.array([1, -1], dtype="int8").reshape(1, 2, 1, 1)
    thresholds = np.array([threshold], dtype="int32")
    return LayerOperands(shape, activations.astype("uint16"), weights, thresholds)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**14), 2**14), min_size=1, max_size=20), st.integers(-99, 99))
def test_margins_are_rounded_up_fractions_that_fit_and_decide_exactly(
    differences: list[int], threshold: int
) -> None:
    found = layer_margins(one_output_each(differences, threshold), msb_step=1.0)
    unit = int(found.margin_step)
    assert unit == found.margin_step
    assert found.margins.dtype == np.int8
    margins = found.margins.flatten().tolist()
    assert margins == [math.ceil(Fraction(d, unit)) for d in differences]
    assert min(margins) >= -127 and max(margins) <= 126
    for steps in range(-128, 127):
        decided = [margin > steps for margin in margins]
        assert decided == [d > steps * unit for d in differences]
    if unit > 1:  # the next smaller unit does not hold them
        finer = [math.ceil(Fraction(d, unit - 1)) for d in differences]
        assert min(finer) < -127 or max(finer) > 126


@pytest.mark.parametrize(
    ("difference", "unit"),
    [(126, 1), (127, 2), (-127, 1), (-128, 2), (252, 2), (253, 3), (-255, 2), (-256, 3), (0, 1)],
)
def test_units_worked_by_hand(difference: int, unit: int) -> None:
    """126 units up and, because margins are rounded up, a little less than 128 down."""
    assert layer_margins(one_output_each([difference]), msb_step=1.0).margin_step == unit


@pytest.mark.parametrize("fields", [CONV, LINEAR, RECURRENT], ids=["conv", "linear", "recurrent"])
@pytest.mark.parametrize("spread", [1, 40], ids=["fine", "coarse"])
def test_every_whole_step_is_what_moved_thresholds_decide(
    fields: dict[str, Any], spread: int
) -> None:
    operands = random_operands(layer_shape(fields))
    operands = replace(operands, thresholds=operands.thresholds * spread)
    found = layer_margins(operands, msb_step=1.0)
    assert found.margins.shape == masks_at(operands).shape
    for steps in (-128, -20, -1, 0, 1, 20, 126):
        expected = masks_at(operands, steps * int(found.margin_step))
        np.testing.assert_array_equal(found.margins > steps, expected)


def test_a_shift_moves_every_threshold_by_the_nearest_whole_margin_step() -> None:
    operands = [random_operands(layer_shape(fields)) for fields in (CONV, LINEAR)]
    trace, margins = a_trace(*operands)
    conv, linear = [layer.margin_step for layer in margins.layers]
    assert conv != linear  # so that one shift is another number of steps
    for shift in (-6.0, -1, 0.3, 2, 7.7):
        moved = moved_thresholds(trace, margins, shift)
        for layer, each, step in zip(moved.layers[1:], operands, (conv, linear), strict=True):
            by = moved.provenance["margins"]["moved_by"][layer.shape.name]
            assert abs(by - shift) <= step / 2
            assert by % step == 0
            expected = masks_at(each, int(by * 2))  # a unit of O_hb is worth ½
            np.testing.assert_array_equal(layer.unpack(), expected.reshape(layer.unpack().shape))


def test_a_what_if_says_so(both: tuple[GateTrace, Margins]) -> None:
    moved = moved_thresholds(*both, -1.5)
    assert moved.name == "noise[threshold_shift=-1.5]"
    assert (moved.mask_source, moved.accuracy, moved.images) == ("synthetic", {}, IMAGES)
    assert moved.provenance["recipe"] == "noise"
    about = moved.provenance["margins"]
    assert (
        about.items()
        >= {
            "trace": "noise",
            "trace_sha256": "0123456789abcdef" * 4,
            "first_image": FIRST,
            "threshold_shift": -1.5,
        }.items()
    )
    assert [layer.shape for layer in moved.layers] == [layer.shape for layer in both[0].layers]


def test_a_shift_of_nothing_is_the_captured_masks(both: tuple[GateTrace, Margins]) -> None:
    trace = both[0]
    moved = moved_thresholds(*both, -0.0)
    assert moved.name == "noise[threshold_shift=0]"
    assert (moved.mask_source, moved.accuracy, moved.images) == ("captured", {"top1": 0.9}, IMAGES)
    for layer, captured in zip(moved.layers[1:], trace.layers[1:], strict=True):
        assert 0 < layer.density() < 1
        np.testing.assert_array_equal(layer.unpack(), captured.unpack(FIRST, FIRST + IMAGES))


def test_infinite_thresholds_keep_their_gates_at_every_shift() -> None:
    operands = random_operands(layer_shape(CONV))
    operands.thresholds[:2] = INT32.min, INT32.max
    trace, margins = a_trace(operands)
    (found,) = margins.layers
    rest = random_operands(layer_shape(CONV))
    rest.thresholds[:2] = rest.thresholds[2]
    assert found.margin_step <= layer_margins(rest, 0.5).margin_step  # they take no room
    for shift, others in ((-1e300, True), (0, None), (1e300, False)):
        (mask,) = (each.unpack() for each in moved_thresholds(trace, margins, shift).layers[1:])
        assert mask[:, 0].all()
        assert not mask[:, 1].any()
        assert others is None or (mask[:, 2:] == others).all()


def test_a_layer_gated_by_inputs_keeps_its_masks() -> None:
    operands = random_operands(layer_shape(CONV))
    inputs = layer_shape(LINEAR | {"name": "inputs", "gate": "input"})
    mask = np.random.default_rng(2).random((FIRST + IMAGES, 1, 4)) < 0.5
    trace = GateTrace.from_masks(
        {"inputs": mask, "conv": np.concatenate([masks_at(operands)] * 3)[: FIRST + IMAGES]},
        [inputs, operands.shape],
    )
    margins = Margins("noise", "0" * 64, 2, (layer_margins(operands, 1.0),))
    moved = moved_thresholds(trace, margins, 5)
    np.testing.assert_array_equal(moved.layers[0].unpack(), mask[2:4])


@settings(max_examples=40, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_a_higher_threshold_opens_a_part_of_the_gates(one: float, other: float) -> None:
    trace, margins = load_trace(DIGITS), load_margins(DIGITS)
    low, high = (moved_thresholds(trace, margins, shift) for shift in sorted((one, other)))
    for lax, strict in zip(low.layers, high.layers, strict=True):
        if lax.shape.gated:
            assert not (strict.mask_words() & ~lax.mask_words()).any()


def test_densities_of_the_committed_margins_go_from_one_to_nothing() -> None:
    trace, margins = load_trace(DIGITS), load_margins(DIGITS)
    for shift, density in ((-100, 1.0), (100, 0.0)):
        layers = moved_thresholds(trace, margins, shift).layers
        assert {layer.density() for layer in layers if layer.shape.gated} == {density}


@pytest.mark.parametrize("shift", [math.nan, math.inf, "1", None, True, [1], 10**400])
def test_a_shift_is_a_finite_number(shift: Any, both: tuple[GateTrace, Margins]) -> None:
    with pytest.raises(InputError, match=r"threshold_shift: value .*: expected a finite number"):
        moved_thresholds(*both, shift)


def test_margins_of_another_trace_are_refused(both: tuple[GateTrace, Margins]) -> None:
    trace, margins = both
    with pytest.raises(InputError, match=r"trace noise: .* images 4 to 5, it has 5"):
        moved_thresholds(trace, replace(margins, first_image=4), 0)
    with pytest.raises(InputError, match=r"do not give the masks of layer 'conv': .* again"):
        moved_thresholds(trace, replace(margins, first_image=0), 0)
    with pytest.raises(InputError, match=r"layer 'recurrent' is not in both, or not the same"):
        moved_thresholds(trace, replace(margins, layers=margins.layers[:1]), 0)
    with pytest.raises(InputError, match=r"\[msb_bits=1\]: .* at their widths: layer 'conv'"):
        moved_thresholds(trace.with_bits(msb_bits=1), margins, 0)
    alone = replace(trace, layers=trace.layers[:2])
    with pytest.raises(InputError, match="layer 'recurrent' is not in both"):
        moved_thresholds(alone, margins, 0)


def test_layers_may_be_in_another_order(both: tuple[GateTrace, Margins]) -> None:
    trace, margins = both
    turned = replace(margins, layers=margins.layers[::-1])
    ways = [moved_thresholds(trace, each, 3) for each in (margins, turned)]
    for one, other in zip(*(way.layers[1:] for way in ways), strict=True):
        np.testing.assert_array_equal(one.unpack(), other.unpack())
