"""What PEs that go by values cost: multiples of the fixed 8 x 8 PE at 130 nm (M58)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from arch_files import synthesis_text, technology_text

from pgsim import InputError, load_arch
from pgsim.arch import PE, load_technology
from pgsim.cost import costs_of

TABLE = yaml.safe_load(synthesis_text())["modules"]
UNIT_UM2 = 510.73  # of Bit Fusion's fixed 8 x 8 PE at 45 nm


def area_um2(kind: str, **keys: Any) -> float:
    return PE(kind=kind, terms=16, **keys).unit.cost(load_technology("45nm")).area_um2


def multiple(*modules: tuple[float, str]) -> float:
    """The area of so many modules of the table, over the fixed PE's, at 45 nm."""
    total = sum(count * TABLE[name]["area_um2"] for count, name in modules)
    return total / TABLE["fixed_8x8"]["area_um2"] * UNIT_UM2


def test_sizes_that_were_synthesized_cost_what_the_table_says() -> None:
    for stage in range(4):
        own = area_um2("pragmatic", first_stage_bits=stage)
        assert own == pytest.approx(multiple((1, f"pragmatic_16x8_stage_{stage}")), rel=1e-4)
    assert area_um2("laconic") == pytest.approx(multiple((1, "laconic_16")), rel=1e-4)
    assert area_um2("zero_skip") == pytest.approx(multiple((1, "parallel_16x8")), rel=1e-4)
    for kind in ("tactical_essential", "tactical_precision"):
        own = area_um2(kind, lookahead=2, lookaside=5)
        assert own == pytest.approx(multiple((1, f"{kind}_16x8_8_ways")), rel=1e-4)


def test_others_are_in_proportion_or_on_a_line() -> None:
    plain, register = "pragmatic_16x8_stage_3", "pragmatic_16x8_1_register"
    own = area_um2("pragmatic", first_stage_bits=2, weight_registers=3, max_weight_bits=4)
    parts = [(0.5, "pragmatic_16x8_stage_2"), (1.5, register), (-1.5, plain)]
    assert own == pytest.approx(multiple(*parts), rel=1e-4)
    # No wires: the lane's own weight alone.
    own = area_um2("tactical_essential", lookahead=0, lookaside=0)
    assert own == pytest.approx(multiple((1, plain)), rel=1e-4)
    own = area_um2("tactical_essential", lookahead=1, lookaside=0, weight_registers=1)
    parts = [(6 / 7 - 1, plain), (1 / 7, "tactical_essential_16x8_8_ways"), (1, register)]
    assert own == pytest.approx(multiple(*parts), rel=1e-4)


def test_a_kind_without_a_price_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(synthesis_text().replace("laconic_16:", "laconic_32:"))
    naming = technology_text().replace("synthesis: sky130", "synthesis: mine.yaml")
    (tmp_path / "node.yaml").write_text(naming)
    design = load_arch("laconic_isca_2019").override({"technology": str(tmp_path / "node.yaml")})
    with pytest.raises(InputError, match=r"mine\.yaml: modules: no module 'laconic_16', of which"):
        costs_of(design)
