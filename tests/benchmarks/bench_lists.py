"""How long layer lists take, as Bit Fusion's descendants share them: read, searched and simulated.

The lists are of shipped networks: 83 in all, each with bits of its own in every layer.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from pgsim import GateTrace, LayerShape, WorkStore, import_layers, network, simulate
from pgsim.model.search.remembered import FOLDER

NETWORKS = ("vgg16", "resnet18", "resnet50", "vit_b_16", "bert_base_128", "mobilenet_v2", "alexnet")
LISTS = 83


def row(layer: LayerShape, bits: int) -> list[object]:
    """A layer as `[input, weights, output, stride, padding, bits, kind]`."""
    channels, outputs = layer.in_channels, layer.out_channels
    if layer.op != "conv2d":
        tokens = layer.positions or 1
        sizes = [[tokens, channels], [outputs, channels], [tokens, outputs]]
        return [*sizes, 0, 0, bits, 1]
    weights = [outputs, channels // layer.groups, *layer.kernel]
    sizes = [[1, channels, *(layer.in_size or ())], weights, [1, outputs, *layer.out_size]]
    return [*sizes, layer.stride[0], layer.padding[0], bits, 0]


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A file of all lists, and the name of each."""
    rng, path = Random(0), Path(tmp_path_factory.mktemp("lists"), "lists.json")
    found = {
        f"{name}_{number}": [
            row(layer, rng.choice((2, 4, 8)) if number else 8) for layer in network(name)
        ]
        for number in range(-(-LISTS // len(NETWORKS)))
        for name in NETWORKS
    }
    names = list(found)[:LISTS]
    path.write_text(json.dumps({name: found[name] for name in names}))
    return [f"{path}:{name}" for name in names]


@pytest.mark.parametrize("arch", ["bitfusion_isca_2018", "fixed_8bit"])
def test_lists(benchmark: BenchmarkFixture, lists: list[str], arch: str) -> None:
    """Each in a call of its own, of one image; nothing is shared between them."""

    run(lists[:1], arch)  # compiles the kernels
    benchmark.pedantic(run, (lists, arch), rounds=1)


@pytest.mark.parametrize("arch", ["bitfusion_isca_2018", "fixed_8bit"])
def test_lists_that_share(benchmark: BenchmarkFixture, lists: list[str], arch: str) -> None:
    """The same with a store, through which lists share what they have in common."""
    run(lists[:1], arch)  # compiles the kernels
    benchmark.pedantic(run, (lists, arch, WorkStore()), rounds=1)


@pytest.mark.parametrize("arch", ["bitfusion_isca_2018", "fixed_8bit"])
def test_lists_that_are_remembered(
    benchmark: BenchmarkFixture,
    lists: list[str],
    arch: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each in a call of its own, first as on a new machine, and then once more."""
    monkeypatch.setenv(FOLDER, "")
    run(lists[:1], arch)  # compiles the kernels
    monkeypatch.setenv(FOLDER, str(tmp_path))
    benchmark.pedantic(run, (lists, arch), rounds=2)


def run(paths: list[str], arch: str, store: WorkStore | None = None) -> None:
    """Read lists, and simulate each."""
    for path in paths:
        trace = GateTrace.from_masks({}, import_layers(path), images=1)
        simulate(trace, arch, "full", store=store)
