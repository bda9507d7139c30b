"""`scalesim`: the .cfg files of SCALE-Sim (Samajdar et al., ISPASS 2020), versions 1 to 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pgsim.arch.dataflows import DATAFLOWS
from pgsim.arch.importers.importer import Design, Importer, Sourced
from pgsim.arch.importers.keys import Key, a_name, numbers, one_of, whole_number
from pgsim.arch.sections import LONGEST_SIDE
from pgsim.arch.windows import PARTIAL_SUM_BITS

_GENERAL, _ARRAY, _RUN = "general", "architecture_presets", "run_presets"
_MOST_KIB = 1 << 20
_WORD_BITS = 8  # SCALE-Sim counts words, of a byte each
_USER, _CALC = "USER", "CALC"
_ROWS_AND_BANKS = ("SRAM_row_size", "SRAM_bank_size", "DRAM_row_size", "DRAM_bank_size")
_KIB_BITS = 8192
_HALVES = 2


class ScaleSimFile(Importer):
    """An array, three buffers, a dataflow; defaults are those of SCALE-Sim's own reader."""

    name = "scalesim"
    description = "SCALE-Sim's .cfg"
    sections = (_ARRAY, _RUN)
    keys = (
        Key(_GENERAL, "run_name", a_name, "scale_run"),
        Key(_ARRAY, "ArrayHeight", whole_number(most=LONGEST_SIDE), 4),
        Key(_ARRAY, "ArrayWidth", whole_number(most=LONGEST_SIDE), 4),
        Key(_ARRAY, "IfmapSramSzkB", whole_number(most=_MOST_KIB), 256, ("IfmapSramSz",)),
        Key(_ARRAY, "FilterSramSzkB", whole_number(most=_MOST_KIB), 256, ("FilterSramSz",)),
        Key(_ARRAY, "OfmapSramSzkB", whole_number(most=_MOST_KIB), 128, ("OfmapSramSz",)),
        Key(_ARRAY, "Dataflow", one_of("os", "ws", "is"), "ws"),
        Key(_ARRAY, "Bandwidth", numbers, (10,)),
        Key(_RUN, "InterfaceBandwidth", one_of(_CALC, _USER), _CALC),
    )
    ignored: ClassVar[Mapping[str, tuple[str, ...]]] = {
        _ARRAY: (
            *("IfmapOffset", "FilterOffset", "OfmapOffset", "MemoryBanks", "OnChipMemoryBanks"),
            *("OnChipMemoryBankPorts", "ReadRequestBuffer", "WriteRequestBuffer"),
            *("IfmapCustomLayout", "IfmapSRAMBankBandwidth", "IfmapSRAMBankNum"),
            *("IfmapSRAMBankPort", "FilterCustomLayout", "FilterSRAMBankBandwidth"),
            *("FilterSRAMBankNum", "FilterSRAMBankPort", *_ROWS_AND_BANKS),
            *("SparsitySupport", "SparseRep", "OptimizedMapping", "BlockSize"),
        ),
        _RUN: ("UseRamulatorTrace", "TimeLinearModel", *_ROWS_AND_BANKS),
        "layout": (),
        "sparsity": (),
        "network_presets": ("TopologyCsvLoc",),
    }

    def design(self, values: Mapping[str, Any], stem: str) -> tuple[Design, list[str]]:
        """Return the array with buffers that bring what it takes, counted as SCALE-Sim counts."""
        rows, columns = values["ArrayHeight"], values["ArrayWidth"]
        flow, notes = values["Dataflow"], list[str]()
        unit = DATAFLOWS[flow].window_unit(rows)
        brought, held = "an element for each row a cycle", "an element for each column a cycle"
        memory = {
            "activation_sram": _buffer(values, "IfmapSramSzkB", rows, _WORD_BITS, brought, notes),
            "weight_sram": _buffer(
                values, "FilterSramSzkB", max(rows, columns), _WORD_BITS, held, notes
            ),
            "output_sram": _buffer(
                values,
                "OfmapSramSzkB",
                columns,
                PARTIAL_SUM_BITS,
                "a sum for each column a cycle",
                notes,
                least_bits=PARTIAL_SUM_BITS * columns * unit,
            ),
            "double_buffered": Sourced(True, "half of a buffer works while the other is filled"),
            "dram": _dram(values, notes),
        }
        array = {
            "rows": Sourced(rows, "ArrayHeight"),
            "columns": Sourced(columns, "ArrayWidth"),
            "dataflow": Sourced(flow, "Dataflow"),
            "convention": Sourced("scalesim", "cycles as SCALE-Sim counts them; pgsim: as RTL has"),
            "pe": {
                "kind": Sourced("fixed", "a MAC a cycle"),
                "max_activation_bits": Sourced(_WORD_BITS, "ASSUMED: words of a byte"),
                "max_weight_bits": Sourced(_WORD_BITS, "ASSUMED: words of a byte"),
            },
        }
        return {
            "name": Sourced(values["run_name"], "run_name"),
            "clock_mhz": Sourced(500, "ASSUMED: SCALE-Sim counts cycles alone"),
            "technology": Sourced("45nm", "ASSUMED: SCALE-Sim has none"),
            "array": array,
            "memory": memory,
        }, notes


def _buffer(
    values: Mapping[str, Any],
    key: str,
    banks: int,
    port_bits: int,
    why: str,
    notes: list[str],
    least_bits: int = 0,
) -> Design:
    """Return a buffer of so many banks, of no less than what one half of it has to hold."""
    asked_kib = values[key]
    least_kib = _HALVES * max(least_bits, banks * port_bits) / _KIB_BITS
    if asked_kib < least_kib:
        notes.append(
            f"[{_ARRAY}] {key}: {asked_kib}: taken as {least_kib:.12g}, the least that an array of "
            f"{values['ArrayHeight']} x {values['ArrayWidth']} works with"
        )
    return {
        "kib": Sourced(max(asked_kib, least_kib), key),
        "banks": Sourced(banks, why),
        "port_bits": Sourced(port_bits),
    }


def _dram(values: Mapping[str, Any], notes: list[str]) -> Design:
    """Return the DRAM: as fast as is needed, or of the bandwidth that the file gives."""
    words = values["Bandwidth"]
    is_given = values["InterfaceBandwidth"] == _USER
    if is_given:
        notes.append(
            f"[{_ARRAY}] Bandwidth: {words[0]}: taken as that of all transfers together; SCALE-Sim "
            "has an interface of this width for each operand and for the outputs"
        )
    source = f"InterfaceBandwidth: {_USER if is_given else _CALC}"
    return {
        "model": Sourced("bandwidth" if is_given else "ideal", source),
        "kind": Sourced("lpddr4", "ASSUMED: SCALE-Sim has none"),
        "bytes_per_cycle": Sourced(words[0], "Bandwidth, in words of a byte"),
        "burst_bytes": Sourced(1, "SCALE-Sim counts words"),
    }
