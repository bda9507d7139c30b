"""The buffers of Bit Fusion's design cost what its authors' CACTI sweep says, bank by bank.

Expected values: bitfusion/sram/cacti_sweep.csv of github.com/hsharma35/bitfusion, rows of 45 nm and
blocks of 4 bytes, for banks of 128, 2048 and 512 bytes (the last has one port more, for either
way), in nJ of an access of 32 bits and mm2 of a bank.
"""

from __future__ import annotations

import pytest

from pgsim import load_arch
from pgsim.cost import costs_of


@pytest.mark.parametrize(
    ("buffer", "banks", "bank_mm2", "read_nj", "write_nj"),
    [
        ("weight", 512, 0.00149898, 0.000683701, 0.000925317),
        ("activation", 16, 0.015132, 0.00190318, 0.00363853),
        ("output", 32, 0.00760331, 0.00106097, 0.00233869),
    ],
)
def test_a_buffer_costs_its_banks(
    buffer: str, banks: int, bank_mm2: float, read_nj: float, write_nj: float
) -> None:
    cost = costs_of(load_arch("bitfusion_isca_2018")).buffers[buffer]
    assert cost.area_um2 == pytest.approx(banks * bank_mm2 * 1e6, rel=1e-12)
    assert cost.read_pj_per_word / 32 == pytest.approx(1e3 * read_nj / 32, rel=1e-12)
    assert cost.write_pj_per_word / 32 == pytest.approx(1e3 * write_nj / 32, rel=1e-12)
