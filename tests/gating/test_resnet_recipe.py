"""The pieces of the ResNet-20 recipes on small data of their own, and the committed files."""

from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
Image = pytest.importorskip("PIL.Image")

from pgsim.gating import capture, pg_layers  # noqa: E402
from pgsim.workload import GateTrace, check_trace, load_trace  # noqa: E402
from pgsim.workload import network as published  # noqa: E402

pytestmark = pytest.mark.xdist_group("resnet")  # they share what takes long to make

TRACES = Path(__file__).resolve().parents[2] / "traces"
MODULES = (
    "checkpoints",
    "cifar10",
    "resnet20",
    "resnet_network",
    "resnet_start",
    "switchable",
    "switchable_network",
    "whole_test_set",
    "training",
)
BLOCK_CONVS = [
    f"layer{stage}.{block}.conv{conv}"
    for stage in (1, 2, 3)
    for block in range(3)
    for conv in (1, 2)
]
GATED = {
    "resnet20_pg_4_2": (4, 2, BLOCK_CONVS),
    "resnet20_pg_4_3": (4, 3, BLOCK_CONVS[::2]),
    "resnet20_pg_3_2": (3, 2, BLOCK_CONVS),
}


@pytest.fixture(scope="module")
def recipes():
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TRACES / "recipes")  # where Python looks when it runs the script
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in set(sys.modules) - before:
        if str(TRACES / "recipes") in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def images():
    return torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def network(recipes, images):
    """A full-precision network whose batch norms have seen some images."""
    torch.manual_seed(0)
    model = recipes.resnet_network.ResNet20()
    with torch.no_grad():
        for _ in range(4):
            model(images)
    return model.eval()


def test_images_are_the_jpegs_in_order(recipes, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    expected: dict[str, list[np.ndarray]] = {}
    for split, count in (("train", 3), ("test", 2)):
        files = []
        for _ in range(count):
            file = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(file, "JPEG")
            files.append(file.getvalue())
            expected.setdefault(split, []).append(np.asarray(Image.open(file)))
        arrays[f"{split}_jpeg"] = np.frombuffer(b"".join(files), dtype=np.uint8)
        arrays[f"{split}_offsets"] = np.cumsum([0, *map(len, files)])
        arrays[f"{split}_labels"] = np.arange(count, dtype=np.uint8)
    np.savez(tmp_path / "data.npz", **arrays)
    for _ in range(2):  # decoded, and then from the cache
        train, test = recipes.cifar10.cifar10(tmp_path / "data.npz", tmp_path)
        for found, split in ((train, "train"), (test, "test")):
            np.testing.assert_array_equal(
                found.pixels.numpy(), np.stack(expected[split]).transpose(0, 3, 1, 2)
            )
            assert found.labels.tolist() == list(range(len(expected[split])))


def test_training_images_are_shifted_by_up_to_four_pixels_and_mirrored(recipes) -> None:
    pixels = torch.arange(1, 32 * 32 + 1).remainder(251).byte().reshape(1, 1, 32, 32) + 1
    data = recipes.cifar10.Images(pixels.repeat(8, 3, 1, 1), torch.arange(8))
    padded = torch.nn.functional.pad(pixels[0, 0], (4, 4, 4, 4))
    possible = {
        view.numpy().tobytes()
        for y in range(9)
        for x in range(9)
        for cut in [padded[y : y + 32, x : x + 32]]
        for view in (cut.contiguous(), cut.flip(-1).contiguous())
    }
    generator = torch.Generator().manual_seed(0)
    batches = list(recipes.cifar10.augmented(data, 4, generator))
    labels = torch.cat([labels for _, labels in batches])
    assert sorted(labels.tolist()) == list(range(8))
    seen = set()
    for inputs, _ in batches:
        for image in (inputs * 255).round().byte():
            assert torch.equal(image[0], image[2])
            seen.add(image[0].contiguous().numpy().tobytes())
    assert seen <= possible
    assert len(seen) > 4


def test_capture_finds_the_shortcuts_of_the_published_network(recipes, images) -> None:
    model = recipes.resnet_network.ResNet20(recipes.resnet_network.Widths(4, 2))
    found = capture(model, [images], model_name="resnet20", dataset="noise").producers
    renamed = [layer.manifest() for layer in published("resnet20")]
    renamed[-1]["name"] = "fc"
    expected = GateTrace.from_masks(
        {}, [each | {"gate": "none", "msb_bits": None} for each in renamed], images=1
    )
    assert found == expected.producers


def test_widths_of_weights_and_of_edge_layers(recipes) -> None:
    widths = recipes.resnet20.UNIFORM["uniform_4_4"]
    layers = pg_layers(recipes.resnet_network.ResNet20(widths))
    bits = {
        name: (layer.gate.activation_bits, layer.gate.weight_bits) for name, layer in layers.items()
    }
    assert bits == dict.fromkeys(BLOCK_CONVS, (4, 4)) | {"conv1": (8, 8), "fc": (8, 8)}


def test_the_base_may_be_a_checkpoint(recipes, network, tmp_path: Path) -> None:
    base = tmp_path / "base.safetensors"
    recipes.checkpoints.save_checkpoint(network, base)
    nothing = recipes.cifar10.Images(torch.empty(0), torch.empty(0))
    data = recipes.resnet20.Data(nothing, nothing, tmp_path, base)
    taken = recipes.resnet20.full_precision(recipes.resnet20.Recipe(), data).state_dict()
    assert all(torch.equal(taken[name], each) for name, each in network.state_dict().items())
    assert list(tmp_path.iterdir()) == [base]  # nothing was trained


def test_unit_outputs_change_no_answer(recipes, network, images) -> None:
    scaled = recipes.resnet_start.unit_outputs(network, images)
    # Batch norm adds 1e-5 to each variance, which is not scaled: hence a tolerance.
    torch.testing.assert_close(scaled(images), network(images), rtol=2e-2, atol=2e-3)
    outputs = []
    hook = scaled.layer2[1].conv2.register_forward_hook(lambda *call: outputs.append(call[2]))
    scaled(images)
    hook.remove()
    assert outputs[0].detach().std().item() == pytest.approx(1, rel=1e-3)


def test_clips_quantize_with_the_least_error(recipes, network, images) -> None:
    widths = recipes.resnet_network.Widths(4, 2)
    model = recipes.resnet_start.quantized(network, widths, 0.25, images)
    inputs = []
    hook = network.layer1[0].conv2.register_forward_hook(lambda *call: inputs.append(call[1][0]))
    network(images)
    hook.remove()

    def error(clip: float) -> float:
        x = inputs[0].detach().numpy().astype(np.float64)
        step = clip / 15
        return float(((np.rint(np.minimum(x, clip) / step) * step - x) ** 2).mean())

    largest = inputs[0].max().item()
    best = min((largest * k / 40 for k in range(1, 41)), key=error)
    assert model.layer1[0].conv2.gate.quantize.clip.item() == pytest.approx(best, rel=1e-5)
    assert model.conv1.gate.activation_bits == model.fc.gate.activation_bits == 8
    gates = [layer.gate for layer in pg_layers(model).values() if layer.gate.msb_bits]
    assert len(gates) == 18
    assert all((gate.threshold == 0.25).all() for gate in gates)


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_narrow_widths_read_the_msbs_of_the_wide_one(recipes, network, bits: int) -> None:
    model = recipes.resnet_network.ResNet20(recipes.resnet_network.Widths(8))
    model = recipes.switchable_network.switchable(model).eval()
    quantize = model.layer3[2].conv1.gate.quantize
    x = torch.linspace(0, 5, 1001)
    eight = quantize(x)
    with recipes.switchable_network.at_bits(model, bits):
        kept = quantize(x)
    dropped = 8 - bits
    expected = eight.detach().long().numpy() >> dropped << dropped
    np.testing.assert_array_equal(kept.detach().long().numpy(), expected)
    assert torch.equal(quantize(x), eight)  # back at the widest


def test_each_width_has_batch_norms_of_its_own(recipes, images) -> None:
    model = recipes.resnet_network.ResNet20(recipes.resnet_network.Widths(8))
    model = recipes.switchable_network.switchable(model).train()
    with recipes.switchable_network.at_bits(model, 4):
        model(images)
    norms = model.layer1[0].bn1.norms
    assert {bits: int(norm.num_batches_tracked) for bits, norm in norms.items()} == {
        "8": 0,
        "4": 1,
        "2": 0,
    }


def test_a_step_adds_up_the_losses_of_all_widths(recipes, images) -> None:
    model = recipes.resnet_network.ResNet20(recipes.resnet_network.Widths(8))
    model = recipes.switchable_network.switchable(model).eval()
    batch = images, torch.arange(6)
    alone = []
    for bits in (8, 4, 2):
        with recipes.switchable_network.at_bits(model, bits):
            alone.append(torch.nn.functional.cross_entropy(model(images), batch[1]).item())
    assert len(set(alone)) == 3
    assert recipes.switchable.losses(model, batch).item() == pytest.approx(sum(alone) / 3)


def test_the_whole_test_set_comes_batch_by_batch(recipes) -> None:
    pixels = torch.arange(250, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    batches = recipes.whole_test_set.Batches(recipes.cifar10.Images(pixels, torch.zeros(250)))
    assert [len(batch) for batch in batches] == [100, 100, 50]
    assert len(batches) == 3
    assert torch.equal(torch.cat(list(batches))[:, 0, 0, 0] * 255, torch.arange(250.0))


def test_the_switchable_networks_trace_says_what_each_width_reaches() -> None:
    trace = load_trace("resnet20_switchable_8_4_2")
    assert {layer.shape.gate for layer in trace.layers} == {"none"}
    assert {layer.shape.activation_bits for layer in trace.layers} == {8}
    eight, four, two = (trace.accuracy[f"top1_{bits}_bits"] for bits in (8, 4, 2))
    assert eight > two > 0.8
    assert four > two


@pytest.mark.parametrize(
    ("name", "bits"), [("resnet20_uniform_3", (3, 8)), ("resnet20_uniform_4_4", (4, 4))]
)
def test_committed_rivals_run_at_fewer_bits_everywhere(name: str, bits: tuple[int, int]) -> None:
    trace = load_trace(name)
    widths = {
        layer.shape.name: (layer.shape.activation_bits, layer.shape.weight_bits)
        for layer in trace.layers
    }
    assert widths == {"conv1": (8, 8)} | dict.fromkeys(BLOCK_CONVS, bits) | {"fc": (8, 8)}
    own = trace.accuracy[f"top1_{name.removeprefix('resnet20_')}"]
    assert trace.accuracy["top1_full"] == own
    assert 0.85 < own < trace.accuracy["top1_uniform_8"]
    for gated in GATED:  # each is beside every gated network
        assert (
            load_trace(gated).accuracy.items()
            >= {key: value for key, value in trace.accuracy.items() if key != "top1_full"}.items()
        )


def test_a_stopped_run_ends_as_one_that_was_not(recipes, tmp_path: Path, capsys) -> None:
    training = recipes.training
    data = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))

    def batches(generator):
        for chosen in torch.randperm(64, generator=generator).split(16):
            yield data[chosen]

    def loss_of(model, batch):
        return model(batch).float().square().mean()

    def trained(state: Path, stop_after: int | None = None):
        torch.manual_seed(2)
        model = torch.nn.Linear(5, 3)
        epochs = iter(range(99))

        def figures_of(model):
            if next(epochs) + 1 == stop_after:
                raise KeyboardInterrupt
            return {}

        training.train(
            model, training.Run("linear", 3, 4, 0.1), batches, loss_of, figures_of, state
        )
        return model

    whole = trained(tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "stopped.pt", stop_after=2)
    resumed = trained(tmp_path / "stopped.pt")
    assert torch.equal(resumed.weight, whole.weight)
    assert capsys.readouterr().out.count("epoch  3/3") == 2

    with pytest.raises(ValueError, match="another run"):
        training.train(
            whole, training.Run("linear", 9, 4, 0.1), batches, loss_of, dict, tmp_path / "whole.pt"
        )


@pytest.mark.parametrize("name", GATED)
def test_committed_traces_keep_their_promises(name: str) -> None:
    activation_bits, msb_bits, gated = GATED[name]
    trace = load_trace(name)
    assert check_trace(name) == []
    assert trace.mask_source == "captured"
    assert trace.images >= 100
    shapes = {layer.shape.name: layer.shape for layer in trace.layers}
    assert list(shapes) == ["conv1", *BLOCK_CONVS, "fc"]
    assert [shape.name for shape in shapes.values() if shape.gated] == gated
    assert {(shapes[each].activation_bits, shapes[each].msb_bits) for each in gated} == {
        (activation_bits, msb_bits)
    }
    assert {shape.weight_bits for shape in shapes.values()} == {8}
    assert shapes["conv1"].activation_bits == shapes["fc"].activation_bits == 8
    # He et al., arXiv 1512.03385: about 41 million multiply-adds.
    assert 40.5e6 < sum(shape.macs for shape in shapes.values()) < 41.5e6
    assert 0.1 < np.mean([layer.density() for layer in trace.layers if layer.shape.gated]) < 0.4
    # Each is a network that works, and gating costs it little beside the ungated 8-bit one.
    assert trace.accuracy["top1_pg"] > trace.accuracy["top1_uniform_8"] - 0.03 > 0.8
    assert trace.accuracy["top1_msb_only"] < trace.accuracy["top1_pg"]
