"""Clocks: refused out of reach (M39), a part's own at `auto`, warned of where faster (M45)."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from arch_files import rewritten, technology_text
from designs import design

from pgsim import InputError, SweepSpec, load_arch, simulate, sweep
from pgsim.cost import costs_of
from pgsim.errors import ClockWarning
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


# Paths at 130 nm (sky130.yaml) over the fusion PE's, which has 2 ns at 45 nm.
FIXED_NS, QUEUE_NS = 2 * 9.0694 / 16.863, 2 * 23.566 / 16.863


def clock_of(changes: dict[str, object], *, gated: bool = True) -> float:
    arch = design({"clock_mhz": "auto", "array.columns": 16} | changes)
    return costs_of(arch, gated=gated).arch.mhz


def test_a_design_at_auto_runs_at_its_slowest_part() -> None:
    assert clock_of({}) == pytest.approx(1e3 / FIXED_NS, rel=1e-9)
    assert clock_of({"lsb.scheduler": "queue"}) == pytest.approx(1e3 / QUEUE_NS, rel=1e-9)
    assert clock_of({"array.pe.kind": "fusion"}) == 500


def test_a_scheduler_sets_the_clock_only_where_a_mask_steers() -> None:
    assert clock_of({"lsb.scheduler": "queue"}, gated=False) == clock_of({})


def test_auto_never_passes_what_can_be_built() -> None:
    # A fixed PE of 2 x 2 bits reaches 1236 MHz, and M39 allows 1000.
    narrow = {"array.pe.max_activation_bits": 2, "array.pe.max_weight_bits": 2}
    assert clock_of(narrow) == 1000
    assert clock_of(narrow | {"technology": "16nm"}) == pytest.approx(2 * 977.1, rel=1e-12)


def test_time_and_leakage_are_those_of_the_clock() -> None:
    results = [
        simulate("digits_pg_4_2", load_arch("pg_os").override(changes)).summary
        for changes in (
            {"lsb.scheduler": "queue", "clock_mhz": "auto"},
            {"lsb.scheduler": "queue", "clock_mhz": 1e3 / QUEUE_NS},
        )
    ]
    assert results[0]["time_us"] == pytest.approx(results[1]["time_us"], rel=1e-9)
    assert results[0]["energy_pj"] == pytest.approx(results[1]["energy_pj"], rel=1e-9)
    assert results[0]["cycles"] == results[1]["cycles"]


@pytest.mark.parametrize(
    ("changes", "scheme", "expected"),
    [
        ({"lsb.scheduler": "queue"}, "pg", r"its scheduler queue\(16, 4\), .* 2\.79 ns .* 357\.8:"),
        ({"array.pe.max_activation_bits": 16}, "full", r"its PE fusion, whose path of 2\.88 ns"),
        ({"clock_mhz": 600}, "full", r"clock_mhz 600 is faster than its PE fusion"),
    ],
)
def test_a_clock_faster_than_a_part_is_warned_of(
    changes: dict[str, object], scheme: str, expected: str
) -> None:
    arch = load_arch("pg_os").override(changes)
    with pytest.warns(ClockWarning, match=expected):
        simulate("digits_pg_4_2", arch, scheme)


@pytest.mark.parametrize(
    ("changes", "scheme"),
    [
        ({}, "pg"),
        ({"lsb.scheduler": "queue"}, "full"),  # nothing is gated, so there is no queue
        ({"lsb.scheduler": "queue", "clock_mhz": "auto"}, "pg"),
        ({"clock_mhz": 500}, "pg"),
    ],
)
def test_a_clock_that_parts_reach_is_not(changes: dict[str, object], scheme: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate("digits_pg_4_2", load_arch("pg_os").override(changes), scheme)


@pytest.mark.parametrize(
    "name", ["pg_os", "pg_ws", "pg_serial", "bitfusion_isca_2018", "fixed_8bit"]
)
def test_no_shipped_design_is_warned_of(name: str) -> None:
    costs = costs_of(load_arch(name))
    assert all(path.mhz >= 500 for path in costs.paths)


def test_a_sweep_warns_once_for_each_design(capfd: pytest.CaptureFixture[str]) -> None:
    spec = SweepSpec(
        traces=["digits_pg_4_2"],
        archs=["pg_os"],
        schemes=["pg", "full"],
        axes={"lsb.scheduler": ["queue", "skip"]},
    )
    with pytest.warns(ClockWarning) as found:
        sweep(spec, jobs=1)
    assert len([each for each in found if each.category is ClockWarning]) == 1


def test_a_clock_of_auto_is_no_number_before_its_costs_are_known() -> None:
    with pytest.raises(ValueError, match="runs at its slowest part"):
        _ = load_arch("pg_os").override({"clock_mhz": "auto"}).mhz
