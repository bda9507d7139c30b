"""Committed checkpoints: PyTorch layers agree with numpy's integers on the committed operands.

The layers are fed the committed activations, so that nothing depends on how a machine rounds batch
norm or a sigmoid in between.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pgsim.files import shipped_folder  # noqa: E402
from pgsim.gating import PGConv2d, pg_layers  # noqa: E402
from pgsim.workload import gate_mask, load_operands, load_trace  # noqa: E402
from pgsim.workload.operands import msb_sums  # noqa: E402

pytestmark = pytest.mark.xdist_group("committed")  # they share what takes long to make

TRACES = Path(__file__).resolve().parents[2] / "traces"
RESNETS = ["resnet20_pg_4_2", "resnet20_pg_4_3", "resnet20_pg_3_2"]
LSTM = "char_lstm_pg_4_2"


@pytest.fixture(scope="module")
def recipes():
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TRACES / "recipes")  # where Python looks when it runs the scripts
        yield {
            name: importlib.import_module(name)
            for name in ("checkpoints", "resnet20", "resnet_network", "lstm_network")
        }
    for name in set(sys.modules) - before:
        if str(TRACES / "recipes") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def network(recipes, name: str):
    if name == LSTM:
        made = recipes["lstm_network"].CharacterLSTM(65, recipes["lstm_network"].PG)
    else:
        widths = recipes["resnet20"].GATED[name.removeprefix("resnet20_")]
        made = recipes["resnet_network"].ResNet20(widths)
    recipes["checkpoints"].load_checkpoint(made, TRACES / "checkpoints" / f"{name}.safetensors")
    return made.eval()


@pytest.mark.parametrize("name", [*RESNETS, LSTM])
def test_layers_give_the_committed_masks_and_exact_sums(recipes, name: str) -> None:
    layers = pg_layers(network(recipes, name))
    for committed in load_operands(name).layers:
        shape, layer = committed.shape, layers[committed.shape.name]
        convolution = isinstance(layer, PGConv2d)
        x = torch.tensor(committed.activations, dtype=torch.float64)
        x = x if convolution else x.squeeze(-1).transpose(1, 2).reshape(-1, shape.in_channels)
        quantized = layer.gate.quantized(layer.weight, torch.float64)
        step = layer.gate.quantize.step(torch.float64) * quantized[1]
        with torch.no_grad():
            output = layer(x * layer.gate.quantize.step(torch.float64))
        if layer.bias is not None:
            output = output - layer.bias

        mask = gate_mask(committed)
        ones = committed.activations.astype(np.int64) & (2**shape.lsb_bits - 1)
        low = msb_sums(replace(committed, activations=ones << shape.lsb_bits))
        high = msb_sums(committed)
        sums = (high << shape.lsb_bits) + mask * low

        def positions_last(found: torch.Tensor, like: np.ndarray, kept: bool = convolution):
            array = found.detach().numpy()
            if kept:
                return array
            return array.reshape(len(like), -1, like.shape[1]).transpose(0, 2, 1)[..., None]

        np.testing.assert_array_equal(positions_last(layer.mask, mask), mask)
        whole = positions_last(output / step, sums)
        np.testing.assert_allclose(whole, sums, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", [*RESNETS, LSTM])
def test_checkpoints_hold_the_committed_weights_and_thresholds(recipes, name: str) -> None:
    layers = pg_layers(network(recipes, name))
    operands = load_operands(name)
    gated = [layer.shape.name for layer in load_trace(name).layers if layer.shape.gated]
    assert [layer.shape.name for layer in operands.layers] == gated
    for committed in operands.layers:
        gate = layers[committed.shape.name].gate
        weights, step = gate.quantized(layers[committed.shape.name].weight, torch.float64)
        np.testing.assert_array_equal(
            weights.detach().numpy().reshape(committed.weights.shape), committed.weights
        )
        # O_hb·2^lsb_bits·step > threshold is O_hb > floor(threshold / (2^lsb_bits·step)).
        unit = gate.quantize.step(torch.float64) * step * 2**committed.shape.lsb_bits
        expected = np.floor(gate.threshold.detach().double().numpy().ravel() / unit.item())
        np.testing.assert_array_equal(committed.thresholds, expected)


def test_committed_traces_stay_under_25_megabytes() -> None:
    folder = shipped_folder("traces")
    assert sum(path.stat().st_size for path in folder.glob("*.safetensors")) < 25_000_000
