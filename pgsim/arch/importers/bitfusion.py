"""`bitfusion`: the conf.ini files of Bit Fusion's simulator (Sharma et al., ISCA 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pgsim.arch.importers.importer import Design, Importer, Sourced
from pgsim.arch.importers.keys import Key, one_of, whole_number
from pgsim.arch.sections import LONGEST_SIDE

_SYSTEM, _ACCELERATOR = "system", "accelerator"
_KIB_BYTES = 1024
_SUM_BITS = 32


class BitFusionFile(Importer):
    """An array of fusion units with a buffer for each; conventions are those of M47."""

    name = "bitfusion"
    description = "Bit Fusion's conf.ini"
    sections = (_ACCELERATOR,)
    keys = (
        Key(_SYSTEM, "if_width", whole_number()),
        Key(_ACCELERATOR, "frequency", whole_number(most=10**11)),
        Key(_ACCELERATOR, "Act_SRAM", whole_number()),
        Key(_ACCELERATOR, "Wgt_SRAM", whole_number()),
        Key(_ACCELERATOR, "Out_SRAM", whole_number()),
        Key(_ACCELERATOR, "a", whole_number(most=LONGEST_SIDE)),
        Key(_ACCELERATOR, "b", whole_number(most=1), 1, is_fixed=True),
        Key(_ACCELERATOR, "c", whole_number(most=LONGEST_SIDE), also=("n",)),
        Key(_ACCELERATOR, "high_prec", one_of("2", "4", "8", "16")),
        Key(_ACCELERATOR, "low_prec", one_of("2")),
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
        bits, least = int(values["high_prec"]), int(values["low_prec"])
        port_bits = max(bits * bits // least, 8)  # what a unit takes a cycle at its narrowest
        memory = {
            "activation_sram": _buffer(values, "Act_SRAM", rows, "a buffer a row", port_bits),
            "weight_sram": _buffer(
                values, "Wgt_SRAM", rows * columns, "a buffer a unit", port_bits
            ),
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
        pe_bits = Sourced(bits, "high_prec")
        array = {
            "rows": Sourced(rows, "a: input channels"),
            "columns": Sourced(columns, "c: output channels"),
            "dataflow": Sourced("bitfusion"),
            "first_layer": Sourced("im2col", "get_cycles: the first layer is taken by im2col"),
            "pe": {
                "kind": Sourced("fusion", "low_prec = 2: bricks of 2 bits"),
                "max_activation_bits": pe_bits,
                "max_weight_bits": pe_bits,
            },
        }
        return {
            "name": Sourced(stem, "the file's name"),
            "clock_mhz": Sourced(values["frequency"] / 1e6, "frequency, in Hz"),
            "technology": Sourced("45nm_bitfusion", "the paper's process"),
            "array": array,
            "mapping": {"kind": Sourced("search", "get_stats_fast tries orders and tilings")},
            "memory": memory,
            "batch": Sourced(16, "ASSUMED: the paper's evaluation"),
            "output_bits": Sourced(_SUM_BITS, "oprec = 32"),
        }, []


def _buffer(
    values: Mapping[str, Any], key: str, banks: int, why: str, port_bits: int
) -> Mapping[str, Sourced]:
    return {
        "kib": Sourced(values[key] / _KIB_BYTES, f"{key}, in bytes"),
        "banks": Sourced(banks, why),
        "port_bits": Sourced(port_bits),
    }
