"""Region-gated networks, against rankings in plain Python and integer arithmetic in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import region_reference as reference

torch = pytest.importorskip("torch")

import other_rankings  # noqa: E402
import safetensors.torch  # noqa: E402
from torch import nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.files import shipped_names  # noqa: E402
from pgsim.gating import (  # noqa: E402
    Gate,
    PGConv2d,
    PGLinear,
    RegionConv2d,
    RegionGated,
    Shards,
    capture,
    colour_gradient,
    entropy,
)
from pgsim.workload import check_trace, load_operands, load_trace, save_trace  # noqa: E402

eight = partial(PGConv2d, activation_bits=8)


def network() -> nn.Sequential:
    """Three convolutions, the second one strided and signed, on images of 16 x 24 pixels."""
    torch.manual_seed(9)
    return nn.Sequential(
        eight(3, 6, 3, padding=1, clip=1.0),
        nn.BatchNorm2d(6),
        nn.Sequential(eight(6, 5, (3, 1), (2, 1), (1, 0), signed=True, clip=1.5, bias=True)),
        eight(5, 4, 3, clip=0.8, weight_bits=6),
        nn.Flatten(),
        PGLinear(4 * 6 * 22, 7, activation_bits=8),
    )


def images(number: int = 5):
    torch.manual_seed(1)
    sizes = torch.linspace(1, 255, number).long()
    noise = [torch.randint(int(size) + 1, (3, 16, 24)) for size in sizes]
    noise = torch.stack(noise) * torch.linspace(0, 1, 24)  # little of it at the left
    return noise.round() / 255


def expected_maps(x, unimportant: int, region: int) -> list[np.ndarray]:
    pixels = (x * 255).round().long().numpy()
    return [
        reference.important(reference.scores(reference.entropy, each, region), unimportant)
        for each in pixels
    ]


def test_a_layer_is_exact_integer_arithmetic() -> None:
    gated = RegionGated(network(), entropy, 0.4, msb_bits=3, region=8).eval()
    x, seen = images(), {}
    for name, layer in gated.model.named_modules():
        if isinstance(layer, RegionConv2d):
            layer.register_forward_hook(lambda _, i, o, name=name: seen.update({name: (i[0], o)}))
    with torch.no_grad():
        gated(x)

    maps = expected_maps(x, round(0.4 * 6), region=8)
    assert list(seen) == ["0", "2.0", "3"]
    for name, (inputs, outputs) in seen.items():
        layer = gated.model.get_submodule(name)
        clip, signed = layer.gate.quantize.clip.double().item(), layer.gate.quantize.signed
        levels = 127 if signed else 255
        bounded = np.clip(inputs.double().numpy(), -clip if signed else 0, clip)
        integers = np.rint(bounded * levels / clip).astype(np.int64)
        most = 2 ** (layer.gate.weight_bits - 1) - 1
        weight = layer.weight.detach().double().numpy()
        weight_step = np.abs(weight).max() / most
        weights = np.rint(weight / weight_step).astype(np.int64)
        bias = 0 if layer.bias is None else layer.bias.detach().numpy()[:, None, None]
        for image, regions in enumerate(maps):
            mask = reference.pixel_mask(regions, *inputs.shape[2:])
            np.testing.assert_array_equal(layer.mask[image, 0].numpy(), mask)
            kept = reference.kept(integers[image], mask, lsb_bits=5)
            sums = reference.convolved(kept, weights, layer.stride, layer.padding)
            output = (sums * (clip / levels * weight_step)).astype(np.float32) + bias
            np.testing.assert_array_equal(outputs[image].numpy(), output)


def test_masks_are_captured_as_those_of_the_inputs(tmp_path: Path) -> None:
    gated = RegionGated(network(), entropy, 0.4, msb_bits=3)
    x = images(7)
    trace = capture(gated, x.split(3), model_name="small", dataset="noise")

    (path,) = save_trace(trace, tmp_path / "regions")
    loaded = load_trace(path)
    assert check_trace(path) == []
    shapes = [layer.shape for layer in loaded.layers]
    assert [(s.name, s.gate, s.activation_bits, s.msb_bits) for s in shapes] == [
        ("model.0", "input", 8, 3),
        ("model.2.0", "input", 8, 3),
        ("model.3", "input", 8, 3),
        ("model.5", "none", 8, 8),
    ]
    assert [shape.mask_size for shape in shapes[:3]] == [(16, 24), (16, 24), (8, 24)]
    maps = expected_maps(x, round(0.4 * 24), region=4)
    for layer in loaded.layers[:3]:
        expected = [reference.pixel_mask(each, *layer.shape.mask_size).ravel() for each in maps]
        np.testing.assert_array_equal(layer.unpack()[:, 0], expected)


@dataclass(frozen=True)
class Shuffled:
    """A ranking of regions in another order, which its seed decides."""

    seed: int

    def __call__(self, pixels, region: int):
        scores = entropy(pixels, region)
        generator = torch.Generator().manual_seed(self.seed)
        return scores[:, :, torch.randperm(scores.shape[2], generator=generator)]


@pytest.mark.parametrize(
    ("ranking", "other"), [(Shuffled(1), Shuffled(2)), (entropy, other_rankings.entropy)]
)
def test_a_resumed_capture_is_of_the_same_ranking(tmp_path: Path, ranking, other) -> None:
    out, batches = Shards(tmp_path / "regions", 2, resume=True), images(6).split(2)

    def captured(ranking, batches, **options):
        gated = RegionGated(network(), ranking, 0.4, msb_bits=3)
        return capture(gated, batches, model_name="small", dataset="noise", **options)

    def interrupted():
        yield from batches[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        captured(ranking, interrupted(), out=out)
    with pytest.raises(InputError, match="begun with another model_sha256"):
        captured(other, batches, out=out)
    resumed = captured(ranking, batches, out=out)
    whole = captured(ranking, batches)
    for layer, expected in zip(resumed.layers[:3], whole.layers[:3], strict=True):
        np.testing.assert_array_equal(layer.mask_words(), expected.mask_words())


@pytest.mark.parametrize("training", [False, True])
def test_without_unimportant_regions_the_network_is_as_it_was(training: bool) -> None:
    plain, x = network(), images()
    gated = RegionGated(plain, colour_gradient, 0.0, msb_bits=2)
    torch.testing.assert_close(gated.train(training)(x), plain.train(training)(x), rtol=0, atol=0)


def test_the_network_given_is_not_changed() -> None:
    plain = network()
    gated = RegionGated(plain, entropy, 0.5, msb_bits=4)
    assert not any(isinstance(module, RegionConv2d) for module in plain.modules())
    gated.model[0].weight.data.zero_()
    assert plain[0].weight.abs().sum() > 0


def test_gradients_pass_straight_through_the_dropped_bits() -> None:
    gated = RegionGated(nn.Sequential(eight(3, 2, 1, clip=1.0)), entropy, 1.0, msb_bits=2).train()
    x = images().requires_grad_()
    gated(x).sum().backward()
    inside = (x > 0) & (x < 1)
    weights = gated.model[0].weight.detach()[:, :, 0, 0].sum(0).view(1, 3, 1, 1).expand_as(x)
    torch.testing.assert_close(x.grad[inside], weights[inside], rtol=0.02, atol=0.01)


class TheirConv2d(nn.Conv2d):
    """A stand-in for a third party's layer that computes half of each image at all its bits."""

    def forward(self, x):
        self.all_bits = torch.zeros(len(x), 1, *x.shape[2:])
        self.all_bits[..., : x.shape[-1] // 2] = 1
        return super().forward(x)


def test_a_third_partys_input_gated_layer_is_captured() -> None:
    model = nn.Sequential(TheirConv2d(3, 4, 3))

    def gate_of(module):
        if isinstance(module, TheirConv2d):
            return Gate(8, 4, 8, attribute="all_bits", gates="input")
        return None

    trace = capture(model, [images()], model_name="m", dataset="d", gate_of=gate_of)
    mask = trace.layers[0].unpack().reshape(5, 16, 24)
    np.testing.assert_array_equal(mask, np.broadcast_to(np.arange(24) < 12, (5, 16, 24)))


def test_a_mask_of_outputs_is_no_mask_of_inputs() -> None:
    layer = PGConv2d(3, 4, 3, activation_bits=8, msb_bits=4)
    with pytest.raises(InputError, match=r"expected that of the layer's input pixels, \(5, 1, 16"):
        capture(
            nn.Sequential(layer),
            [images()],
            model_name="m",
            dataset="d",
            gate_of=lambda module: Gate(8, 4, 8, gates="input") if module is layer else None,
        )


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (nn.Sequential(nn.Conv2d(3, 2, 1)), {}, "layer '0' is a Conv2d: expected a PGConv2d"),
        (nn.Sequential(eight(3, 2, 1, msb_bits=4)), {}, "layer '0': a layer whose outputs"),
        (nn.Sequential(eight(3, 2, 1)), {"msb_bits": 8}, "layer '0': msb_bits is 8: expected 1"),
        (nn.Sequential(eight(3, 2, 1)), {"fraction": 1.5}, "fraction is 1.5"),
        (nn.Sequential(eight(3, 2, 1)), {"region": 0}, "region is 0"),
        (nn.Sequential(nn.Linear(3, 2)), {}, "no convolution"),
    ],
)
def test_what_cannot_be_gated_is_refused(model, options, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RegionGated(model, entropy, **{"fraction": 0.5, "msb_bits": 4} | options)


def test_a_ranking_that_has_no_name_of_its_own_is_refused() -> None:
    with pytest.raises(InputError, match="<lambda>: two of different scores can have this name"):
        RegionGated(network(), lambda pixels, region: entropy(pixels, region), 0.5, msb_bits=4)


def test_regions_that_do_not_fill_the_image_are_refused() -> None:
    gated = RegionGated(nn.Sequential(eight(3, 2, 1)), entropy, 0.5, msb_bits=4, region=5)
    with pytest.raises(InputError, match="16 x 24 pixels: expected whole regions of 5 pixels"):
        gated(images())


def test_a_layer_alone_has_no_map() -> None:
    with pytest.raises(InputError, match="run the RegionGated around it"):
        RegionConv2d(eight(3, 2, 1), 4)(images())


TRACES = Path(__file__).resolve().parents[2] / "traces"
NAMES = [name for name in shipped_names("traces", ".operands.safetensors") if "_regions_" in name]


@pytest.mark.parametrize("name", NAMES)
def test_committed_integers_give_the_sums_of_the_pytorch_layers(name: str) -> None:
    """Fed a layer's integers times their step, PyTorch finds the same integers on any machine."""
    operands, trace = load_operands(name), load_trace(name)
    network = safetensors.torch.load_file(TRACES / "checkpoints/resnet20_uniform_8.safetensors")
    masks = {layer.shape.name: layer.unpack(0, 1)[0, 0] for layer in trace.layers if layer.shards}
    for each in operands.layers:
        shape = each.shape
        plain = eight(
            shape.in_channels, shape.out_channels, shape.kernel, shape.stride, shape.padding
        )
        prefix = f"{shape.name}."
        own = {key.removeprefix(prefix): network[key] for key in network if key.startswith(prefix)}
        plain.load_state_dict(own)
        mask = masks[shape.name].reshape(shape.in_size)
        layer = RegionConv2d(plain, shape.msb_bits).eval()
        layer.important = torch.from_numpy(mask)[None]
        step = layer.gate.quantize.step(torch.float64)
        with torch.no_grad():
            output = layer(torch.from_numpy(each.activations[:1]) * step)[0]
        weight_step = plain.weight.detach().double().abs().amax() / 127

        kept = reference.kept(each.activations[0], mask, shape.lsb_bits)
        sums = reference.convolved(kept, each.weights, shape.stride, shape.padding)
        np.testing.assert_array_equal(output.numpy(), sums * (step * weight_step).item())


def test_a_convolution_that_is_the_whole_network_is_refused() -> None:
    with pytest.raises(InputError, match="no convolution inside it"):
        RegionGated(PGConv2d(3, 4, 3, activation_bits=8), entropy, 0.5, 4)


def test_a_convolution_in_two_places_is_gated_in_both() -> None:
    shared = PGConv2d(3, 3, 3, padding=1, activation_bits=8)
    gated = RegionGated(nn.Sequential(shared, nn.Identity(), shared), entropy, 0.5, 4)
    assert [type(each).__name__ for each in gated.model] == [
        "RegionConv2d",
        "Identity",
        "RegionConv2d",
    ]


def test_regions_of_other_than_three_colours_are_refused() -> None:
    gated = RegionGated(nn.Sequential(PGConv2d(1, 3, 3, activation_bits=8)), entropy, 0.5, 4)
    with pytest.raises(InputError, match=r"shape \(2, 1, 16, 16\): expected \(images, 3"):
        gated(torch.rand(2, 1, 16, 16))
