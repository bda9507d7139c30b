"""The PEs on which systems of the field are run, as keys of a design."""

from __future__ import annotations

from collections.abc import Mapping

Changes = Mapping[str, object]


def _pe(kind: str, activation_bits: int, weight_bits: int, **others: object) -> Changes:
    bits = {"max_activation_bits": activation_bits, "max_weight_bits": weight_bits}
    return {f"array.pe.{key}": value for key, value in {"kind": kind, **bits, **others}.items()}


def fixed(activation_bits: int, weight_bits: int) -> Changes:
    """Return PEs of a MAC of these bits."""
    return _pe("fixed", activation_bits, weight_bits)


FUSION = _pe("fusion", 8, 8)
SERIAL_ACTIVATION = _pe("serial_activation", 8, 8, terms=16)  # Stripes has 16
SERIAL_WEIGHT = _pe("serial_weight", 8, 8, terms=16)
PRAGMATIC = _pe("pragmatic", 8, 8, terms=16, first_stage_bits=2)  # its PRA-2b
LACONIC = _pe("laconic", 8, 8, terms=16, signed_digits=True)
TACTICAL = _pe("tactical_essential", 8, 8, terms=16, lookahead=2, lookaside=5, signed_digits=True)
ZERO_SKIP = _pe("zero_skip", 8, 8, terms=16)
BINARY = _pe("binary", 1, 1, terms=64)
SERIAL_BOTH = _pe("serial_both", 1, 1, terms=64)  # the same unit, which takes wider operands too
