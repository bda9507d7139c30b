"""How fast a large trace goes through `skip` on one core, beside reading and counting its bits.

The trace is synthetic: ResNet-18's shapes, density 0.3, clustered, 64 images a file. It is as large
as `PGSIM_STREAM_MIB` says, 512 MiB by default, and stays in the memory of the operating system.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from shipped import in_fixed_order

from pgsim import load_trace, simulate, synthetic_trace
from pgsim.kernels.words import popcount
from pgsim.workload import GateTrace
from pgsim.workload.saved_trace import join_traces

MIB = int(os.environ.get("PGSIM_STREAM_MIB", "512"))
BUFFER_BYTES = 2**24
IMAGES = 64  # of a file
DESIGNS = {
    "16 lanes, windows of 256 slots": {},
    "16 lanes, windows of 2,048 slots": {"memory.output_sram.kib": 256},
    "64 lanes, windows of 2,048 slots": {"memory.output_sram.kib": 1024, "array.columns": 64},
}


@pytest.fixture(scope="module")
def one_core() -> Iterator[None]:
    """This process on one core; threads are as many as it may use."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory, one_core: None) -> GateTrace:
    part = synthetic_trace(
        "resnet18", images=IMAGES, density=0.3, clustering=0.5, channel_spread=0.15, seed=0
    )
    path: Path = tmp_path_factory.mktemp("stream") / "large"
    join_traces([part] * -(-MIB * 2**20 // mask_bytes(part)), path)
    return load_trace(path, verify=False)


def mask_bytes(trace: GateTrace) -> int:
    return sum(words.nbytes for layer in trace.layers for words in layer.shards)


@numba.njit(nogil=True)
def ones(words: NDArray[np.uint64]) -> np.uint64:
    total = np.uint64(0)
    for word in words:
        total += popcount(word)
    return total


COUNTS = {
    "a compiled loop": ones,
    "NumPy": lambda words: np.bitwise_count(words).sum(dtype=np.int64),
}


@pytest.mark.parametrize("name", COUNTS)
def test_read_and_count(rate: Callable[..., None], trace: GateTrace, name: str) -> None:
    """The files through a buffer, and a count of all their bits."""
    buffer = np.empty(BUFFER_BYTES // 8, np.uint64)
    paths = sorted(trace.path.parent.glob("*.safetensors"))

    def work() -> None:
        for path in paths:
            with path.open("rb", buffering=0) as file:
                while count := file.readinto(buffer):
                    COUNTS[name](buffer[: count // 8])

    rate(f"files: read, counted by {name}", mask_bytes(trace), work)


@pytest.mark.parametrize("name", DESIGNS)
def test_skip(rate: Callable[..., None], trace: GateTrace, name: str) -> None:
    """From the files to the network's row."""
    arch = in_fixed_order("pg_ws", {"batch": 1, "lsb.scheduler": "skip"} | DESIGNS[name])
    rate(f"skip, {name}", mask_bytes(trace), lambda: simulate(trace, arch).summary)
