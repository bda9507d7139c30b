"""The recipe of the digits trace on a few images, and the committed trace that it made."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from safetensors import safe_open  # noqa: E402

from pgsim.workload.trace import check_trace, load_trace, save_trace  # noqa: E402

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
    spec = importlib.util.spec_from_file_location("digits", TRACES / "recipes" / "digits.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["digits"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["digits"]


def geometry(trace):
    shapes = [layer.shape for layer in trace.layers]
    return [(s.name, s.gate, s.in_channels, s.out_channels, s.outputs) for s in shapes]


def test_one_epoch_on_a_few_images_gives_a_whole_trace(recipe, tmp_path, capsys) -> None:
    few = recipe.Recipe(train_images=60, test_images=30, batch_images=20, epochs=1, tuning_epochs=1)
    trace = recipe.digits_trace(few)
    recipe.report(trace)
    (path,) = save_trace(trace, tmp_path / "few")
    loaded = load_trace(path)
    assert check_trace(path) == []
    assert (loaded.images, loaded.mask_source) == (30, "captured")
    assert set(loaded.accuracy) == ACCURACIES
    assert geometry(loaded) == GEOMETRY
    printed = capsys.readouterr().out
    assert "epoch  1/1  loss" in printed
    assert "all gated outputs" in printed


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
