"""Published designs beside what their authors, and SCALE-Sim, say of them."""

from __future__ import annotations

import contextlib
import io
from math import ceil
from pathlib import Path

import pytest
from docs.pages import code
from reference import simulate_layer

from pgsim import GateTrace, LayerShape, load_arch, network, simulate

PAGE = Path(__file__).parents[1] / "docs" / "published.md"


def ungated(name: str) -> list[LayerShape]:
    return [layer.replace(gate="none", msb_bits=None) for layer in network(name)]


def scale_sim_cycles(layer: LayerShape, images: int, rows: int, columns: int, flow: str) -> int:
    """SCALE-Sim's closed form (Samajdar et al., arXiv 1811.02883) of a layer, group by group.

    `ws` maps the reduction on rows and channels on columns, and loads for R cycles a fold; `os`
    maps positions on rows. What is on neither side of the array streams by.
    """
    height, width = layer.out_size
    positions = images * height * width
    reduction = layer.kernel[0] * layer.kernel[1] * layer.in_channels // layer.groups
    channels = layer.out_channels // layer.groups
    on_rows, streams, load = {
        "ws": (reduction, positions, rows),
        "os": (positions, reduction, 0),
    }[flow]
    folds = ceil(on_rows / rows) * ceil(channels / columns)
    return layer.groups * folds * (load + streams + rows + columns - 2)


@pytest.mark.parametrize("flow", ["ws", "os"])
@pytest.mark.parametrize("name", ["alexnet", "resnet18"])
def test_a_256_by_256_array_takes_the_cycles_of_scale_sim(name: str, flow: str) -> None:
    layers, images = ungated(name), 2
    # SCALE-Sim streams all positions at once, so that the accumulators must hold their sums: its
    # form is that of the fixed order with no block of positions.
    changes = {"array.dataflow": flow, "array.overlap": "none", "memory.output_sram.kib": 2**20}
    arch = load_arch("tpu_like").override(changes | {"mapping.kind": "fixed", "batch": images})
    found = simulate(GateTrace.from_masks({}, layers, images=images), arch, "uniform:8,8").layers
    array = found["msb_cycles"] + found["bubble_cycles"]
    expected = [scale_sim_cycles(layer, images, 256, 256, flow) for layer in layers]
    assert array.tolist() == expected


def test_the_tpu_is_as_published() -> None:
    # Jouppi et al., ISCA 2017, table 2: 700 MHz, 92 TOPS of 8 bits, 28 MiB on chip.
    arch = load_arch("tpu_like")
    assert 2 * arch.pes * arch.clock_mhz * 1e6 == pytest.approx(92e12, rel=0.005)
    memory = arch.memory
    assert (memory.activation_sram.kib + memory.output_sram.kib) / 1024 == 28
    assert memory.dram.bytes_per_cycle * arch.clock_mhz * 1e6 == pytest.approx(30e9, rel=1e-3)
    # 4096 accumulators a column, of which half take turns.
    assert arch.window_capacity == 2048


# Chen et al., Eyeriss, JSSC 2017, table V: a batch of four images on the chip at 200 MHz.
ALEXNET = {"conv1": 16.5, "conv2": 39.2, "conv3": 21.8, "conv4": 16.0, "conv5": 10.0}  # ms
PUBLISHED_WORDS = 15.4e6 / 2  # of DRAM
PUBLISHED_ACCESSES_A_MAC = 0.0029


def eyeriss_convolutions() -> tuple[list[LayerShape], dict[str, dict[str, int]]]:
    layers = ungated("alexnet")[:5]
    trace = GateTrace.from_masks({}, layers, images=4)
    found = simulate(trace, load_arch("eyeriss_isca_2016"), "uniform:16,16").rows
    return layers, {row["layer"]: row for row in found}


def test_eyeriss_takes_the_published_time_but_for_its_ramps() -> None:
    _, rows = eyeriss_convolutions()
    times = {
        name: (row["msb_cycles"] + row["bubble_cycles"] + row["port_stall_cycles"]) / 200e3
        for name, row in rows.items()
    }
    # The chip's ramp of every pass, and the ports of sums, are not in it (M46).
    assert all(0.85 < times[name] / ms < 1.02 for name, ms in ALEXNET.items())
    assert sum(times.values()) == pytest.approx(103.5, rel=0.1)


def test_dram_accesses_of_eyeriss_are_at_least_the_tensors() -> None:
    layers, rows = eyeriss_convolutions()
    macs = 4 * sum(layer.macs for layer in layers)
    words = sum(row["dram_read_bytes"] + row["dram_write_bytes"] for row in rows.values()) / 2
    tensors = sum(
        4 * layer.in_channels * layer.in_size[0] * layer.in_size[1]
        + layer.out_channels * layer.reduction
        + 4 * layer.outputs
        for layer in layers
        if layer.in_size
    )
    # Eyeriss compresses its feature maps, to 0.0029 accesses a MAC; uncompressed each tensor's
    # words, once, are 0.0025.
    assert tensors / macs == pytest.approx(0.00245, rel=0.01)
    assert PUBLISHED_WORDS / macs == pytest.approx(PUBLISHED_ACCESSES_A_MAC, rel=0.01)
    assert tensors <= words < 3 * PUBLISHED_WORDS


def test_a_layer_of_alexnet_in_small_is_stepped_alike() -> None:
    # The chip itself, stepped PE by PE, on a few channels of conv5.
    layer = ungated("alexnet")[4].replace(in_channels=8, out_channels=8, groups=1)
    arch = load_arch("eyeriss_isca_2016")
    (row,) = simulate(GateTrace.from_masks({}, [layer], images=1), arch, "full").rows
    expected = simulate_layer(
        layer.manifest(), arch.model_dump(), "full", images=1, output_bits=layer.activation_bits
    )
    assert {name: row[name] for name in expected} == expected


def test_the_page_shows_what_its_example_prints() -> None:
    (example,), (shown,) = code(PAGE, "python"), code(PAGE, "text")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "docs/published.md", "exec"), {"__name__": "example"})
    assert printed.getvalue().splitlines() == shown.splitlines()
