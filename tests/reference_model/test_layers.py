"""The reference's PEs and schemes, worked by hand (M1 to M5)."""

from __future__ import annotations

from hand_worked import linear
from reference import (
    macs_and_cycles,
)
from reference.layers import layer_of, passes_of


def test_pe_rates() -> None:
    fusion = {"kind": "fusion", "max_activation_bits": 8, "max_weight_bits": 8}
    # 16 two-bit bricks: 8x8 takes all, 4x8 half, 2x8 a quarter; 3 rounds to 4, 5 to 8, 1 to 2.
    expected = {
        8: (1, 1),
        5: (1, 1),
        4: (2, 1),
        3: (2, 1),
        2: (4, 1),
        1: (4, 1),
        9: (1, 2),
        16: (1, 2),
    }
    assert {a: macs_and_cycles(fusion, a, 8) for a in expected} == expected
    assert macs_and_cycles(fusion, 2, 2) == (16, 1)
    fixed = {"kind": "fixed", "max_activation_bits": 2, "max_weight_bits": 3}
    assert macs_and_cycles(fixed, 5, 8) == (1, 9)  # ceil(5/2) * ceil(8/3)
    for kind, cycles in {"serial_activation": 5, "serial_weight": 8, "serial_both": 40}.items():
        serial = {"kind": kind, "terms": 16, "max_activation_bits": 5, "max_weight_bits": 8}
        assert macs_and_cycles(serial, 5, 8) == (16, cycles)
    # The operand that enters whole takes turns: 9 bits of weights two of 8, 11 of activations 3.
    for kind, cycles in {"serial_activation": 22, "serial_weight": 27, "serial_both": 99}.items():
        assert macs_and_cycles(serial | {"kind": kind}, 11, 9) == (16, cycles)


def test_schemes_give_their_passes() -> None:
    layer = layer_of(linear(1, 1, 1))  # B = 8 = 4 + 4, w = 8

    def widths(scheme: str) -> list[tuple[int, int, bool]]:
        return [(p.activation_bits, p.weight_bits, p.gated) for p in passes_of(layer, scheme)]

    assert widths("pg") == [(4, 8, False), (4, 8, True)]
    assert widths("dual_dense") == [(4, 8, False), (4, 8, False)]
    assert widths("full") == [(8, 8, False)]
    assert widths("msb_only") == [(4, 8, False)]
    assert widths("uniform:6,5") == [(6, 5, False)]
    assert widths("uniform:6") == [(6, 8, False)]
    assert widths("odq:3,5") == [(3, 5, False), (3, 3, True), (5, 5, True), (5, 3, True)]
    assert widths("seernet:3") == [(3, 3, False), (8, 8, True)]
    by_inputs = layer_of(linear(1, 1, 1, gate="input"))
    assert passes_of(by_inputs, "pg") == passes_of(layer, "pg")
