"""Tables of tiles that layers share are those of each layer alone (MODEL.md M41)."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from designs import conv
from jobs import job_of

from pgsim.model.search.tables import tables_of
from pgsim.model.work_store import WorkStore

LAYERS = (
    conv(8, 6, 6, 3, name="one"),
    conv(12, 9, 4, 3, name="other"),
    conv(12, 4, 7, 1, name="pointwise"),
    conv(8, 6, 6, 3, groups=2, name="grouped"),
)
DESIGNS = (
    {"array.dataflow": "os"},
    {"array.dataflow": "os", "array.lanes": "positions"},
    {"array.dataflow": "ws"},
    {"array.dataflow": "is"},
    {"array.dataflow": "bitfusion"},
    {"array.dataflow": "os", "memory.ports": "all"},
    {"array.dataflow": "ws", "memory.ports": "all"},
)


def some(rng: Random, most: int) -> np.ndarray:
    """Some sizes up to one, ascending."""
    return np.array(sorted(rng.sample(range(1, most + 1), rng.randint(1, most))), np.int64)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("changes", DESIGNS, ids=str)
def test_shared_tables_are_those_of_each_layer(changes: dict[str, object], seed: int) -> None:
    rng, store = Random(seed), WorkStore()
    for _ in range(6):
        layer, scheme = rng.choice(LAYERS), rng.choice(("full", "planes:2,2", "uniform:8,8"))
        job = job_of(layer, None, changes, scheme)
        channels, slots = some(rng, layer.in_channels // layer.groups), some(rng, 20)
        shared, alone = tables_of(job, channels, slots, store), tables_of(job, channels, slots)
        for found, expected in zip(shared, alone, strict=True):
            assert found.shape == expected.shape
            assert found.tolist() == expected.tolist()
