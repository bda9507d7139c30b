"""What a design cannot have of whose array a part predicts (MODEL.md M59)."""

from __future__ import annotations

from collections.abc import Iterator

from pgsim.arch.memory import Memory
from pgsim.arch.nests import Mapping
from pgsim.arch.overlaps import FOLD_OVERLAPS
from pgsim.arch.sections import Array


def predictor_refusals(array: Array, memory: Memory, mapping: Mapping) -> Iterator[tuple[str, str]]:
    """Yield keys of a design, and why their values are refused."""
    if not array.predictor_share:
        return
    whose = "where array.predictor_share is over 0"
    if not array.flow.sums_in_pes:
        yield (
            "array.dataflow",
            f"value {array.dataflow!r}: expected os {whose}: its rows can be cut, for each sums "
            "outputs of its own.",
        )
    if not FOLD_OVERLAPS[array.overlap].overlaps:
        yield (
            "array.overlap",
            f"value {array.overlap!r}: expected folds {whose}: folds that run alone are counted on "
            "one array.",
        )
    if array.counted_by.by_tiles:
        yield (
            "array.convention",
            f"value {array.convention!r}: expected pgsim {whose}: no other one knows two arrays.",
        )
    if array.pe.unit.by_values:
        yield (
            "array.pe.kind",
            f"value {array.pe.kind!r}: expected one that takes gated passes {whose}.",
        )
    yield from _of_memory(memory, whose)
    if mapping.searches or mapping.nests:
        yield (
            "mapping.nests" if mapping.nests else "mapping.kind",
            f"expected the fixed order (mapping: fixed, without nests) {whose}: no loop nest is "
            "counted on two arrays.",
        )


def _of_memory(memory: Memory, whose: str) -> Iterator[tuple[str, str]]:
    if memory.all_ports:
        yield (
            "memory.ports",
            f"value {memory.ports!r}: expected slots {whose}: how two arrays share a bank is not "
            "modelled.",
        )
    if not memory.double_buffered:
        yield (
            "memory.double_buffered",
            f"value false: expected true {whose}: each array needs a half of the output buffer.",
        )
