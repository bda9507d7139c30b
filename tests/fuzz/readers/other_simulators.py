"""Designs of other simulators: SCALE-Sim's .cfg and Bit Fusion's conf.ini."""

from __future__ import annotations

import warnings
from functools import cached_property
from pathlib import Path
from random import Random

from fuzz.mutators.byte_edits import BYTE_EDITS
from fuzz.mutators.mutator import Mutator
from fuzz.reader import Broken, Reader
from pgsim import import_arch, load_arch

_SCALE_SIM = b"""\
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
_BIT_FUSION = b"""\
[system]
if_width = 192
[accelerator]
# in Hz
frequency = 500000000
Wgt_SRAM = 65536
Act_SRAM = 32768
Out_SRAM = 16384
gate_count = 20000
a = 16
c = 32
high_prec = 8
low_prec = 2
"""
_ODD_VALUES = (
    b"", b"0", b"-1", b"1e3", b"010", b"99999999999999999999", b"4.0", b"nan", b"os", b"yes",
    b"[x]", b"'", b'"a: b"', b"\xc3\xa4", b"# x", b"a" * 300, b"1,,2", b"{}", b"null", b"16",
)  # fmt: skip


def odd_value(rng: Random, data: bytes) -> bytes:
    """Give a key another value."""
    lines = data.split(b"\n")
    place = rng.randrange(len(lines))
    for mark in (b"=", b":"):
        key, found, _ = lines[place].partition(mark)
        if found:
            lines[place] = key + mark + b" " + rng.choice(_ODD_VALUES)
            break
    return b"\n".join(lines)


def lines_moved(rng: Random, data: bytes) -> bytes:
    """Leave a line out, say one twice, or put one elsewhere."""
    lines = data.split(b"\n")
    line = lines[rng.randrange(len(lines))]
    if rng.random() < 0.7:
        lines.remove(line)
    if rng.random() < 0.5:
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


class OtherSimulatorsReader(Reader):
    """`import_arch`, and the design that it writes."""

    name = "other-simulators"
    suffix = ".cfg"
    mutators: tuple[Mutator, ...] = (odd_value, lines_moved, *BYTE_EDITS)
    plain_inputs = 100

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """A file of each."""
        return _SCALE_SIM, _BIT_FUSION

    def use(self, path: Path) -> None:
        """Import a design, and read what is written."""
        output = path.with_name(f"{path.name}.yaml")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            design = import_arch(path, output)
        if load_arch(output) != design:
            raise Broken("the design that is written is another: " + output.read_text())
        output.unlink()


OTHER_SIMULATORS = OtherSimulatorsReader()
