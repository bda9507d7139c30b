"""Transposed convolutions against their definition: each input is added to where its taps lead."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any

import numpy as np
import pytest

from pgsim import GateTrace, network, simulate, synthetic_trace
from pgsim.errors import InputError
from pgsim.workload import LayerShape, transposed
from pgsim.workload.connections import producers

UP: dict[str, Any] = {
    "name": "up",
    "op": "conv_transpose2d",
    "in_channels": 3,
    "out_channels": 2,
    "in_size": [4, 4],
    "kernel": [3, 3],
    "stride": [2, 2],
    "padding": [1, 1],
    "output_padding": [1, 1],
    "activation_bits": 8,
    "weight_bits": 8,
    "gate": "none",
}


def pairs_of(axis: dict[str, int]) -> tuple[int, dict[int, list[tuple[int, int]]]]:
    """Outputs of an axis, and by output the (input, tap) pairs that are added there.

    As PyTorch defines it: input i and tap t go to output i·stride - padding + t·dilation. Inputs
    are taken far beyond both ends: those outside are padding.
    """
    size, taps, stride, dilation = (
        axis[key] for key in ("in_size", "kernel", "stride", "dilation")
    )
    before, after, more = axis["before"], axis["after"], axis["output_padding"]
    outputs = (size - 1) * stride + dilation * (taps - 1) + 1 - before - after + more
    found: dict[int, list[tuple[int, int]]] = {}
    for i in range(-20, size + 20):
        for tap in range(taps):
            found.setdefault(i * stride - before + tap * dilation, []).append((i, tap))
    return outputs, {output: found.get(output, []) for output in range(max(outputs, 0))}


def drawn_axis(rng: Random) -> dict[str, int]:
    stride = rng.choice((1, 2, 2, 3, 4))
    return {
        "in_size": rng.randint(1, 5),
        "kernel": rng.choice((1, 2, 3, 4, 5)),
        "stride": stride,
        "dilation": rng.choice((1, 1, 2, 3)),
        "before": rng.choice((0, 0, 1, 2)),
        "after": rng.choice((0, 0, 1, 2)),
        "output_padding": rng.randrange(stride),
    }


def fields_of(axes: list[dict[str, int]]) -> dict[str, Any]:
    names = ("in_size", "kernel", "stride", "dilation", "output_padding")
    return {
        **UP,
        "op": f"conv_transpose{len(axes)}d",
        **{name: [axis[name] for axis in axes] for name in names},
        "padding": [axis[end] for axis in axes for end in ("before", "after")],
    }


def first_of(phase: LayerShape, axes: list[dict[str, int]]) -> tuple[int, ...]:
    """The phase's first output of each axis, as its name says."""
    numbers = iter(phase.name.split(".")[1:])
    if all(axis["stride"] == 1 for axis in axes):
        return (0,) * len(axes)
    return tuple(int(next(numbers)) if axis["stride"] > 1 else 0 for axis in axes)


@pytest.mark.parametrize("seed", range(100))
def test_phases_read_what_the_definition_adds_up(seed: int) -> None:
    rng = Random(seed)
    axes = [drawn_axis(rng) for _ in range(rng.choice((1, 2, 2, 3)))]
    wanted = [pairs_of(axis) for axis in axes]
    reads = [
        [any(0 <= i < axis["in_size"] for i, _ in pairs[output]) for output in range(outputs)]
        for axis, (outputs, pairs) in zip(axes, wanted, strict=True)
    ]
    if not all(map(any, reads)):
        with pytest.raises(InputError, match=r"layer 'up': .*output"):
            transposed(fields_of(axes))
        return
    done = set()
    for phase in transposed(fields_of(axes)):
        lines = [*(each.frames for each in phase.sides[:1]), *(each.rows for each in phase.sides)]
        lines = lines[1:] if len(axes) == 2 else lines[1:2] if len(axes) == 1 else lines
        for first, axis, line, (outputs, pairs) in zip(
            first_of(phase, axes), axes, lines, wanted, strict=True
        ):
            own = range(first, outputs, axis["stride"])
            assert (line.stride, line.outputs) == (1, len(own))
            used = [{i for i, _ in pairs[o] if 0 <= i < axis["in_size"]} for o in own]
            begin = max(0, min(i for o in own for i, _ in pairs[o]))
            places = line.places(np.arange(line.outputs))
            assert [{begin + int(p) for p in row if p >= 0} for row in places] == used
            assert all(len(pairs[output]) == line.taps for output in own)
        done.add(first_of(phase, axes))
    # What no phase computes reads no input.
    steps = [axis["stride"] for axis in axes]
    for place in np.ndindex(*(outputs for outputs, _ in wanted)):
        if all(own[o] for own, o in zip(reads, place, strict=True)):
            assert tuple(o % step for o, step in zip(place, steps, strict=True)) in done


def test_macs_by_hand() -> None:
    # 8 outputs a side: even ones take tap 1, odd ones taps 0 and 2. 4·1 + 4·2 = 12 a side, as the
    # 4 inputs of 3 taps of the definition.
    phases = transposed(UP)
    assert [each.name for each in phases] == ["up.0.0", "up.0.1", "up.1.0", "up.1.1"]
    assert [each.kernel for each in phases] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert {each.out_size for each in phases} == {(4, 4)}
    assert sum(each.macs for each in phases) == 12 * 12 * 3 * 2
    assert sum(each.taps for each in phases) == 9  # each weight is in one phase
    # Of odd outputs the last one's tap 0 would take input 4, which there is not.
    assert phases[3].padding == (0, 1, 0, 1)


def test_a_stride_of_one_is_one_convolution() -> None:
    (phase,) = transposed(UP | {"stride": [1, 1], "output_padding": [0, 0]})
    assert (phase.name, phase.op, phase.kernel, phase.padding) == ("up", "conv2d", (3, 3), (1, 1))


def test_a_phase_without_taps_is_none() -> None:
    # A kernel of 2 and a stride of 3: every third output is zero.
    phases = transposed(
        UP | {"kernel": [2, 1], "stride": [3, 1], "padding": [0, 0], "output_padding": [0, 0]}
    )
    assert [each.name for each in phases] == ["up.0", "up.1"]  # columns are not apart


def test_a_list_of_layers_may_have_one() -> None:
    first, last = (each.manifest() for each in network("resnet20")[:2])
    first |= {"name": "first", "out_channels": 3, "inputs": None}
    last |= {"name": "last", "in_channels": 2, "in_size": [8, 8], "inputs": None}
    trace = synthetic_trace([first, UP, last], images=2, density=0.5)
    assert [layer.shape.name for layer in trace.layers] == [
        "first", "up.0.0", "up.0.1", "up.1.0", "up.1.1", "last"
    ]  # fmt: skip
    reads = producers([layer.shape for layer in trace.layers])
    phases = ("up.0.0", "up.0.1", "up.1.0", "up.1.1")
    assert {reads[phase] for phase in phases} == {("first",)}
    assert reads["last"] == phases
    rows = simulate(trace, "pg_os").layers.set_index("layer")
    assert rows.loc[list(phases), "macs"].sum() == 2 * 12 * 12 * 3 * 2


def test_layers_read_it_by_its_name() -> None:
    last = network("resnet20")[1].replace(in_channels=2, in_size=[8, 8], inputs=["up", "network"])
    trace = GateTrace.from_masks({}, [UP, last.replace(gate="none", msb_bits=4)], images=1)
    assert trace.layers[-1].shape.inputs == ("up.0.0", "up.0.1", "up.1.0", "up.1.1", "network")
    assert prod(trace.layers[0].shape.kernel) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"op": "conv2d"}, "'up': field 'op': expected one of conv_transpose1d"),
        (
            {"kernel": None},
            r"'kernel': expected whole numbers from 1 on, \[height, width\], not None",
        ),
        ({"stride": [2, 0]}, r"'stride': expected whole numbers from 1 on, .*not \[2, 0\]"),
        ({"in_size": [4, True]}, "'in_size': expected whole"),
        ({"padding": [1]}, r"'padding': expected whole numbers from 0 on, \[before height, "),
        ({"padding": "same"}, "'padding': expected whole numbers"),
        ({"output_padding": [-1, 0]}, "'output_padding': expected whole numbers from 0"),
        ({"padding": [9, 9]}, "there is no output"),
        ({"stride": [100, 100], "output_padding": [0, 0]}, "more phases than pgsim takes"),
        ({"kernel": [2**24, 2**24], "stride": [2**24, 2**24]}, "more phases than pgsim takes"),
        ({"weight_bits": 17}, "layer 'up.0.0': .*'weight_bits'"),
        ({"out_padding": 1}, "unknown field 'out_padding'"),
    ],
)
def test_errors_say_what_is_wrong(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        transposed(UP | change, "mine")
    assert str(caught.value).startswith("mine: layer ")
