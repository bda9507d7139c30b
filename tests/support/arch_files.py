"""An architecture file as small as can be, and as large a technology table, to be spoilt."""

from __future__ import annotations

from pathlib import Path

from pgsim.files import shipped

MINIMAL = """\
name: small
clock_mhz: 500
technology: 45nm
array:
  rows: 4
  columns: 8
  dataflow: os
  pe: {kind: fusion}
lsb:
  window: auto
memory:
  activation_sram: {kib: 2, banks: 4, port_bits: 64}
  weight_sram: {kib: 2, banks: 4, port_bits: 64}
  output_sram: {kib: 4, banks: 8, port_bits: 64}
  dram: {kind: lpddr4, bytes_per_cycle: 16, burst_bytes: 64}
"""


def edited(old: str, new: str) -> str:
    """The file with one piece of text replaced, which is there once."""
    assert MINIMAL.count(old) == 1
    return MINIMAL.replace(old, new)


def rewritten(folder: Path, text: str, old: str, new: str) -> Path:
    """A file of a text with one piece replaced, which is there once."""
    assert text.count(old) == 1
    path = folder / "custom.yaml"
    path.write_text(text.replace(old, new))
    return path


def technology_text() -> str:
    return shipped("arch_configs/technology", "45nm", ".yaml").read_text()


def synthesis_text() -> str:
    return shipped("arch_configs/synthesis", "sky130", ".yaml").read_text()
