"""pgsim arch: list, show, check and measure designs."""

import subprocess
import sys

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


@pytest.mark.parametrize("text", ["1e5", ".5", "12", "0x1F", "1:30", "yes", "null", "~", "1_0"])
def test_show_quotes_text_that_looks_like_something_else(text, run, tmp_path):
    path = tmp_path / "shown.yaml"
    path.write_text(run("arch", "show", "pg_os", "--set", f"source='{text}'").output)
    assert load_arch(path).source == text


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


def test_clock_shows_the_path_of_each_part(run, cells):
    # 130 nm: 16.863 ns for the fusion PE, which has 2 ns at 45 nm, and 10.829 for the scheduler.
    shown = run("arch", "clock", "pg_os").output
    assert cells(shown, "PE") == ["PE", "fusion", "2.000", "500.0"]
    assert cells(shown, "scheduler")[3] == f"{2 * 10.829 / 16.863:.3f}"
    assert cells(shown, "fastest")[3] == "0.636"
    assert cells(shown, "clock_mhz") == ["clock_mhz", "2.000", "500.0"]
    slow = run("arch", "clock", "pg_os", "--set", "lsb.scheduler=queue", "--set", "clock_mhz=auto")
    assert cells(slow.output, "clock_mhz")[2] == f"{1e3 / (2 * 23.566 / 16.863):.1f}"


def test_a_clock_that_parts_do_not_reach_is_a_line_of_stderr():
    command = [sys.executable, "-m", "pgsim", "arch", "clock", "pg_os", "--set", "clock_mhz=750"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert line.startswith("pgsim: warning: pg-os-16x16[clock_mhz=750]: clock_mhz 750 is faster")
    assert "750.0" in done.stdout


def test_import_writes_a_design_and_warns_of_what_is_left_out(tmp_path):
    file, output = tmp_path / "small.cfg", tmp_path / "small.yaml"
    file.write_text("[general]\nrun_name = small\n[architecture_presets]\nIfmapOffset: 0\n")
    command = [sys.executable, "-m", "pgsim", "arch", "import", str(file), "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{output}: small, 4 x 4 ws fixed 8x8\n"
    assert f"pgsim: warning: {file}: [architecture_presets] IfmapOffset: no cou" in done.stderr
    assert load_arch(output).name == "small"


def test_import_refuses_what_it_cannot_read(run, tmp_path):
    (tmp_path / "x.cfg").write_text("[architecture_presets]\nDataflow: oss\n")
    refused = run("arch", "import", tmp_path / "x.cfg", "-o", tmp_path / "x.yaml", code=2)
    assert "x.cfg:2: [architecture_presets] Dataflow: value 'oss'" in refused.output
    assert "Did you mean 'os'?" in refused.output
    assert not (tmp_path / "x.yaml").exists()


def test_export_writes_both_tables(run, tmp_path):
    shown = run("arch", "export", "pg_os", "-o", tmp_path / "t", "--set", "array.rows=8").output
    assert shown.split() == [str(tmp_path / "t" / each) for each in ("ERT.yaml", "ART.yaml")]
    assert "name: system_top_level.pe[1..128]\n" in (tmp_path / "t/ERT.yaml").read_text()
