"""Requests to DRAM: as many as the table has bursts, in time, and by hand (M44)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs import conv, design, drawn, linear, random_mask, recurrent, trace_of

from pgsim import ArchConfig, GateTrace, InputError, simulate
from pgsim.study.dram_trace import layout, write_dram_trace

Request = tuple[int, str, int]


def read(path: Path) -> list[Request]:
    """The requests of a file: as Ramulator reads it, and the cycle behind."""
    found = []
    for line in path.read_text().splitlines():
        address, way, cycle = line.split(" ")
        assert address.startswith("0x") and way in "RW"
        found.append((int(address, 16), way, int(cycle)))
    return found


def requests(trace: GateTrace, arch: ArchConfig, scheme: str, path: Path) -> list[Request]:
    result = simulate(trace, arch, scheme)
    count = write_dram_trace(result, path)
    found = read(path)
    assert len(found) == count
    burst_bytes = arch.memory.dram.burst_bytes
    for way, column in (("R", "dram_read_bytes"), ("W", "dram_write_bytes")):
        moved = [each for each in found if each[1] == way]
        assert len(moved) * burst_bytes == result.summary[column]
    cycles = [cycle for _, _, cycle in found]
    assert cycles == sorted(cycles)
    assert cycles[-1] < result.summary["cycles"]
    regions = layout([each.job for each in result.layer_results])
    places = []  # of what is read: inputs, weights, or outputs, whose unfinished sums come back
    for address, way, _ in found:
        inside = [
            index % 3
            for index, region in enumerate(each for own in regions for each in own)
            if 0 <= address - region.base < region.bursts * burst_bytes
        ]
        assert len(inside) == 1
        assert way == "R" or inside == [2]
        assert address % burst_bytes == 0
        places += inside if way == "R" else []
    for place, operand in enumerate(("activation", "weight", "sum")):
        read_bytes = result.summary[f"dram_{operand}_read_bytes"]
        assert places.count(place) * burst_bytes == read_bytes
    return found


def test_two_windows_by_hand(tmp_path: Path) -> None:
    # The example of M25: tile 1 reads 3 bursts in cycles 0-24. Turn 1, 24-32, reads one of tile 2.
    # Turn 2 ends at 42, turn 3 writes one of tile 1 in 42-50, and that of tile 2 follows.
    arch = design(
        {
            "array.rows": 2,
            "lsb.window": 2,
            "memory.dram.bytes_per_cycle": 1,
            "memory.dram.burst_bytes": 8,
        }
    )
    layer = linear(4, 5, 2)
    # Inputs are 4 * 5 * 4 bits, two bursts; weights and outputs begin at 4096 and 8192.
    assert requests(trace_of(layer, drawn("x.x. x.x.")), arch, "pg", tmp_path / "trace") == [
        (0, "R", 0),
        (4096, "R", 8),
        (4104, "R", 16),
        (8, "R", 24),
        (8192, "W", 42),
        (8192, "W", 50),
    ]


@pytest.mark.parametrize("scheme", ["pg", "dual_dense", "full"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"memory.double_buffered": False, "batch": 2},
        {"array.dataflow": "ws", "memory.lsb_fetch": "on_demand"},
        {"memory.lsb_fetch": "on_demand", "memory.ports": "all"},
        {"array.dataflow": "is", "memory.weight_sram.kib": 8, "memory.ports": "all"},
        {"memory.dram.model": "pages", "memory.dram.bytes_per_cycle": 3, "batch": 3},
    ],
)
def test_requests_are_the_bursts_of_the_table(
    scheme: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    roomy = {f"memory.{name}_sram.banks": 1 for name in ("activation", "weight", "output")}
    layers = [
        conv(3, 5, 6, 3, name="first"),
        linear(7, 40, 3, gate="none", name="second"),
        recurrent(4, 8, 6, name="third"),
    ]
    masks = {each.name: random_mask(each, 5, 1) for each in layers if each.gate == "output"}
    trace = GateTrace.from_masks(masks, layers)
    arch = design(roomy | {"lsb.window": 4, "memory.dram.bytes_per_cycle": 4} | changes)
    assert len(requests(trace, arch, scheme, tmp_path / "trace")) > 20


NESTS = [
    {"order": "NPQKC", "block_rows": 2, "block_channels": 2},
    {"order": "CKNPQ", "block_in_channels": 2, "block_channels": 1, "block_columns": 2},
]


@pytest.mark.usefixtures("blocks_alike")
@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("changes", [{}, {"memory.ports": "all", "memory.dram.model": "pages"}])
@pytest.mark.parametrize("doubled", [True, False])
def test_requests_of_a_nest_are_the_bursts_of_the_table(
    nest: dict[str, Any], changes: dict[str, Any], doubled: bool, tmp_path: Path
) -> None:
    layers = [conv(5, 6, 6, 3, name="first"), recurrent(4, 8, 6, name="second")]
    masks = {each.name: random_mask(each, 3, 1) for each in layers}
    narrow = {"memory.output_sram.banks": 1, "memory.output_sram.port_bits": 8}
    small = narrow | {
        "memory.output_sram.kib": 0.25,
        "memory.double_buffered": doubled,
        "batch": 2,
    }
    arch = design({"mapping.nests": [nest], "memory.dram.bytes_per_cycle": 4} | small | changes)
    trace = GateTrace.from_masks(masks, layers)
    schemes = ["dual_dense"] if nest["order"][0] == "C" else ["pg", "dual_dense"]
    for scheme in schemes:
        assert len(requests(trace, arch, scheme, tmp_path / "trace")) > 20


def test_every_batch_finds_its_tensors_where_the_one_before_did(tmp_path: Path) -> None:
    layer = linear(4, 32, 2)
    trace = trace_of(layer, np.ones((2, 2, 4), bool))
    found = requests(trace, design({"batch": 1}), "full", tmp_path / "trace")
    addresses = [address for address, _, _ in found]
    assert addresses[: len(addresses) // 2] == addresses[len(addresses) // 2 :]


def test_no_folder_no_file(tmp_path: Path) -> None:
    result = simulate(trace_of(linear(4, 5, 2, gate="none")), design(), "full")
    with pytest.raises(InputError, match="cannot be written"):
        write_dram_trace(result, tmp_path / "no" / "trace")
