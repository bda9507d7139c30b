"""Accelergy's tables of a design, and action counts that add up to pgsim's energy (M51)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from designs import design, drawn, linear, trace_of
from unit_costs import close

from pgsim import InputError, export_arch, load_arch, simulate
from pgsim.cost import area_mm2, costs_of
from pgsim.results.reports import write_reports

SHIPPED = ("pg_os", "pg_ws", "pg_serial", "fixed_8bit", "eyeriss_isca_2016")


def tables(folder: Path) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Energies by component and action, and areas by component."""
    ert, art = (yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in ("ERT", "ART"))
    assert ert["ERT"]["version"] == art["ART"]["version"] == "0.4"
    energies = {
        table["name"]: {each["name"]: each["energy"] for each in table["actions"]}
        for table in ert["ERT"]["tables"]
    }
    assert all(
        each.keys() == {"name", "arguments", "energy"} and each["arguments"] == {}
        for table in ert["ERT"]["tables"]
        for each in table["actions"]
    )
    return energies, {table["name"]: table["area"] for table in art["ART"]["tables"]}


def instances(name: str) -> int:
    """How many a name with a range stands for."""
    found = re.fullmatch(r"system_top_level\.\w+\[1\.\.(\d+)\]", name)
    assert found is not None
    return int(found[1])


def recomputed_pj(folder: Path) -> float:
    """Counts times energies, as Accelergy's calculator of energies takes them."""
    energies, _ = tables(folder)
    counts: Mapping[str, Any] = yaml.safe_load((folder / "action_counts.yaml").read_text())
    assert counts["action_counts"]["version"] == "0.4"
    return sum(
        each["counts"] * energies[component["name"]][each["name"]]
        for component in counts["action_counts"]["local"]
        for each in component["action_counts"]
    )


def test_the_tables_of_a_design_are_its_technologys_figures(tmp_path: Path) -> None:
    paths = export_arch("pg_os", tmp_path / "tables")
    assert [path.name for path in paths] == ["ERT.yaml", "ART.yaml"]
    energies, areas = tables(tmp_path / "tables")
    # Bit Fusion's unit: 1734.55 um2; 0.45919 pJ a cycle, of which an idle one spends a tenth.
    pe = energies["system_top_level.pe[1..256]"]
    assert pe["idle"] == close(0.045919) and pe["compute"] == close(0.413271)
    assert areas["system_top_level.pe[1..256]"] == 1734.55
    # CACTI's banks of 4 KiB, 16 of them. LPDDR4: 8 pJ a bit, bursts of 64 bytes.
    assert areas["system_top_level.activation_sram[1..1]"] == close(16 * 29988)
    assert energies["system_top_level.dram[1..1]"] == {"read": 4096, "write": 4096}
    assert "leak" in energies["system_top_level.issue_table[1..1]"]


@pytest.mark.parametrize("name", SHIPPED)
def test_areas_add_up(name: str, tmp_path: Path) -> None:
    export_arch(name, tmp_path)
    _, areas = tables(tmp_path)
    total = sum(instances(each) * area for each, area in areas.items())
    assert total == close(1e6 * sum(area_mm2(costs_of(load_arch(name))).values()))


CASES: list[tuple[str, dict[str, object], str]] = [
    ("pg_os", {}, "pg"),
    ("pg_os", {}, "full"),
    ("pg_os", {"lsb.scheduler": "queue", "batch": 7}, "pg"),
    ("pg_serial", {}, "pg"),
    ("pg_ws", {"memory.dram.model": "pages", "mapping": "fixed", "memory.retain": False}, "pg"),
    ("fixed_8bit", {}, "uniform:8,8"),
    ("bitfusion_isca_2018", {}, "pg"),
    ("eyeriss_isca_2016", {}, "full"),
]


@pytest.mark.parametrize(("name", "changes", "scheme"), CASES)
def test_counts_times_energies_are_the_energy(
    name: str, changes: dict[str, object], scheme: str, tmp_path: Path
) -> None:
    arch = load_arch(name).override({"mapping": "fixed", **changes})
    result = simulate("digits_pg_4_2", arch, scheme)
    write_reports(result, tmp_path, kind="timeloop")
    assert recomputed_pj(tmp_path) == pytest.approx(result.summary["energy_pj"], rel=1e-12)
    _, areas = tables(tmp_path)
    total = sum(instances(each) * area for each, area in areas.items())
    assert total == close(1e6 * result.summary["area_mm2"])
    gates = {each for each in areas if "comparator" in each}
    assert bool(gates) == result.gated


def test_zeros_that_cost_next_to_nothing_are_actions_of_their_own(tmp_path: Path) -> None:
    zeros = {"activation": [[0, 4, 0.25], [2, 2, 0.5], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}
    layer = linear(6, 3, 1, zeros=zeros)
    arch = design({"array.dataflow": "ws", "array.pe.zero_gating": True})
    result = simulate(trace_of(layer, drawn("x.x..x")), arch)
    write_reports(result, tmp_path, kind="timeloop")
    energies, _ = tables(tmp_path)
    pe = energies["system_top_level.pe[1..8]"]
    assert any(name.startswith("zero_of_") and pj < 0 for name, pj in pe.items())
    assert recomputed_pj(tmp_path) == pytest.approx(result.summary["energy_pj"], rel=1e-12)


def test_an_unknown_kind_is_answered_with_those_there_are(tmp_path: Path) -> None:
    result = simulate("digits_pg_4_2", "fixed_8bit", "full")
    with pytest.raises(InputError, match=r"expected one of scalesim, timeloop\. Did you mean"):
        write_reports(result, tmp_path, kind="scale-sim")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="it is not a folder"):
        write_reports(result, tmp_path / "file")
    with pytest.raises(InputError, match=r"its folder .* does not exist"):
        write_reports(result, tmp_path / "none" / "folder")
