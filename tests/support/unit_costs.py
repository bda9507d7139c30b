"""What modules cost at 45 nm, from the figures of the sources that 45nm.yaml names."""

from __future__ import annotations

import math

import pytest
import yaml

from pgsim.files import shipped

# Bit Fusion's fixed 8-bit unit, and what pgsim's own RTL costs in a 130 nm library.
FIXED = {"area_um2": 510.73, "dynamic_pj_per_cycle": 0.20344, "leakage_uw": 16.106}
SYNTHESIZED = yaml.safe_load(shipped("arch_configs/synthesis", "sky130", ".yaml").read_text())[
    "modules"
]


def gates(figure: str, module: str) -> float:
    """A module's figure at 45 nm: as many fixed 8-bit units as it is at 130 nm."""
    fixed: float = SYNTHESIZED["fixed_8x8"][figure]
    return float(SYNTHESIZED[module][figure] / fixed * FIXED[figure])


def stream_bit(figure: str, kind: str = "fixed") -> float:
    """A bit of a stream: what 3 of 8 bits add to a fixed PE, over 24; of a fusion PE's 32, 96."""
    added = gates(figure, f"{kind}_8x8_4_streams") - gates(figure, f"{kind}_8x8")
    return added / {"fixed": 24, "fusion": 96}[kind]


# CACTI 7, 45 nm, itrs-lstp: um2 of a bank by its bytes (tests/cost/cacti_rows.py).
BANKS_UM2 = {128: 1498.9, 512: 4419.8, 1024: 8755.0, 2048: 15064.0, 4096: 29988.0, 8192: 57429.3}
BANKS_UM2 |= {16384: 124854.4, 32768: 233222.0}


def sram_um2(bits: float, banks: int = 1) -> float:
    """The area of so many bits in banks of up to 32 KiB: a power law between and below the rows."""
    sizes = list(BANKS_UM2)
    size = bits / 8 / banks
    right = next(index for index in range(1, len(sizes)) if sizes[index] >= size)
    small, large = sizes[right - 1], sizes[right]
    slope = math.log(BANKS_UM2[large] / BANKS_UM2[small]) / math.log(large / small)
    return banks * BANKS_UM2[small] * (size / small) ** slope


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-9)
