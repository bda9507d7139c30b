"""MACs with a zero operand, counted by hand (M45)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import design, drawn, linear, trace_of

from pgsim import GateTrace, InputError, simulate
from pgsim.arch import SIDE_BY_SIDE, side_by_side
from pgsim.model.zeros import COUNTS

# 6 positions by 1 channel, D = 3, 3 outputs gated, 4-bit activations split at 2, 8-bit weights: the
# MSB pass has 6 * 3 MACs, the LSB pass 3 * 3, one to a PE cycle of a fixed PE.
ZEROS = {"activation": [[0, 4, 0.25], [2, 2, 0.5], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}
LAYER, MASK = linear(6, 3, 1, zeros=ZEROS), drawn("x.x..x")
GATING = {"array.dataflow": "ws", "array.pe.zero_gating": True}


def found(changes: dict[str, object], scheme: str = "pg", layer: object = LAYER) -> dict[int, int]:
    result = simulate(trace_of(layer, MASK), design(changes), scheme)
    (only,) = result.layer_results
    counts = {
        macs: only.ledger.counts[count.name].sum()
        for macs, count in zip(SIDE_BY_SIDE, COUNTS, strict=True)
    }
    return {macs: int(count) for macs, count in counts.items() if count}


def test_a_mac_is_zero_where_one_of_its_operands_is() -> None:
    # 18 * (1 - 0.5 * 0.75) = 11.25 and 9 * (1 - 0.25 * 0.75) = 7.3125, each rounded down.
    assert found(GATING) == {1: 11 + 7}


def test_a_plane_is_that_of_its_pass() -> None:
    # All 4 bits at once: 18 * (1 - 0.75 * 0.75) = 7.875.
    assert found(GATING, "full") == {1: 7}


def test_planes_that_were_not_measured_have_no_zeros() -> None:
    # Of 8-bit activations nobody knows; a quarter of the weights is zero: 18 / 4.
    assert found(GATING, "uniform:8,8") == {1: 4}
    none = linear(6, 3, 1, zeros={"activation": [[0, 4, 1.0]]})
    assert found(GATING, layer=none) == {}


def test_pes_that_make_no_use_of_zeros_count_none() -> None:
    assert found(GATING | {"array.pe.zero_gating": False}) == {}


def test_macs_side_by_side_are_counted_apart() -> None:
    # A fusion PE has 4 MACs of 2 x 8 bits and 2 of 4 x 8 side by side: an output takes a cycle of
    # 4, or two of 2. 6 * (1 - 0.5 * 0.75) = 3.75 and 3 * (1 - 0.25 * 0.75) = 2.4375; 12 * 0.4375.
    fusion = GATING | {"array.pe.kind": "fusion"}
    assert found(fusion) == {4: 3 + 2}
    assert found(fusion, "full") == {2: 5}
    assert found(fusion, "uniform:8,8") == {1: 4}


def test_any_number_of_macs_is_counted_with_the_next_fewer() -> None:
    assert [side_by_side(macs) for macs in (1, 2, 3, 15, 16, 1024)] == [1, 2, 2, 8, 16, 16]


def test_layers_that_differ_in_zeros_are_counted_apart() -> None:
    layers = [
        linear(6, 3, 1, name=name, gate="none", msb_bits=4, zeros={"activation": [[0, 4, share]]})
        for name, share in (("half", 0.5), ("all", 1.0))
    ]
    trace = GateTrace.from_masks({}, layers, images=1)
    result = simulate(trace, design(GATING), "full")
    zeros = [each.ledger.counts["zero_pe_cycles_of_1"].sum() for each in result.layer_results]
    assert zeros == [9, 18]


def test_cycles_are_unchanged() -> None:
    without, with_zeros = (
        simulate(trace_of(LAYER, MASK), design(GATING | {"array.pe.zero_gating": gating})).layers
        for gating in (False, True)
    )
    kinds = without.select_dtypes(np.integer).columns
    assert without[kinds].equals(with_zeros[kinds])


def test_a_layer_without_zeros_is_refused_by_its_name() -> None:
    layer = linear(6, 3, 1)
    expected = r"layer 'linear': array\.pe\.zero_gating needs to know .* capture the trace again"
    with pytest.raises(InputError, match=expected):
        found(GATING, layer=layer)
