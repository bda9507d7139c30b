"""`binary` PEs: 1 x 1 bits in a cycle, and nothing wider (M5)."""

from __future__ import annotations

import pytest
from designs import design, linear, trace_of

from pgsim import InputError, simulate

ONE_BIT = {"array.pe.max_activation_bits": 1, "array.pe.max_weight_bits": 1}
BINARY = ONE_BIT | {"array.pe.kind": "binary", "array.pe.terms": 16}
TRACE = trace_of(linear(8, 40, 4, gate="none", msb_bits=None))


def test_so_many_products_of_a_bit_are_done_in_a_cycle() -> None:
    row = simulate(TRACE, design(BINARY), "uniform:1,1").layers.iloc[0]
    assert row["msb_cycles"] == 2 * 2 * 3  # folds of 4 positions, lane groups, steps of 16 terms
    # 40 bits of 8 positions for each of two lane groups, of 4 channels for each of two folds.
    words = design(
        BINARY | {"memory.activation_sram.port_bits": 8, "memory.weight_sram.port_bits": 8}
    )
    read = simulate(TRACE, words, "uniform:1,1").layers.iloc[0]
    assert read["activation_sram_read_bytes"] == 2 * 8 * 40 // 8
    assert read["weight_sram_read_bytes"] == 2 * 4 * 40 // 8


def test_it_is_as_fast_as_a_serial_pe_and_cheaper() -> None:
    serial = design(BINARY | {"array.pe.kind": "serial_both"})
    rows = [
        simulate(TRACE, each, "uniform:1,1").layers.iloc[0] for each in (design(BINARY), serial)
    ]
    assert rows[0]["cycles"] == rows[1]["cycles"]
    assert rows[0]["energy_pe_pj"] < rows[1]["energy_pe_pj"]


@pytest.mark.parametrize(("scheme", "bits"), [("full", "4 by 8"), ("uniform:1,2", "1 by 2")])
def test_wider_operands_are_refused(scheme: str, bits: str) -> None:
    message = f"layer 'linear' on .*PEs of kind binary: a PE takes operands of 1 bit, not {bits}"
    with pytest.raises(InputError, match=message):
        simulate(TRACE, design(BINARY), scheme)


@pytest.mark.parametrize("key", ["max_activation_bits", "max_weight_bits"])
def test_a_pe_of_wider_operands_is_refused(key: str) -> None:
    with pytest.raises(InputError, match=f"{key}: value 2: expected 1 where array.pe.kind is"):
        design(BINARY | {f"array.pe.{key}": 2})
    with pytest.raises(InputError, match="no such PE was synthesized that stands still at zeros"):
        design(BINARY | {"array.pe.zero_gating": True})
