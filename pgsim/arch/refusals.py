"""What the sections of a design cannot be together: keys, and why their values are refused."""

from __future__ import annotations

from collections.abc import Iterator

from pgsim.arch.memory import Memory
from pgsim.arch.nests import Mapping
from pgsim.arch.predictor_refusals import predictor_refusals
from pgsim.arch.scheduling import LSB
from pgsim.arch.sections import Array
from pgsim.arch.value_refusals import value_refusals
from pgsim.arch.windows import buffer_refusal, density_refusal, window_refusal

Refusals = Iterator[tuple[str, str]]


def refusals(array: Array, memory: Memory, mapping: Mapping, lsb: LSB) -> Refusals:
    """Yield keys of a design whose sections are each possible, and why their values are refused."""
    yield from _of_ports(array, memory)
    yield from value_refusals(array, mapping, lsb)
    yield from predictor_refusals(array, memory, mapping)
    yield from _of_convention(array, memory, mapping)
    if refusal := buffer_refusal(array, memory):
        yield "memory.output_sram.kib", refusal


def lsb_refusals(lsb: LSB, array: Array | None, memory: Memory | None) -> Refusals:
    """Yield keys of the scheduling, and why their values are refused beside the other sections.

    None stands for a section that is wrong itself.
    """
    if array is not None and lsb.by_density and not array.lane_kind.can_be_ordered:
        yield "lane_order", density_refusal(lsb.lane_order, array)
    if array is None or memory is None or lsb.fixed_window is None:
        return
    if refusal := window_refusal(lsb.fixed_window, array, memory):
        yield "window", refusal


def _of_ports(array: Array, memory: Memory) -> Refusals:
    if memory.all_ports and array.flow.reads_evenly:
        yield (
            "memory.ports",
            f"value {memory.ports!r}: expected slots where array.dataflow is {array.dataflow!r}, "
            "whose operands come evenly.",
        )


def _of_convention(array: Array, memory: Memory, mapping: Mapping) -> Refusals:
    """Yield what conventions do not know that only know tiles in the fixed order (M51)."""
    if not array.counted_by.by_tiles:
        return
    whose = f"where array.convention is {array.convention!r}."
    if memory.all_ports:
        yield "memory.ports", f"value {memory.ports!r}: expected slots {whose}"
    if mapping.searches:
        yield "mapping.kind", f"value {mapping.kind!r}: expected fixed {whose}"
    if mapping.nests:
        yield "mapping.nests", f"nests are given: expected none {whose}"
