"""The recipe of the digits trace on a few images, and the committed files that it made."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from safetensors import safe_open  # noqa: E402

from pgsim.masks import load_margins, moved_thresholds  # noqa: E402
from pgsim.workload import (  # noqa: E402
    check_trace,
    gate_mask,
    load_operands,
    load_trace,
)

TRACES = Path(__file__).resolve().parents[2] / "traces"
ACCURACIES = {
    "top1_pg",
    "top1_full_precision",
    "top1_uniform_8",
    "top1_uniform_4",
    "top1_full",
    "top1_msb_only",
    "top1_msb_only_tuned",
}
GEOMETRY = [  # name, gate, in channels, out channels, outputs an image
    ("conv1", "none", 1, 32, 32 * 8 * 8),
    ("conv2", "output", 32, 32, 32 * 8 * 8),
    ("conv3", "output", 32, 64, 64 * 4 * 4),
    ("conv4", "output", 64, 64, 64 * 4 * 4),
    ("conv5", "output", 64, 64, 64 * 4 * 4),
    ("fc", "none", 64, 10, 10),
]


@pytest.fixture(scope="module")
def recipe():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TRACES / "recipes")  # where Python looks when it runs the script
        yield importlib.import_module("digits")
    for name in ("digits", "digits_network", "gates", "trace_files", "training"):
        del sys.modules[name]


def geometry(trace):
    shapes = [layer.shape for layer in trace.layers]
    return [(s.name, s.gate, s.in_channels, s.out_channels, s.outputs) for s in shapes]


def test_one_epoch_on_a_few_images_gives_a_whole_trace(recipe, tmp_path, capsys) -> None:
    few = recipe.Recipe(train_images=60, test_images=30, batch_images=20, epochs=1, tuning_epochs=1)
    splits = recipe.digits(few)
    networks = recipe.trained(few, splits)
    trace = recipe.digits_trace(few, networks, splits[1])
    recipe.report(trace)
    recipe.write_trace(trace, networks["top1_pg"], splits[1].images[:4], tmp_path)
    path = tmp_path / "digits_pg_4_2.safetensors"
    loaded = load_trace(path)
    assert check_trace(path) == []
    assert (loaded.images, loaded.mask_source) == (30, "captured")
    assert set(loaded.accuracy) == ACCURACIES
    assert geometry(loaded) == GEOMETRY
    printed = capsys.readouterr().out
    assert "epoch  1/1  loss" in printed
    assert "all gated outputs" in printed

    operands = load_operands(path.with_suffix(".operands.safetensors"))
    assert (operands.first_image, operands.images) == (0, 4)
    masks = {layer.shape.name: layer.unpack(0, 4) for layer in loaded.layers if layer.shape.gated}
    assert [layer.shape.name for layer in operands.layers] == list(masks)
    for layer in operands.layers:
        mask = gate_mask(layer)
        np.testing.assert_array_equal(mask.reshape(4, len(mask[0]), -1), masks[layer.shape.name])

    margins = load_margins(path.with_suffix(".margins.safetensors"))
    moved = moved_thresholds(loaded, margins, 0)
    assert moved.images == 4
    for layer in moved.layers:
        if layer.shape.gated:
            np.testing.assert_array_equal(layer.unpack(), masks[layer.shape.name])


def test_training_and_test_images_are_apart(recipe) -> None:
    from sklearn.datasets import load_digits

    training, test = recipe.digits(recipe.Recipe())
    assert (len(training.images), len(test.images)) == (1297, 500)
    both = torch.cat([training.images, test.images]).flatten(1).numpy() * 16
    everything = load_digits().data
    np.testing.assert_array_equal(both[np.lexsort(both.T)], everything[np.lexsort(everything.T)])


def test_committed_trace_keeps_its_promises() -> None:
    path = TRACES / "digits_pg_4_2.safetensors"
    trace = load_trace(path)
    gated = [layer for layer in trace.layers if layer.shape.gated]
    outputs = [layer.shape.outputs for layer in gated]
    assert check_trace(path) == []
    with safe_open(path, framework="numpy") as file:
        assert "pgsim_sha256" in file.metadata()
    assert (trace.images, trace.mask_source) == (500, "captured")
    assert geometry(trace) == GEOMETRY
    assert set(trace.accuracy) == ACCURACIES
    assert trace.accuracy["top1_pg"] >= 0.97
    assert np.average([layer.density() for layer in gated], weights=outputs) < 0.5
    assert path.stat().st_size < 3_000_000
