"""`packed:A,W`: whole elements in words of 16 bits, and nothing else (M56)."""

from __future__ import annotations

import pytest
from designs import design, linear, trace_of
from scheme_cases import UNGATED, planes

from pgsim import InputError, simulate
from pgsim.schemes import scheme_named
from pgsim.schemes.packed import packed_bits


def test_as_many_elements_share_a_word_as_fit_whole() -> None:
    for bits in range(1, 17):
        fit = sum(elements * bits <= 16 for elements in range(1, 17))
        taken = packed_bits(bits)
        assert taken >= bits
        assert 16 - fit < fit * taken <= 16  # no element could have another bit


def test_a_layer_has_one_pass_at_the_bits_in_memory() -> None:
    assert planes(UNGATED, "packed:6,3") == [((0, 8), (0, 3))]
    assert scheme_named("packed:6,3").name == "packed:6,3"


def test_cycles_of_fixed_pes_are_the_same_and_words_fewer() -> None:
    trace = trace_of(linear(8, 16, 4, gate="none", msb_bits=None))
    words = design({"memory.weight_sram.port_bits": 16})
    rows = {
        bits: simulate(trace, words, f"packed:{bits},{bits}").layers.iloc[0] for bits in (8, 7, 4)
    }
    assert {row["msb_cycles"] for row in rows.values()} == {2 * 2 * 16}  # 2 folds, 2 lane groups
    # 16 x 4 weights stream through 2 folds, at 8, 8 and 4 bits.
    read = [rows[bits]["weight_sram_read_bytes"] for bits in (8, 7, 4)]
    assert read == [2 * 16 * 4, 2 * 16 * 4, 2 * 16 * 4 // 2]


@pytest.mark.parametrize("name", ["packed:0,4", "packed:4,17"])
def test_operands_have_1_to_16_bits(name: str) -> None:
    with pytest.raises(InputError, match="expected 1 to 16 bits"):
        scheme_named(name)
