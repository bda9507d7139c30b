"""pgsim arch: list, show, check and measure designs."""

import pytest

from pgsim.arch import load_arch
from pgsim.files import shipped, shipped_names

NAMES = shipped_names("arch_configs", ".yaml")


def test_list_names_every_shipped_design(run, cells):
    shown = run("arch", "list").output
    assert all(cells(shown, name) for name in NAMES)
    # bitfusion_isca_2018.yaml: 16 rows of 32 fusion units, 32 + 64 + 16 KiB, 500 MHz.
    row = " ".join(cells(shown, "bitfusion_isca_2018"))
    assert row == "bitfusion_isca_2018 16 x 32 bitfusion fusion 8x8 skip 112 500"


@pytest.mark.parametrize("name", NAMES)
def test_show_is_the_same_design_with_its_defaults(name, run, tmp_path):
    path = tmp_path / "shown.yaml"
    path.write_text(run("arch", "show", name).output)
    assert load_arch(path) == load_arch(name)
    assert "depth: 16" in path.read_text()


def test_show_takes_settings(run):
    assert "rows: 48\n" in run("arch", "show", "pg_os", "--set", "array.rows=48").output


def test_check_says_ok_or_all_that_is_wrong(run, tmp_path):
    assert run("arch", "check", *NAMES).output == "".join(f"{name}: ok\n" for name in NAMES)
    text = shipped("arch_configs", "pg_os", ".yaml").read_text()
    wrong, costly, newer = (tmp_path / f"{name}.yaml" for name in ("wrong", "costly", "newer"))
    wrong.write_text(text.replace("rows: 16", "rows: 0").replace("lanes:", "lane:"))
    costly.write_text(text.replace("kind: lpddr4", "kind: lpddr6"))
    newer.write_text(text.replace("technology: 45nm", "technology: 5nm"))
    result = run("arch", "check", wrong, costly, "pg_ws", newer, code=2)
    assert result.stdout == "pg_ws: ok\n"
    assert f"{wrong}:" in result.stderr and "array.rows: value 0" in result.stderr
    assert "Did you mean 'lanes'?" in result.stderr
    assert f"{costly}: memory.dram.kind: value 'lpddr6'" in result.stderr
    assert f"{newer}: technology: 5nm: no such file" in result.stderr


def test_area_is_the_sum_of_its_parts(run, cells):
    shown = run("arch", "area", "pg_os").output
    # 256 fusion units of 1734.55 um2 (45nm.yaml), and CACTI's banks of 4 and 2 KiB.
    assert cells(shown, "pe")[1] == f"{256 * 1734.55 / 1e6:.4f}"
    assert cells(shown, "sram")[1] == f"{(32 * 29988 + 16 * 15064) / 1e6:.4f}"
    parts = [float(cells(shown, part)[1]) for part in ("pe", "sram", "gating")]
    assert float(cells(shown, "total")[1]) == pytest.approx(sum(parts), abs=2e-4)
    halved = run("arch", "area", "pg_os", "--set", "array.rows=8").output
    assert cells(halved, "pe")[1] == f"{128 * 1734.55 / 1e6:.4f}"
