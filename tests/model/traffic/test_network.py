"""Words that PEs send each other and keep in register files, tile by tile and by hand (M46)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs import conv, design, linear, trace_of
from jobs import Listed, job_of

from pgsim import LayerShape, simulate
from pgsim.model.passes import time_passes
from pgsim.model.traffic import Tiles
from pgsim.model.traffic.network import NETWORK_TRAFFIC

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
FILES = {
    "array.dataflow": "row_stationary",
    "array.register_files.activation_words": 6,
    "array.register_files.weight_words": 6,
    "array.register_files.sum_words": 2,
}
# Twelve sums at a time, so that a layer has several windows; an activation a cycle.
FEW = FILES | {
    "memory.double_buffered": False,
    "memory.output_sram.kib": 12 * 32 / 8192,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
    "memory.activation_sram.banks": 1,
    "memory.activation_sram.port_bits": 8,
}


def words(layer: LayerShape, changes: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """On the network, and of register files, (lane groups, windows) of the one run and group."""
    job = job_of(layer, None, changes)
    found = NETWORK_TRAFFIC.of(Tiles(job, time_passes(job, None), None, 1))
    (network,), (files,) = (
        np.broadcast_to(found[f"{name}_words"], job.tiling.tiles(1))[0].tolist()
        for name in ("network", "register_file")
    )
    return network, files


def test_weights_that_stay_are_sent_with_the_first_window() -> None:
    """Counted by hand: 3 x 3 outputs under a padded kernel, windows of two rows and of one.

    A set has one column, for an output row, and all of the two input channels. A lane group of two
    channels and one of one channel are sent `2 * 18` and `18` weights. Of the three rows the middle
    one has three kernel rows on the input and the others two, each of 3 pixels by 2 channels, which
    the set of each channel gets. Every output passes between two pairs of PEs.
    """
    network, files = words(conv(2, 3, 3, 3, padding=[1, 1], **UNGATED), FEW)
    sent = [
        [2 * 18 + (2 + 3) * 6 * 2, 2 * 6 * 2],
        [18 + (2 + 3) * 6, 2 * 6],
    ]
    outputs = np.array([[12, 6], [6, 3]])
    assert network == (np.array(sent) + 2 * outputs).tolist()
    # Each word that is sent is written once; a MAC reads three words and writes one.
    assert files == (np.array(sent) + 4 * 18 * outputs).tolist()


def test_weights_of_several_folds_are_sent_with_every_window() -> None:
    """Counted by hand: one lane group of two channels, windows of two output rows and of one.

    A fold takes an input channel, so that both folds of both windows load `9 * 2` weights, for
    each of the two columns that has a row. Three kernel rows of 5 pixels by 2 channels lie on the
    input for each output row, for both channels together. An output passes between two pairs of
    PEs in each fold.
    """
    network, files = words(conv(2, 2, 5, 3, **UNGATED), FEW)
    sent = [2 * 9 * 2 * 2 + 2 * 3 * 10, 2 * 9 * 2 * 1 + 3 * 10]
    outputs = [2 * 3 * 2, 3 * 2]
    assert network == [[sent[0] + 4 * outputs[0], sent[1] + 4 * outputs[1]]]
    assert files == [[sent[0] + 4 * 18 * outputs[0], sent[1] + 4 * 18 * outputs[1]]]


def test_one_mac_is_two_words_sent() -> None:
    """Counted by hand: a weight and an activation are sent and written, and four words accessed."""
    assert words(conv(1, 1, 1, 1, **UNGATED), FEW) == ([[2]], [[6]])


def test_groups_and_images_have_words_of_their_own() -> None:
    """Twice the first layer, side by side in two groups, and three images of that."""
    layer = conv(4, 6, 3, 3, padding=[1, 1], groups=2, **UNGATED)
    row = simulate(trace_of(layer, images=3), design(FEW), "full").rows[0]
    # The tiles of the first test: 120 + 36 and 60 + 18 words, 960 + 456 and 480 + 228 accesses.
    assert row["network_words"] == 3 * 2 * (120 + 36 + 60 + 18)
    assert row["register_file_words"] == 3 * 2 * (960 + 456 + 480 + 228)


@pytest.mark.parametrize("dataflow", ["os", "ws", "is", "bitfusion"])
def test_other_dataflows_move_no_words_between_pes(dataflow: str) -> None:
    """MODEL.md has words of the network for rows of kernels alone, whichever lanes there are."""
    changes = {"array.dataflow": dataflow}
    row = simulate(trace_of(conv(2, 2, 5, 3, **UNGATED)), design(changes), "full").summary
    assert (row["network_words"], row["register_file_words"]) == (0, 0)
    passes = Listed((((0, 2), (0, 8)), ((2, 2), (0, 8))))
    job = job_of(linear(1, 1, 1, **UNGATED), None, changes, passes)
    found = NETWORK_TRAFFIC.of(Tiles(job, time_passes(job, None), None, 1))
    assert {name: each.sum() for name, each in found.items()} == {
        "network_words": 0,
        "register_file_words": 0,
    }
