"""`row_stationary`: sets of PEs by hand, against counts of names, and what it refuses (M46)."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import Any

import numpy as np
import pytest
from convolutions import uneven
from designs import conv, design, linear, trace_of

from pgsim import ArchConfig, LayerShape, load_arch, simulate
from pgsim.arch.dataflows.row_sets import RowSets, reached_columns, reached_rows, row_sets
from pgsim.arch.fabric import fabric_of
from pgsim.errors import InputError
from pgsim.workload import layer_shape

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
FILES = {"activation_words": 6, "weight_words": 12, "sum_words": 2}


def rows_design(changes: dict[str, Any] | None = None, **files: int) -> ArchConfig:
    """The 4 x 2 array of tests, its PEs with register files."""
    keys = {f"array.register_files.{name}": words for name, words in (FILES | files).items()}
    return design({"array.dataflow": "row_stationary"} | keys | (changes or {}))


def sets_of(layer: LayerShape, arch: ArchConfig) -> RowSets:
    found = row_sets(layer, fabric_of(arch.array, arch.memory))
    assert found is not None
    return found


def test_sets_fill_what_they_can_of_the_array() -> None:
    # 4 rows hold one kernel of 3 above each other; 3 output rows in 2 columns would idle 1 of 4.
    assert sets_of(conv(2, 2, 5, 3), rows_design()) == RowSets(1, 1, 2, across=1, beside=2)
    # A kernel row lies in each of 4 storeys: those of two input channels add up, twice.
    pointwise = conv(2, 4, 4, 1)
    found = sets_of(pointwise, rows_design(activation_words=1, weight_words=2))
    # 4 rows in 2 columns are 2 strips of 4 pixels; 8 PEs do 4*4*2*4 MACs in 16 cycles at best.
    arch = rows_design(activation_words=1, weight_words=2)
    steady = simulate(trace_of(pointwise.replace(**UNGATED)), arch, "full").summary["msb_cycles"]
    assert steady == 16
    assert found.across * found.beside * found.columns == 8


def test_register_files_say_how_many_channels_take_turns() -> None:
    layer = conv(4, 4, 5, 3)
    narrow = sets_of(layer, rows_design(activation_words=3, weight_words=3, sum_words=1))
    assert (narrow.channels, narrow.filters) == (1, 1)
    wide = sets_of(layer, rows_design(activation_words=12, weight_words=48, sum_words=4))
    assert wide.channels == 4
    # A row dilated by two spans 5 pixels, of which 12 words hold two.
    dilated = conv(4, 4, 7, 3, dilation=[2, 2])
    assert sets_of(dilated, rows_design(activation_words=12, weight_words=48)).channels <= 2


def test_a_fold_loads_before_its_first_step_and_its_sums_leave_behind_it() -> None:
    flow = rows_design().dataflow
    assert (flow.skew_cycles(4, 2), flow.edge_cycles(4, 2), flow.bus_cycles(4)) == (3, 3, 0)
    assert flow.reads_evenly and not flow.sums_in_pes and flow.lanes == ("channels",)
    # 2 channels in a file of 3 words: 2 folds. Each loads 2 * 9 words of 8 bits by 16 a cycle.
    layer = conv(2, 2, 5, 3, **UNGATED)
    files = {"activation_words": 3, "weight_words": 3, "sum_words": 1}
    port = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 16}
    together, alone = (
        simulate(trace_of(layer), rows_design(port | {"array.overlap": overlap}, **files), "full")
        for overlap in ("folds", "none")
    )
    # 3 strips of 3 pixels by 3 weights; all of 18 * 9 MACs of a channel by 6 PEs.
    assert together.summary["msb_cycles"] == alone.summary["msb_cycles"] == 2 * 27
    assert together.summary["bubble_cycles"] == 2 * 9 + 3
    assert alone.summary["bubble_cycles"] == 2 * (9 + 3)


def test_only_columns_that_have_a_row_get_weights() -> None:
    # Sets of 2 columns, and room for the sums of 2 output rows: the second window has one row. Two
    # folds of a channel each load 18 weights, to two columns and then to one. 9 kernel rows of 5
    # pixels of 2 channels lie on the input. Each of 18 outputs passes 2 pairs of PEs in each fold.
    small = {"kib": 12 * 32 / 8192, "banks": 1, "port_bits": 8}
    changes: dict[str, Any] = {f"memory.output_sram.{key}": value for key, value in small.items()}
    changes |= {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    arch = rows_design(changes | {"memory.double_buffered": False}, weight_words=6)
    layer = conv(2, 2, 5, 3, **UNGATED)
    assert sets_of(layer, arch) == RowSets(2, 2, 1, across=1, beside=1)
    row = simulate(trace_of(layer), arch, "full").summary
    assert row["network_words"] == 2 * 18 * (2 + 1) + 9 * 10 + 18 * 2 * 2


def test_issued_cycles_are_in_proportion() -> None:
    layer, flow = conv(2, 2, 5, 3), rows_design().dataflow
    rate = flow.rate(layer, 4, 1, 1)
    # A strip of 3 slots takes 3 * 3 * 2 cycles.
    assert flow.issued_cycles(9, 4, rate) == 54
    assert flow.issued_cycles(1, 4, rate) == 6


def named_rows(layer: LayerShape, rows: int, columns: int) -> list[int]:
    """Input rows that strips need, as sets of names (image, row)."""
    out_h, (in_h, _) = layer.run_out_size[0], layer.run_in_size
    found = []
    for begin in range(0, rows, columns):
        names = set()
        for row in range(begin, min(begin + columns, rows)):
            image, y = divmod(row, out_h)
            for tap in range(layer.kernel[0]):
                place = y * layer.stride[0] - layer.margins[0][0] + tap * layer.dilation[0]
                names |= {(image, place)} if 0 <= place < in_h else set()
        found.append(len(names))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_strips_read_each_input_row_that_they_need_once(seed: int) -> None:
    rng = Random(seed)
    kernel = rng.randint(1, 4)
    size = rng.randint(2 * kernel, 12)
    layer = conv(
        1,
        1,
        size,
        kernel,
        stride=[rng.randint(1, 5), 1],
        padding=uneven([rng.choice((0, kernel // 2, kernel)), 0], seed),
        dilation=[rng.choice((1, 1, 2)), 1],
    )
    rows, columns = layer.run_out_size[0] * rng.randint(1, 5), rng.randint(1, 7)
    named = named_rows(layer, rows, columns)
    strips = np.arange(1, len(named) + 1)
    assert reached_rows(layer, rows, columns, strips).tolist() == np.cumsum(named).tolist()


def rows_of_frames(layer: LayerShape, output: int) -> set[int]:
    """Input rows, of frames below each other, that an output row of an image needs."""
    (depth, height, _), (taps_z, taps_y, _) = layer.in_size, layer.kernel
    out_h = layer.run_out_size[0] // frames_out(layer)
    z, y = divmod(output, out_h)
    found = set()
    for tap_z in range(taps_z):
        for tap_y in range(taps_y):
            frame = z * layer.stride[0] - layer.margins[0][0] + tap_z * layer.dilation[0]
            row = y * layer.stride[1] - layer.margins[1][0] + tap_y * layer.dilation[1]
            if 0 <= frame < depth and 0 <= row < height:
                found.add(frame * height + row)
    return found


def frames_out(layer: LayerShape) -> int:
    span = layer.dilation[0] * (layer.kernel[0] - 1) + 1
    return (layer.in_size[0] + sum(layer.margins[0]) - span) // layer.stride[0] + 1


@pytest.mark.parametrize("seed", range(40))
def test_strips_of_frames_read_each_input_row_once(seed: int) -> None:
    rng = Random(seed)
    kernel = [rng.randint(1, 3), rng.randint(1, 3), 1]
    fields = conv(1, 1, 3, 1).manifest() | {
        "op": "conv3d",
        "in_size": [rng.randint(5, 9), rng.randint(5, 12), 2],
        "kernel": kernel,
        "stride": [rng.randint(1, 3), rng.randint(1, 3), 1],
        "padding": [rng.choice((0, 1, 2)), rng.choice((0, 1, 2)), 0],
        "dilation": [rng.choice((1, 1, 2)), rng.choice((1, 1, 2)), 1],
    }
    layer = layer_shape(fields)
    outputs, columns, images = layer.run_out_size[0], rng.randint(1, 9), rng.randint(1, 3)
    named = []
    for begin in range(0, images * outputs, columns):
        own = range(begin, min(begin + columns, images * outputs))
        places = [divmod(output, outputs) for output in own]
        names = {(image, row) for image, out in places for row in rows_of_frames(layer, out)}
        named.append(len(names))
    strips = np.arange(1, len(named) + 1)
    found = reached_rows(layer, images * outputs, columns, strips)
    assert found.tolist() == np.cumsum(named).tolist()


def test_a_million_rows_do_not_fill_memory() -> None:
    layer = layer_shape(
        conv(3, 4, 1, 1, gate="none").manifest() | {"in_size": [2**20, 3], "kernel": [11, 3]}
    )
    tracemalloc.start()
    try:
        (row,) = simulate(trace_of(layer), load_arch("eyeriss_isca_2016"), "full").rows
        peak_bytes = tracemalloc.get_traced_memory()[1]  # numpy reports its arrays there
    finally:
        tracemalloc.stop()
    assert row["outputs"] == 4 * (2**20 - 10)
    # An output row's eleven taps alone are 92 MB, and sets of every width were 6 GB.
    assert peak_bytes < 2**28


def test_columns_that_no_output_needs_are_not_read() -> None:
    assert reached_columns(conv(1, 1, 10, 1, stride=[3, 3])) == 4  # 0, 3, 6, 9
    assert reached_columns(conv(1, 1, 8, 3, stride=[2, 2])) == 7  # 0 to 6
    assert reached_columns(conv(1, 1, 5, 3, padding=[1, 1])) == 5
    assert reached_columns(linear(7, 5, 3)) == 1


@pytest.mark.parametrize(
    ("layer", "changes", "files", "scheme", "expected"),
    [
        (conv(2, 2, 5, 3), {}, {}, "pg", "2 passes: expected one"),
        (conv(2, 2, 5, 3), {}, {}, "dual_dense", "2 passes: expected one"),
        (conv(2, 2, 7, 5), {}, {}, "full", "5 kernel rows: expected at most 4, which is array.row"),
        (
            conv(2, 2, 9, 4, dilation=[1, 2]),
            {},
            {},
            "full",
            "7 pixels under a kernel row: expected at most 6, which is array.register_files.act",
        ),
        (conv(2, 2, 5, 3), {}, {"weight_words": 2}, "full", "3 weights of a kernel row: expected"),
        (conv(2, 2, 5, 3), {}, {"sum_words": 0}, "full", "1 sums: expected at most 0"),
        (
            conv(2, 2, 40, 3),
            {
                "memory.output_sram.kib": 0.25,
                "memory.output_sram.banks": 1,
                "memory.output_sram.port_bits": 8,
            },
            {},
            "full",
            "38 sums of an output row: expected at most 32, which is memory.output_sram",
        ),
    ],
)
def test_what_has_no_room_is_refused_by_name(
    layer: LayerShape,
    changes: dict[str, Any],
    files: dict[str, int],
    scheme: str,
    expected: str,
) -> None:
    mask = np.ones((1, layer.mask_channels, layer.mask_positions), bool)
    with pytest.raises(InputError) as found:
        simulate(trace_of(layer, mask), rows_design(changes, **files), scheme)
    told = str(found.value)
    assert told.startswith("layer 'conv' on test-4x2, dataflow row_stationary: ")
    assert expected in told


def test_a_design_without_register_files_runs_nothing_so() -> None:
    with pytest.raises(InputError, match=r"array\.register_files\.activation_words"):
        layer = conv(2, 2, 5, 3, **UNGATED)
        simulate(trace_of(layer), design({"array.dataflow": "row_stationary"}), "full")


@pytest.mark.parametrize(
    ("layer", "pes"),
    [
        # Chen et al., Eyeriss, JSSC 2017, table V: active PEs of AlexNet's layers, 154, 135, 156.
        (conv(3, 96, 227, 11, stride=[4, 4]), 154),
        (conv(96, 256, 27, 5, padding=[2, 2], groups=2), 135),
        (conv(384, 256, 13, 3, padding=[1, 1], groups=2), 156),
    ],
)
def test_eyeriss_is_as_busy_as_published(layer: LayerShape, pes: int) -> None:
    layer = layer.replace(**UNGATED)
    row = simulate(trace_of(layer, images=4), load_arch("eyeriss_isca_2016"), "full").summary
    # 55 output rows are 8 strips of 7, of which the last lacks one: 151.25 of 154 are busy.
    whole = 56 / 55 if layer.run_out_size[0] == 55 else 1
    assert row["macs"] / row["msb_cycles"] * whole == pytest.approx(pes, rel=1e-12)
