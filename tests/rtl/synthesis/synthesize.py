"""Gate-level costs of the array's parts: Yosys and OpenSTA on SkyWater's 130 nm standard cells.

    python tests/rtl/synthesis/synthesize.py --liberty sky130hd_tt.lib.gz --out TABLE.yaml

writes the table that ships as arch_configs/synthesis/sky130.yaml; the same tools give the same
file. --compare TABLE prints one beside Bit Fusion's 45 nm figures, in Markdown.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml
from designs import DESIGNS, Design
from netlist import activity, library_cells
from tables import PERIOD_NS, Cost, comparison, table

from pgsim.writing import replacing

RTL = Path(__file__).resolve().parent.parent
SOURCES = (
    "brick.sv",
    "shift_add_tree.sv",
    "fusion_unit.sv",
    "term_unit.sv",
    "xnor_unit.sv",
    "operand_selector.sv",
    "comparator.sv",
    "processing_element.sv",
    "scheduler_skip.sv",
    "scheduler_combine.sv",
    "scheduler_queue.sv",
    "synthesis/clock_gate.sv",
    "synthesis/effectual_pe.sv",
    "synthesis/isolated_pe.sv",
    "synthesis/tops.sv",
)


def synthesize(design: Design, liberty: Path, folder: Path) -> dict:
    """Map a design to library cells; leave net.v, and return its module of `write_json`, flat."""
    sources = "".join((RTL / source).read_text() for source in SOURCES)
    (folder / "sources.sv").write_text(sources)
    chosen = " ".join(f"-chparam {key} {value}" for key, value in design.parameters.items())
    steps = [
        "read_verilog -sv sources.sv",
        f"hierarchy -top {design.top} {chosen}",
        f"synth -flatten -top {design.top}",
        f"rename -top {design.top}",
        f"dfflibmap -liberty {liberty}",
        f"abc -liberty {liberty}",
        "setundef -zero",
        "splitnets -ports",
        "opt_clean -purge",
        "rename -enumerate",
        f"tee -q -o {folder}/stat.txt stat -liberty {liberty}",
        f"write_json {folder}/net.json",
        f"write_verilog -noattr -noexpr {folder}/net.v",
    ]
    run(["yosys", "-q", "-p", "; ".join(steps)], folder)
    (module,) = (
        each
        for each in json.loads((folder / "net.json").read_text())["modules"].values()
        if int(each["attributes"].get("top", "0"), 2)
    )
    return module


def analyze(design: Design, liberty: Path, folder: Path) -> tuple[dict[str, tuple], float]:
    """Return each instance's (clock, switching, leakage) in W, and the critical path in ns.

    `clock` is its power where no data move, `switching` what one switch of its output in every
    cycle adds.
    """
    clock = "[get_ports clk]" if design.top != "comparator" else ""
    script = f"""
        read_liberty {liberty}
        read_verilog net.v
        link_design {design.top}
        create_clock -name clk -period {PERIOD_NS} {clock}
        set_input_delay 0 -clock clk [all_inputs]
        set_output_delay 0 -clock clk [all_outputs]
        report_checks -digits 4
        set_power_activity -global -activity 0
        report_power -instances [get_cells *] -digits 6
        set_power_activity -global -activity 1
        report_power -instances [get_cells *] -digits 6
        exit
    """
    (folder / "sta.tcl").write_text(script)
    report = run(["sta", "-no_splash", "-exit", "sta.tcl"], folder)
    number = r"(-?\d\.\d+e[+-]\d+)"
    rows = re.findall(rf"^\s*{number}\s+{number}\s+{number}\s+{number}\s+(\S+)$", report, re.M)
    quiet, busy = {}, {}
    for internal, wires, leakage, _, name in rows:
        # This build of OpenSTA charges the energies of a rise and of a fall with every transition,
        # in place of one of them: a flip-flop's clock pin shows it, 0.0814 pJ a cycle against
        # 0.0228 + 0.0179 in the library.
        power = (float(internal) / 2 + float(wires), float(leakage))
        (busy if name in quiet else quiet)[name] = power
    costs = {
        name: (quiet[name][0], busy[name][0] - quiet[name][0], busy[name][1]) for name in quiet
    }
    slack = float(re.search(r"(-?[\d.]+)\s+slack", report)[1])
    return costs, PERIOD_NS - slack


def cost(design: Design, liberty: Path, text: str) -> Cost:
    """Return what a design costs, its switching counted on random operands."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        module = synthesize(design, liberty, folder)
        kinds = [each["type"] for each in module["cells"].values()]
        rates = activity(module, library_cells(text, kinds), design.drives)
        instances, critical_path_ns = analyze(design, liberty, folder)
        area = re.findall(r"Chip area for .*: ([\d.]+)", (folder / "stat.txt").read_text())[-1]
    if rates.keys() != instances.keys():
        raise ValueError(f"{design.name}: OpenSTA reports other instances than Yosys wrote")
    power = sum(
        rates[name].clocked * clock + rates[name].switches * data
        for name, (clock, data, _) in instances.items()
    )
    return Cost(
        area_um2=float(area),
        dynamic_pj_per_cycle=power * PERIOD_NS * 1e3,
        leakage_uw=sum(leakage for _, _, leakage in instances.values()) * 1e6,
        critical_path_ns=critical_path_ns,
    )


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0 or "Error:" in done.stdout + done.stderr:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def versions() -> str:
    """Return the tools' names and versions, which the figures depend on."""
    yosys, sta = (run(command, Path.cwd()) for command in (["yosys", "-V"], ["sta", "-version"]))
    return f"{yosys.split(' (')[0]} and OpenSTA {sta.strip()}"


def cell_library(path: Path) -> str:
    """Return a Liberty file's text without the cells of low-power domains, which are no logic."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return re.sub(r'\n    cell \("[^"]*lpflow.*?\n    }(?=\n)', "", text, flags=re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--liberty", type=Path, help="SkyWater's sky130_fd_sc_hd, .lib or .lib.gz")
    parser.add_argument("--out", type=Path, help="the table to write")
    parser.add_argument("--compare", type=Path, metavar="TABLE", help="print it beside 45 nm")
    arguments = parser.parse_args()
    if arguments.compare:
        print(comparison(yaml.safe_load(arguments.compare.read_text())["modules"]))
        return
    if not (arguments.liberty and arguments.out):
        parser.error("expected --liberty and --out, or --compare")
    missing = [tool for tool in ("yosys", "sta") if shutil.which(tool) is None]
    if missing:
        parser.error(f"{' and '.join(missing)} not installed: apt-get install yosys opensta")

    text = cell_library(arguments.liberty)
    with tempfile.TemporaryDirectory() as name:
        liberty = Path(name) / "cells.lib"
        liberty.write_text(text)
        costs = {design.name: cost(design, liberty, text) for design in DESIGNS}
    with replacing(arguments.out) as temporary:
        temporary.write_text(table(costs, versions()))


if __name__ == "__main__":
    main()
