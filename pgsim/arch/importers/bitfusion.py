"""`bitfusion`: the conf.ini files of Bit Fusion's simulator (Sharma et al., ISCA 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pgsim.arch.importers.importer import Design, Importer, Sourced
from pgsim.arch.importers.keys import Key, Unfit, whole_number
from pgsim.arch.sections import LONGEST_SIDE

_SYSTEM, _ACCELERATOR = "system", "accelerator"
_KIB_BYTES = 1024
_SUM_BITS = 32
_WIDEST_BITS = 16
_FUSED_BITS = (2, 4, 8, 16)  # widths of fusion PEs
_BRICK_BITS = 2
_PORT_STEP_BITS = 8  # ports are bytes wide
_HZ = 500_000_000
_MHZ = 1e6


def _frequency(text: str) -> Sourced:
    """Read a frequency in Hz; one that the file lacks says that it is assumed."""
    return Sourced(whole_number(most=10**11)(text), "frequency, in Hz")


class BitFusionFile(Importer):
    """An array of fusion units with a buffer for each; conventions are those of M47."""

    name = "bitfusion"
    description = "Bit Fusion's conf.ini"
    sections = (_ACCELERATOR,)
    keys = (
        Key(_SYSTEM, "if_width", whole_number()),
        Key(
            _ACCELERATOR,
            "frequency",
            _frequency,
            Sourced(_HZ, "ASSUMED: the file has no frequency, the published configuration this"),
        ),
        Key(_ACCELERATOR, "Act_SRAM", whole_number()),
        Key(_ACCELERATOR, "Wgt_SRAM", whole_number()),
        Key(_ACCELERATOR, "Out_SRAM", whole_number()),
        Key(_ACCELERATOR, "a", whole_number(most=LONGEST_SIDE)),
        Key(_ACCELERATOR, "b", whole_number(most=1), 1, is_fixed=True),
        Key(_ACCELERATOR, "c", whole_number(most=LONGEST_SIDE), also=("n",)),
        Key(_ACCELERATOR, "high_prec", whole_number(most=_WIDEST_BITS)),
        Key(_ACCELERATOR, "low_prec", whole_number(most=_WIDEST_BITS)),
    )
    ignored: ClassVar[Mapping[str, tuple[str, ...]]] = {
        _SYSTEM: ("mem_size", "max_area"),
        _ACCELERATOR: ("gate_count", "SRAM"),
        "area": (),
        "power": (),
    }

    def design(self, values: Mapping[str, Any], stem: str) -> tuple[Design, list[str]]:
        """Return the array, with its banks where the paper has buffers."""
        rows, columns = values["a"], values["c"]
        bits, least = values["high_prec"], values["low_prec"]
        kind, notes = _kind(bits, least)
        memory = _memory(values, bits * bits // least)
        pe_bits = Sourced(bits, "high_prec")
        array = {
            "rows": Sourced(rows, "a: input channels"),
            "columns": Sourced(columns, "c: output channels"),
            "dataflow": Sourced("bitfusion"),
            "first_layer": Sourced("im2col", "get_cycles: the first layer is taken by im2col"),
            "pe": {
                "kind": kind,
                "max_activation_bits": pe_bits,
                "max_weight_bits": pe_bits,
            },
        }
        return {
            "name": Sourced(stem, "the file's name"),
            "clock_mhz": Sourced(values["frequency"].value / _MHZ, values["frequency"].source),
            "technology": Sourced("45nm_bitfusion", "the paper's process"),
            "array": array,
            "mapping": {"kind": Sourced("search", "get_stats_fast tries orders and tilings")},
            "memory": memory,
            "batch": Sourced(16, "ASSUMED: the paper's evaluation"),
            "output_bits": Sourced(_SUM_BITS, "oprec = 32"),
        }, notes


def _memory(values: Mapping[str, Any], unit_bits: int) -> Mapping[str, Any]:
    """Return the memories; unit_bits: that a unit takes a cycle at its narrowest."""
    rows, columns = values["a"], values["c"]
    port_bits = -(-unit_bits // _PORT_STEP_BITS) * _PORT_STEP_BITS
    return {
        "activation_sram": _buffer(values, "Act_SRAM", rows, "a buffer a row", port_bits),
        "weight_sram": _buffer(values, "Wgt_SRAM", rows * columns, "a buffer a unit", port_bits),
        "output_sram": _buffer(values, "Out_SRAM", columns, "a buffer a column", _SUM_BITS),
        "double_buffered": Sourced(True, "get_stats_fast: a tile fits half of each buffer"),
        "counting": Sourced("per_mac", "get_stats_fast: each MAC reads its operands"),
        "overlap": Sourced("runs", "get_stats_fast: transfers hide behind a layer's work"),
        "dram": {
            "kind": Sourced("bitfusion"),
            "bytes_per_cycle": Sourced(values["if_width"] / 8, "if_width, in bits a cycle"),
            "burst_bytes": Sourced(32, "ASSUMED: Bit Fusion states none"),
        },
    }


def _kind(bits: int, least: int) -> tuple[Sourced, list[str]]:
    """Return the kind of PE of these widths, and what to say of it.

    Descendants of Bit Fusion have units that fuse nothing, or bricks of more than 2 bits.
    """
    if least > bits:
        raise Unfit(f"expected no more than high_prec, {bits}", "low_prec")
    if least == bits:
        return Sourced("fixed", "low_prec is high_prec: nothing is fused"), []
    if bits not in _FUSED_BITS:
        widths = ", ".join(map(str, _FUSED_BITS))
        raise Unfit(
            f"expected one of {widths}, or as much as low_prec, where nothing is fused", "high_prec"
        )
    kind = Sourced("fusion", f"bricks of {_BRICK_BITS} bits")
    if least == _BRICK_BITS:
        return kind, []
    differs = (
        f"layers of fewer than {least} bits take fewer cycles than there"
        if least > _BRICK_BITS
        else "layers of fewer bits than that take more cycles than there"
    )
    taken = f"taken as {_BRICK_BITS}, the bits of a brick: {differs}"
    return kind, [f"[{_ACCELERATOR}] low_prec: {least}: {taken}"]


def _buffer(
    values: Mapping[str, Any], key: str, banks: int, why: str, port_bits: int
) -> Mapping[str, Sourced]:
    return {
        "kib": Sourced(values[key] / _KIB_BYTES, f"{key}, in bytes"),
        "banks": Sourced(banks, why),
        "port_bits": Sourced(port_bits),
    }
