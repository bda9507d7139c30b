"""Ops: one under another name is the same layer, and what is in no list is an error.

Expected sizes are worked by hand; a copied op has those of the op that it is copied from.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pgsim.errors import InputError
from pgsim.workload import GateTrace, LayerShape, layer_shape, load_trace, save_trace
from pgsim.workload.layer_fields import LayerFields
from pgsim.workload.ops import OPS, Op, Sides, fields_of_ops

WIDTHS = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8, "gate": "output"}
CHANNELS = {"name": "layer", "in_channels": 6, "out_channels": 8, "groups": 2}
FIELDS: dict[str, dict[str, Any]] = {
    "conv1d": {"in_size": [9], "kernel": [3], "stride": [2], "padding": [1], "dilation": [1]},
    "conv2d": {
        "in_size": [9, 7],
        "kernel": [3, 2],
        "stride": [2, 1],
        "padding": [1, 0],
        "dilation": [1, 2],
    },
    "conv3d": {
        "in_size": [4, 9, 7],
        "kernel": [2, 3, 2],
        "stride": [1, 2, 1],
        "padding": [1, 0, 1, 1, 0, 0],
        "dilation": [2, 1, 2],
    },
    "linear": {"positions": 5},
    "matmul": {"positions": 5},
    "recurrent": {"time_steps": 4},
}
GEOMETRY = (  # of an image in, of a run in, of a run out, of an image out, runs, inputs of a group
    # rows (9 + 2 - 2 - 1) // 2 + 1 = 5, columns (7 - 2 - 1) // 1 + 1 = 5, and frames
    # (4 + 1 - 2 - 1) // 1 + 1 = 3
    ("conv1d", (9, 1), (9, 1), (5, 1), (5, 1), 1, 3 * 9),
    ("conv2d", (9, 7), (9, 7), (5, 5), (5, 5), 1, 3 * 9 * 7),
    ("conv3d", (36, 7), (36, 7), (15, 5), (15, 5), 1, 3 * 4 * 9 * 7),
    ("linear", (5, 1), (5, 1), (5, 1), (5, 1), 1, 3 * 5),
    ("matmul", (5, 1), (5, 1), (5, 1), (5, 1), 1, 3 * 5),
    ("recurrent", (4, 1), (1, 1), (1, 1), (4, 1), 4, 3),
)
KNOWN = "'conv1d', 'conv2d', 'conv3d', 'linear', 'matmul' or 'recurrent'"
DERIVED = sorted(
    name
    for name, member in (vars(LayerFields) | vars(LayerShape)).items()
    if hasattr(member, "__get__") and not callable(member) and not name.startswith("_")
)


def fields_of(op: str, **others: Any) -> dict[str, Any]:
    return {**CHANNELS, "op": op, **FIELDS[op], **WIDTHS, **others}


@pytest.fixture(params=sorted(OPS))
def op(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def copied(op: str, monkeypatch: pytest.MonkeyPatch) -> Op:
    """An op like `op` under another name, as a file of its own would have it, in the list."""
    copy = type("Copy", (type(OPS[op]),), {"name": "other"})()
    assert isinstance(copy, Op)
    monkeypatch.setitem(OPS, copy.name, copy)
    return copy


def test_a_case_for_every_op() -> None:
    assert list(OPS) == list(FIELDS) == [case[0] for case in GEOMETRY]


def test_an_op_is_listed_by_its_own_name_and_says_what_it_is(op: str) -> None:
    assert OPS[op].name == op
    assert OPS[op].description and "\n" not in OPS[op].description


def test_ops_take_fields_that_a_layer_has() -> None:
    assert fields_of_ops() <= set(LayerShape.model_fields)


@pytest.mark.parametrize(
    ("op", "whole_in", "run_in", "run_out", "whole_out", "runs", "inputs"), GEOMETRY
)
def test_sizes_and_runs(
    op: str,
    whole_in: tuple[int, int],
    run_in: tuple[int, int],
    run_out: tuple[int, int],
    whole_out: tuple[int, int],
    runs: int,
    inputs: int,
) -> None:
    shape = layer_shape(fields_of(op))
    assert (shape.image_in_size, shape.run_in_size) == (whole_in, run_in)
    assert (shape.run_out_size, shape.out_size) == (run_out, whole_out)
    assert (shape.runs_per_batch, shape.group_inputs) == (runs, inputs)
    assert layer_shape(fields_of(op, gate="input")).mask_size == whole_in


@pytest.mark.parametrize("gate", ["output", "input"])
def test_a_copied_op_gives_the_same_shape_under_its_own_name(
    op: str, copied: Op, gate: str
) -> None:
    own, other = (layer_shape(fields_of(op) | {"op": name, "gate": gate}) for name in (op, "other"))
    assert {"macs", "run_out_size", "runs_per_batch", "mask_size", "group_inputs"} <= set(DERIVED)
    for name in DERIVED:
        if name not in ("kind", "geometry"):  # they tell ops apart
            assert getattr(other, name) == getattr(own, name), name
    assert other.kind is copied
    assert other.kind.extent(other) == own.kind.extent(own)
    assert other.kind.words(other) == own.kind.words(own).replace(op, "other")
    assert other.manifest() == own.manifest() | {"op": "other"}
    assert list(other.manifest()) == list(own.manifest())
    assert layer_shape(other.manifest()) == other != own


def test_a_trace_of_a_copied_op_is_saved_and_loaded(op: str, copied: Op, tmp_path: Path) -> None:
    shape = layer_shape(fields_of(op) | {"op": copied.name})
    mask = np.random.default_rng(0).random((3, 8, shape.mask_positions)) < 0.5
    trace = GateTrace.from_masks({"layer": mask}, [shape])
    (path,) = save_trace(trace, tmp_path / "copied")
    (layer,) = load_trace(path).layers
    assert layer.shape == shape
    assert np.array_equal(layer.unpack(), mask)


@pytest.mark.parametrize("op", ["linear", "recurrent"])
def test_masks_of_a_column_may_be_a_row_and_those_of_pixels_not(op: str) -> None:
    shape = layer_shape(fields_of(op))
    row = np.ones((1, 8, 1, shape.mask_positions), dtype=bool)
    assert GateTrace.from_masks({"layer": row}, [shape]).layers[0].density() == 1
    pixels = layer_shape(fields_of("conv2d"))
    with pytest.raises(InputError, match=r"\(images, 8, 5, 5\) or \(images, 8, 25\)"):
        GateTrace.from_masks({"layer": np.ones((1, 8, 1, 25), dtype=bool)}, [pixels])


@pytest.mark.parametrize(
    ("op", "axes"),
    [
        ("conv1d", [(5,), (5, 1), (1, 5)]),
        ("conv3d", [(3, 5, 5), (15, 5), (75,)]),
    ],
)
def test_masks_may_have_the_axes_of_the_op(op: str, axes: list[tuple[int, ...]]) -> None:
    shape = layer_shape(fields_of(op))
    assert shape.kind.mask_axes(shape) == set(axes)
    pixels = layer_shape(fields_of(op, gate="input"))
    assert tuple(FIELDS[op]["in_size"]) in pixels.kind.mask_axes(pixels)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("conv-2d", rf"should be {KNOWN}, not 'conv-2d'\. .*'conv2d'\?$"),
        ("Linear", r".*, not 'Linear'\. Did you mean 'linear'\?$"),
        ("x", f"should be {KNOWN}, not 'x'$"),
        (None, f"should be {KNOWN}, not None$"),
        (["conv2d"], rf"should be {KNOWN}, not \['conv2d'\]"),
    ],
)
def test_an_op_of_no_list_is_an_error_that_names_the_nearest(op: object, message: str) -> None:
    with pytest.raises(InputError, match=f"layer 'layer': field 'op': {message}"):
        layer_shape(fields_of("linear") | {"op": op})


def test_the_error_lists_an_op_that_was_added(copied: Op) -> None:
    with pytest.raises(InputError, match=r"'recurrent' or 'other', not 'othr'\. .*'other'\?"):
        layer_shape(fields_of("linear") | {"op": "othr"})


def test_an_error_names_the_copied_op(copied: Op) -> None:
    every = {**CHANNELS, **WIDTHS, "op": copied.name}
    with pytest.raises(InputError, match=f"op 'other' needs {copied.needed_fields[0]!r}"):
        layer_shape(every)


@pytest.mark.parametrize(
    ("op", "changes", "words", "extent"),
    [
        ("linear", {"positions": 1}, "linear", "1 position"),
        ("linear", {"positions": 2}, "linear", "2 positions"),
        ("recurrent", {"time_steps": 1}, "recurrent", "1 time step"),
        ("recurrent", {"time_steps": 7}, "recurrent", "7 time steps"),
        ("conv2d", {"in_size": [9, 7], "kernel": [3, 1]}, "conv 3x1", "9x7 to 7x7"),
        ("conv2d", {"stride": [2, 2]}, "conv 3x3 stride 2", None),
        ("conv2d", {"stride": [1, 2], "dilation": [2, 1]}, "conv 3x3 stride 1x2 dilation 2x1", ""),
        # Two numbers that are equal, as they come from a file, and not one object.
        ("conv2d", {"stride": [300, int("300")]}, "conv 3x3 stride 300", None),
        ("conv2d", {"groups": 2}, "conv 3x3, 2 groups", None),
        ("conv1d", {"dilation": [2]}, "conv 3 stride 2 dilation 2, 2 groups", "9 to 4"),
        (
            "conv3d",
            {"groups": 1, "dilation": [1, 1, 1]},
            "conv 2x3x2 stride 1x2x1",
            "4x9x7 to 4x5x6",
        ),
    ],
)
def test_tables_say_what_an_op_is_and_over_what(
    op: str, changes: dict[str, Any], words: str, extent: str | None
) -> None:
    plain = {"kernel": [3, 3], "stride": [1, 1], "padding": [0, 0], "dilation": [1, 1], "groups": 1}
    shape = layer_shape(fields_of(op) | (plain if op == "conv2d" else {}) | changes)
    assert shape.kind.words(shape) == words
    if extent:
        assert shape.kind.extent(shape) == extent


def test_what_was_computed_before_changes_neither_equality_nor_hash(op: str) -> None:
    asked, fresh = layer_shape(fields_of(op)), layer_shape(fields_of(op))
    for name in DERIVED:
        getattr(asked, name)
    assert asked == fresh
    assert hash(asked) == hash(fresh)
    assert asked.manifest() == fresh.manifest()
    assert repr(asked) == repr(fresh)
    assert pickle.loads(pickle.dumps(asked)) == fresh
    assert asked != layer_shape(fields_of(op, weight_bits=7))


def test_nothing_is_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    own = type(OPS["conv2d"]).sides

    def counted(self: Op, shape: LayerShape) -> Sides:
        asked.append(shape)
        return own(self, shape)

    shape = layer_shape(fields_of("conv2d"))
    monkeypatch.setattr(type(OPS["conv2d"]), "sides", counted)
    for _ in range(3):
        assert (shape.out_size, shape.macs, shape.outputs) == ((5, 5), 8 * 25 * 18, 200)
    assert len(asked) <= 1


def test_images_of_a_batch_share_weights_but_not_the_second_operand_of_a_product() -> None:
    together = {name: op.images_together(8) for name, op in OPS.items()}
    assert together == {name: 1 if name == "matmul" else 8 for name in OPS}
