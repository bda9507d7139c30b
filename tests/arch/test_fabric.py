"""What a dataflow is fitted to, from the numbers of a file (M46)."""

from __future__ import annotations

from pgsim import load_arch
from pgsim.arch import Fabric
from pgsim.arch.fabric import fabric_of


def test_a_fabric_has_the_sides_the_registers_and_what_buffers_bring_and_hold() -> None:
    buffer = {"kib": 4.0, "banks": 2, "port_bits": 64}
    buffers = {
        f"memory.{name}_sram.{key}": value
        for name in ("activation", "weight", "output")
        for key, value in buffer.items()
    }
    design = load_arch("pg_os").override(
        {
            **buffers,
            "mapping": "fixed",
            "array.rows": 4,
            "array.columns": 2,
            "array.pe.max_activation_bits": 4,
            "array.pe.max_weight_bits": 8,
            "array.register_files.activation_words": 6,
            "array.register_files.weight_words": 12,
            "array.register_files.sum_words": 2,
            "memory.double_buffered": True,
        }
    )
    # A word is of the widest operand; two banks bring 2 x 64 bits; half of 4 KiB holds 512 sums.
    assert fabric_of(design.array, design.memory) == Fabric(
        rows=4,
        columns=2,
        activation_words=6,
        weight_words=12,
        sum_words=2,
        word_bits=8,
        activation_port_bits=128,
        weight_port_bits=128,
        sums=512,
    )
