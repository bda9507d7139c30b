"""Bit Fusion's conf.ini: the published configuration becomes the shipped design (M47)."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from pgsim import ArchConfig, InputError, import_arch, load_arch
from pgsim.errors import CounterpartWarning

# The numbers of bf_e_conf.ini, which arch_configs/bitfusion_isca_2018.yaml is made from.
INI = """\
[system]
if_width = 192

[accelerator]
# in Hz
frequency = 500000000
# in Bytes
Wgt_SRAM = 65536
Act_SRAM = 32768
Out_SRAM = 16384
gate_count = 20000
a = 16
c = 32
high_prec = 8
low_prec = 2
"""


def imported(folder: Path, text: str) -> ArchConfig:
    file, output = folder / "conf.ini", folder / "conf.yaml"
    file.write_text(text)
    with pytest.warns(CounterpartWarning, match="gate_count: no counterpart"):
        arch = import_arch(file, output)
    assert load_arch(output) == arch
    return arch


def test_the_published_configuration_is_the_shipped_design(tmp_path: Path) -> None:
    shipped = load_arch("bitfusion_isca_2018").model_dump()
    found = imported(tmp_path, INI).model_dump()
    for design in (shipped, found):
        for section in (design, design["array"], design["lsb"], design["mapping"]):
            section.pop("source")
        del design["name"], design["lsb"]  # the shipped one adds what gates
    assert found == shipped


def test_tables_of_areas_and_powers_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "conf.ini").write_text(INI + "[area]\nsp_2_2_signed_mult = 2.117\n")
    with pytest.warns(CounterpartWarning) as caught:
        import_arch(tmp_path / "conf.ini")
    assert any("[area] sp_2_2_signed_mult: no counterpart" in str(each.message) for each in caught)


# Widths of conf_ant.ini, conf_biscaled.ini and of MixPE's conf_mixfloat.ini and conf_float.ini.
# MACs of 4 x 4 bits are the products of `get_perf_factor` of Bit Fusion's simulator:
# int(high / max(4, low)) in both directions.
@pytest.mark.parametrize(
    ("high", "low", "kind", "port_bits", "macs"),
    [
        (8, 4, "fusion", 16, 4),
        (6, 6, "fixed", 8, 1),
        (16, 8, "fusion", 32, 4),
        (16, 16, "fixed", 16, 1),
        (8, 8, "fixed", 8, 1),
    ],
)
def test_units_of_wider_bricks_or_of_none(
    high: int, low: int, kind: str, port_bits: int, macs: int, tmp_path: Path
) -> None:
    text = INI.replace("high_prec = 8", f"high_prec = {high}").replace("gate_count = 20000\n", "")
    (tmp_path / "conf.ini").write_text(text.replace("low_prec = 2", f"low_prec = {low}"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        arch = import_arch(tmp_path / "conf.ini")
    told = [str(each.message) for each in caught]
    assert len(told) == (kind == "fusion")
    assert all(f"] low_prec: {low}: taken as 2" in message for message in told)
    assert arch.array.pe.kind == kind
    assert arch.memory.weight_sram.port_bits == arch.memory.activation_sram.port_bits == port_bits
    assert all(f"fewer than {low} bits take fewer cycles than there" in message for message in told)
    bits = max(4, low)
    assert arch.array.pe.unit.macs_and_cycles(bits, bits) == (macs, 1)


def test_bricks_of_one_bit_are_of_two(tmp_path: Path) -> None:
    text = INI.replace("low_prec = 2", "low_prec = 1").replace("gate_count = 20000\n", "")
    (tmp_path / "conf.ini").write_text(text)
    with pytest.warns(CounterpartWarning) as caught:
        arch = import_arch(tmp_path / "conf.ini")
    (told,) = (str(each.message).partition(": ")[2] for each in caught)
    assert told == (
        "[accelerator] low_prec: 1: taken as 2, the bits of a brick: layers of fewer bits than "
        "that take more cycles than there"
    )
    # There 64 MACs of 1 x 1 bit a cycle, int(8 / max(1, 1)) squared; here 16, as of 2 x 2.
    assert arch.array.pe.unit.macs_and_cycles(1, 1) == (16, 1)


def test_a_frequency_that_is_missing_is_assumed(tmp_path: Path) -> None:
    text = INI.replace("frequency = 500000000\n", "").replace("gate_count = 20000\n", "")
    (tmp_path / "conf.ini").write_text(text)
    with pytest.warns(CounterpartWarning) as caught:
        arch = import_arch(tmp_path / "conf.ini", tmp_path / "conf.yaml")
    (told,) = (str(each.message).partition(": ")[2] for each in caught)
    assert told == "[accelerator]: missing keys, taken are frequency as 500000000"
    assert arch.clock_mhz == 500  # of the paper, and of bf_e_conf.ini
    (line,) = (
        each for each in (tmp_path / "conf.yaml").read_text().splitlines() if "clock_mhz" in each
    )
    assert "ASSUMED: the file has no frequency" in line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "low_prec = 2",
            "low_prec = 16",
            "15: [accelerator] low_prec: value '16': expected no more than ",
        ),
        (
            "high_prec = 8",
            "high_prec = 6",
            "14: [accelerator] high_prec: value '6': expected one of 2, 4, ",
        ),
        ("low_prec = 2", "low_prec = 0", "15: [accelerator] low_prec: value '0': expected a whole"),
        (
            "a = 16",
            "b = 2\na = 16",
            "[accelerator] b: value '2': expected a whole number from 1 to 1",
        ),
        ("if_width = 192\n", "", "[system] if_width: missing."),
        ("if_width", "if_witdh", "[system] if_width: missing. Did you mean 'if_witdh'?"),
        ("Wgt_SRAM = 65536", "Wgt_SRAM = 64", "memory.weight_sram.kib: value 0.0625: expected at "),
    ],
)
def test_what_is_wrong_is_told(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert INI.count(old) == 1
    (tmp_path / "conf.ini").write_text(INI.replace(old, new))
    with pytest.raises(InputError) as caught:
        import_arch(tmp_path / "conf.ini")
    assert message in str(caught.value)
