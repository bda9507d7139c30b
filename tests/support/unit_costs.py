"""What modules cost at 45 nm, from the figures of the sources that 45nm.yaml names."""

from __future__ import annotations

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


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-9)
