"""Tables of layers that are mapped by loop nests, or by both kinds of mapping, are read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from designs import conv, design, linear, random_mask, trace_of
from pandas.testing import assert_frame_equal

from pgsim import simulate, write_table
from pgsim.results.columns import NEST, WINDOWS
from pgsim.results.table_files import read_table

ONE_NEST = {"mapping.nests": [{"layer": "linear", "order": "NPQKC", "block_channels": 1}]}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("changes", [ONE_NEST, {"mapping": "search"}], ids=["one", "search"])
def test_a_table_with_nests_is_read_back(tmp_path: Path, changes, suffix: str) -> None:
    layers = linear(6, 4, 4), conv(2, 2, 4, 3)
    traces = [trace_of(layer, random_mask(layer, 1)) for layer in layers]
    for trace in traces:
        own = changes if trace.layers[0].shape.name == "linear" else {"mapping": "search"}
        result = simulate(trace, design(own), "pg")
        path = tmp_path / f"{trace.layers[0].shape.name}.{suffix}"
        write_table(result.layers, path)
        assert_frame_equal(read_table(path), result.layers, check_dtype=False)


def test_a_column_means_the_same_in_every_table() -> None:
    assert WINDOWS["window_slots"] is NEST["window_slots"]
