"""What an array and its memories have of what a dataflow is fitted to (MODEL.md M46)."""

from __future__ import annotations

from pgsim.arch.dataflows import Fabric
from pgsim.arch.memory import Memory
from pgsim.arch.sections import Array
from pgsim.arch.windows import PARTIAL_SUM_BITS


def fabric_of(array: Array, memory: Memory) -> Fabric:
    """Return the sides of an array, its register files, and what buffers bring and hold."""
    registers = array.register_files
    return Fabric(
        rows=array.rows,
        columns=array.columns,
        activation_words=registers.activation_words,
        weight_words=registers.weight_words,
        sum_words=registers.sum_words,
        word_bits=array.pe.word_bits,
        activation_port_bits=memory.activation_sram.cycle_bits,
        weight_port_bits=memory.weight_sram.cycle_bits,
        sums=memory.usable_bits(memory.output_sram) // PARTIAL_SUM_BITS,
    )
