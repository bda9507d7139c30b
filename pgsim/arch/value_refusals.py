"""What a design cannot have whose PEs go by the values of operands (MODEL.md M58)."""

from __future__ import annotations

from collections.abc import Iterator

from pgsim.arch.nests import Mapping
from pgsim.arch.scheduling import LSB
from pgsim.arch.sections import Array
from pgsim.schemes import ACTIVATIONS


def value_refusals(array: Array, mapping: Mapping, lsb: LSB) -> Iterator[tuple[str, str]]:
    """Yield keys of a design, and why their values are refused."""
    if not array.pe.unit.by_values:
        return
    whose = f"where array.pe.kind is {array.pe.kind!r}"
    if not array.flow.takes_values:
        yield (
            "array.dataflow",
            f"value {array.dataflow!r}: expected os {whose}: its rows keep their outputs and wait "
            "for each other.",
        )
    elif array.lane_kind.slot_operand is not ACTIVATIONS:
        yield (
            "array.lanes",
            f"value {array.lanes!r}: expected channels {whose}: its rows take activations.",
        )
    if array.counted_by.by_tiles:
        yield (
            "array.convention",
            f"value {array.convention!r}: expected pgsim {whose}: no other one knows their cycles.",
        )
    if mapping.searches or mapping.nests:
        yield (
            "mapping.nests" if mapping.nests else "mapping.kind",
            f"expected the fixed order (mapping: fixed, without nests) {whose}: no loop nest is "
            "counted value by value.",
        )
    if lsb.by_density:
        yield (
            "lsb.lane_order",
            f"value {lsb.lane_order!r}: expected raster {whose}: channels stay in order.",
        )
