"""Clocks that no part of a technology reaches are refused (M39)."""

from __future__ import annotations

from pathlib import Path

import pytest
from arch_files import rewritten, technology_text
from designs import design

from pgsim import InputError, load_arch, simulate
from pgsim.cost import costs_of
from pgsim.files import shipped


def reached(clock_mhz: float, technology: str = "45nm") -> bool:
    costs_of(design({"clock_mhz": clock_mhz, "technology": technology}))
    return True


def test_twice_what_pes_were_synthesized_for_is_the_most() -> None:
    assert reached(1000)  # 2 * 500
    with pytest.raises(InputError, match=r"^clock_mhz: value 1000\.1: expected at most 1000 in"):
        reached(1000.1)
    with pytest.raises(InputError, match=r"clock_mhz: value 100000: .* the 500 MHz that its PEs"):
        simulate("digits_pg_4_2", load_arch("pg_os").override({"clock_mhz": 100_000}))


def test_no_clock_is_faster_than_the_fastest_bank(tmp_path: Path) -> None:
    # The shipped table's is 0.636 ns; here it is a bank of 2.5 ns, 400 MHz.
    text = technology_text()
    for line in text.splitlines():
        if "access_ns: 0.636107" in line:
            text = text.replace(line, line.replace("0.636107", "9.9"))
    text = text.replace("access_ns: 0.807664", "access_ns: 2.5")
    for slow in ("1.03718", "1.09501", "1.11757", "1.18243", "1.59383", "1.69794", "2.20455"):
        text = text.replace(f"access_ns: {slow}", "access_ns: 9.9")
    path = rewritten(tmp_path, text, "synthesis: sky130", "synthesis: table.yaml")
    synthesis = shipped("arch_configs/synthesis", "sky130", ".yaml").read_text()
    (tmp_path / "table.yaml").write_text(synthesis)
    assert reached(400, str(path))
    with pytest.raises(InputError, match=r"value 401: expected at most 400 .* the 2\.5 ns of its"):
        reached(401, str(path))


def test_a_clock_of_less_than_a_cycle_a_second_is_none() -> None:
    assert reached(1e-6)
    with pytest.raises(InputError, match=r"value 4\.94\d*e-324: expected at least 1e-06"):
        reached(5e-324)


@pytest.mark.parametrize(
    "name", ["pg_os", "pg_ws", "pg_serial", "bitfusion_isca_2018", "fixed_8bit"]
)
def test_shipped_designs_reach_their_clock(name: str) -> None:
    assert costs_of(load_arch(name)).arch.clock_mhz == 500
