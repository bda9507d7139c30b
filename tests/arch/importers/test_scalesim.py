"""SCALE-Sim's .cfg files: what each key becomes, and what is said of the others (M51)."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from pgsim import ArchConfig, InputError, import_arch, load_arch
from pgsim.errors import CounterpartWarning

# In the manner of SCALE-Sim's configs/scale.cfg.
CFG = """\
[general]
run_name = example_32x16_ws

[architecture_presets]
ArrayHeight:    32
ArrayWidth:     16
IfmapSramSzkB:   64
FilterSramSzkB:  48
OfmapSramSzkB:   24
IfmapOffset:    0
Bandwidth : 10,20,30
Dataflow : ws

[sparsity]
SparsitySupport : false

[run_presets]
InterfaceBandwidth: USER
"""


def imported(folder: Path, text: str) -> tuple[ArchConfig, list[str]]:
    """The design of a file, as it is read from the YAML that is written, and the warnings."""
    file, output = folder / "scale.cfg", folder / "scale.yaml"
    file.write_text(text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arch = import_arch(file, output)
    assert load_arch(output) == arch
    assert all(each.category is CounterpartWarning for each in caught)
    return arch, [str(each.message).removeprefix(f"{file}: ") for each in caught]


def test_every_key_with_a_counterpart(tmp_path: Path) -> None:
    arch, said = imported(tmp_path, CFG)
    array, memory = arch.array, arch.memory
    assert (arch.name, arch.source) == ("example_32x16_ws", "SCALE-Sim's .cfg, scale.cfg")
    assert (array.rows, array.columns, array.dataflow) == (32, 16, "ws")
    assert (array.convention, array.pe.kind) == ("scalesim", "fixed")
    assert [sram.kib for sram in memory.buffers.values()] == [64, 48, 24]
    assert (memory.dram.model, memory.dram.bytes_per_cycle) == ("bandwidth", 10)
    assert said == [
        "[architecture_presets] IfmapOffset: no counterpart in pgsim, left out",
        "[sparsity] SparsitySupport: no counterpart in pgsim, left out",
        "[architecture_presets] Bandwidth: 10: taken as that of all transfers together; SCALE-Sim "
        "has an interface of this width for each operand and for the outputs",
    ]


def test_each_line_says_where_it_comes_from(tmp_path: Path) -> None:
    imported(tmp_path, CFG)
    lines = (tmp_path / "scale.yaml").read_text().splitlines()
    assert lines[0] == "# Imported from SCALE-Sim's .cfg, scale.cfg."
    assert "  rows: 32                      # ArrayHeight" in lines
    assert "    kib: 24                     # OfmapSramSzkB" in lines
    assert any(line.startswith("clock_mhz: 500") and "ASSUMED" in line for line in lines)


def test_bandwidth_as_needed_is_dram_that_takes_no_time(tmp_path: Path) -> None:
    arch, _ = imported(tmp_path, CFG.replace("USER", "CALC"))
    assert arch.memory.dram.model == "ideal"


def test_sections_that_older_files_lack_are_as_scale_sim_has_them(tmp_path: Path) -> None:
    # ARM's first version has no [run_presets], and other names for the buffers. scale_config.py:
    # 4 x 4, ws, 256, 256 and 128 kB.
    older = """\
[general]
run_name = "tpu"

[architecture_presets]
ArrayHeight:    8
ArrayWidth:     8
IfmapSramSz:    6144
FilterSramSz:   6144
OfmapSramSz:    2048
Dataflow:       os

[network_presets]
TopologyCsvLoc: "topologies/yolo.csv"
"""
    arch, said = imported(tmp_path, older)
    assert arch.name == "tpu"
    assert [sram.kib for sram in arch.memory.buffers.values()] == [6144, 6144, 2048]
    assert arch.memory.dram.model == "ideal"
    assert said == [
        "[architecture_presets]: missing keys, taken are Bandwidth as 10",
        "[run_presets]: missing, taken are InterfaceBandwidth as CALC",
        "[network_presets] TopologyCsvLoc: no counterpart in pgsim, left out",
    ]
    bare, _ = imported(tmp_path, "[run_presets]\nInterfaceBandwidth = CALC\n")
    assert (bare.array.rows, bare.array.columns, bare.array.dataflow) == (4, 4, "ws")
    assert [sram.kib for sram in bare.memory.buffers.values()] == [256, 256, 128]


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 200), (200, 3), (128, 128)])
def test_no_array_is_refused_for_its_buffers(
    dataflow: str, rows: int, columns: int, tmp_path: Path
) -> None:
    text = (
        CFG.replace("32\n", f"{rows}\n")
        .replace("16\n", f"{columns}\n")
        .replace(": ws", f": {dataflow}")
    )
    small = text.replace("64", "1").replace("48", "1").replace("24", "1")
    arch, said = imported(tmp_path, small)
    # Half of the output buffer holds a fold's sums of 32 bits, or those of a slot.
    least = 2 * columns * 32 * (rows if dataflow == "os" else 1) / 8192
    assert arch.memory.output_sram.kib == max(1, least)
    assert any("OfmapSramSzkB: 1: taken as" in each for each in said) == (least > 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (": ws", ": wss", "12: [architecture_presets] Dataflow: value 'wss': expected one of os, "),
        (": ws", ": wss", "Did you mean 'ws'?"),
        (
            "USER",
            "USR",
            "18: [run_presets] InterfaceBandwidth: value 'USR': expected one of CALC, ",
        ),
        (
            "32\n",
            "0\n",
            "5: [architecture_presets] ArrayHeight: value '0': expected a whole number ",
        ),
        ("32\n", "2048\n", "expected a whole number from 1 to 1024"),
        ("32\n", "3.5\n", "value '3.5': expected a whole number"),
        ("32\n", "\n", "value '': expected a whole number"),
        (
            "10,20,30",
            "10,x",
            "11: [architecture_presets] Bandwidth: value '10,x': expected a whole",
        ),
        (
            "ArrayWidth:     16",
            "ArrayHeight: 16",
            "6: [architecture_presets] ArrayHeight: duplicate",
        ),
        ("run_name =", "run_name", "2: 'run_name example_32x16_ws': expected key = value"),
        ("example_32x16_ws", "a\x07", "2: [general] run_name: value"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_key(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    assert CFG.count(old) == 1
    path = tmp_path / "wrong.cfg"
    path.write_text(CFG.replace(old, new))
    with pytest.raises(InputError) as caught:
        import_arch(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_misspelt_section_is_named_with_the_nearest(tmp_path: Path) -> None:
    _, said = imported(tmp_path, CFG.replace("[architecture_presets]", "[Architecture_Presets]"))
    assert (
        "[Architecture_Presets] ArrayHeight: in an unknown section, left out. Did you mean "
        "'architecture_presets'?"
    ) in said


def test_a_misspelt_key_is_named_with_the_nearest(tmp_path: Path) -> None:
    _, said = imported(tmp_path, CFG.replace("ArrayHeight:", "ArrayHieght:"))
    assert "[architecture_presets]: missing keys, taken are ArrayHeight as 4" in said
    unknown = (
        "[architecture_presets] ArrayHieght: unknown key, left out. Did you mean 'ArrayHeight'?"
    )
    assert unknown in said
