"""The recipe of the LSTM trace on a text of its own, and the committed files that it made."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pgsim.workload import check_trace, gate_mask, load_operands, load_trace  # noqa: E402

pytestmark = pytest.mark.xdist_group("lstm")  # they share what takes long to make

TRACES = Path(__file__).resolve().parents[2] / "traces"
NAME = "char_lstm_pg_4_2"
NETWORKS = ("pg", "full_precision", "uniform_8", "uniform_4", "full", "msb_only")
ACCURACIES = {f"{figure}_{name}" for name in NETWORKS for figure in ("bits_per_character", "top1")}
TEXT = "To be, or not to be: that is the question.\nWhether 'tis nobler in the mind " * 20


@pytest.fixture(scope="module")
def recipe():
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TRACES / "recipes")  # where Python looks when it runs the script
        yield importlib.import_module("lstm")
    for name in set(sys.modules) - before:
        if str(TRACES / "recipes") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def text(recipe, tmp_path: Path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return recipe.split_text(path)


def geometry(trace):
    shapes = [layer.shape for layer in trace.layers]
    return [(s.name, s.op, s.gate, s.in_channels, s.out_channels) for s in shapes]


def layers_of(alphabet: int):
    return [
        ("lstm1.input", "linear", "output", 64, 1024),
        ("lstm1.hidden", "recurrent", "output", 256, 1024),
        ("lstm2.input", "linear", "output", 256, 1024),
        ("lstm2.hidden", "recurrent", "output", 256, 1024),
        ("fc", "linear", "none", 256, alphabet),
    ]


def test_splits_are_the_text_in_order(text) -> None:
    assert text.alphabet == "".join(sorted(set(TEXT)))
    parts = [text.training, text.validation, text.test]
    assert [len(part) for part in parts] == [1350, 75, 75]  # 90, 5 and 5 % of 1500
    assert "".join(text.alphabet[index] for index in torch.cat(parts)) == TEXT


def test_sequences_join_at_one_character(recipe) -> None:
    cut = recipe.sequences(torch.arange(12), 4)
    assert cut.tolist() == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8]]


def test_an_epoch_is_shuffled_and_decided_by_its_generator(recipe) -> None:
    def epoch(seed: int):
        generator = torch.Generator().manual_seed(seed)
        return torch.cat(list(recipe.shuffled(torch.arange(1000), 10, 8, generator)))

    first = epoch(1)
    assert torch.equal(first, epoch(1))
    assert not torch.equal(first, epoch(2))
    assert len(first) in (88, 96)  # whole batches of 99 or 98 sequences
    starts = first[:, 0]
    assert torch.equal(first, starts[:, None] + torch.arange(11))
    assert len(set((starts % 10).tolist())) == 1
    assert len(starts.unique()) == len(starts)
    assert not torch.equal(starts, starts.sort().values)


def test_a_network_starts_from_the_full_precision_one(recipe) -> None:
    torch.manual_seed(0)
    base = recipe.CharacterLSTM(9).eval()
    base.fc.weight.data *= 2  # logits that differ, so that the tolerance is a small part of them
    characters = torch.randint(9, (4, 12))
    wide = recipe.Widths(12, classifier_activation_bits=12, weight_bits=12)
    with torch.no_grad():
        expected = base(characters)
        actual = recipe.quantized(base, wide, 0.0, characters).eval()(characters)
    torch.testing.assert_close(actual, expected, rtol=0, atol=5e-3)
    assert expected.std() > 0.05


def test_one_epoch_on_a_short_text_gives_a_whole_trace(recipe, text, tmp_path, capsys) -> None:
    few = recipe.Recipe(
        training_steps=9,
        batch_sequences=20,
        epochs=1,
        tuning_epochs=1,
        test_steps=15,
        trace_sequences=3,
        companion_sequences=2,
    )
    networks = recipe.trained(few, text, tmp_path)
    assert "epoch  1/1  loss" in capsys.readouterr().out
    again = recipe.trained(few, text, tmp_path)
    assert "epoch" not in capsys.readouterr().out
    for name, weight in networks["pg"].state_dict().items():
        assert torch.equal(weight, again["pg"].state_dict()[name])

    trace = recipe.lstm_trace(few, networks, text)
    recipe.report(trace)
    first = recipe.sequences(text.test, 15)[:2, :-1]
    recipe.write_trace(trace, networks["pg"], first, tmp_path)
    assert "all gated outputs" in capsys.readouterr().out
    path = tmp_path / f"{NAME}.safetensors"
    loaded = load_trace(path)
    assert check_trace(path) == []
    assert (loaded.images, loaded.mask_source) == (3, "captured")
    assert set(loaded.accuracy) == ACCURACIES
    assert geometry(loaded) == layers_of(len(text.alphabet))
    assert [layer.shape.outputs_per_channel for layer in loaded.layers] == [15] * 5
    assert_operands_give_masks(loaded, load_operands(tmp_path / f"{NAME}.operands.safetensors"))


def assert_operands_give_masks(trace, operands) -> None:
    masks = {layer.shape.name: layer.unpack() for layer in trace.layers if layer.shape.gated}
    assert [layer.shape.name for layer in operands.layers] == list(masks)
    for layer in operands.layers:
        mask = gate_mask(layer)
        expected = masks[layer.shape.name][: operands.images]
        np.testing.assert_array_equal(mask.reshape(expected.shape), expected)


def test_committed_trace_keeps_its_promises() -> None:
    path = TRACES / f"{NAME}.safetensors"
    trace = load_trace(path)
    gated = [layer for layer in trace.layers if layer.shape.gated]
    assert check_trace(path) == []
    assert (trace.images, trace.mask_source) == (32, "captured")
    assert geometry(trace) == layers_of(65)
    assert [layer.shape.outputs_per_channel for layer in trace.layers] == [128] * 5
    assert all(layer.shape.signed for layer in trace.layers)
    assert set(trace.accuracy) == ACCURACIES
    # Text guessed without a model takes log2(65) = 6.0 bits a character; all of these learned it.
    assert all(trace.accuracy[f"bits_per_character_{name}"] < 2.6 for name in NETWORKS[:4])
    assert np.mean([layer.density() for layer in gated]) < 0.5
    # Gating costs less than it costs the 8-bit twin, tuned alike, to over-fit.
    assert trace.accuracy["bits_per_character_pg"] <= trace.accuracy["bits_per_character_uniform_8"]
    assert path.stat().st_size < 2_500_000
