"""Precision Gating's average bits, from its sparsity (PG, section 3; MODEL.md M4)."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.study.published.result import Figure, Published


def average_bits(bits: int, msb_bits: int, sparsity: float) -> float:
    """Return the bits of an activation that a gated network computes with on average (M4).

    sparsity: the fraction of outputs that go without their LSBs.

    Examples
    --------
    >>> round(average_bits(3, 2, 0.901), 3)
    2.099
    """
    return msb_bits + (1 - sparsity) * (bits - msb_bits)


class _Row(NamedTuple):
    network: str
    bits: int
    msb_bits: int
    sparsity: float
    published: float


_ROWS = (
    _Row("ShiftNet-20", 5, 3, 0.555, 3.9),
    _Row("ShiftNet-20", 5, 3, 0.963, 3.1),
    _Row("ShiftNet-20", 3, 1, 0.719, 1.6),
    _Row("ResNet-20", 4, 3, 0.782, 3.2),
    _Row("ResNet-20", 3, 2, 0.901, 2.1),
    _Row("ResNet-20", 2, 1, 0.715, 1.3),
    _Row("ShuffleNet V2 0.5x", 6, 4, 0.572, 4.8),
    _Row("ShuffleNet V2 0.5x", 6, 4, 0.622, 4.7),
    _Row("ShuffleNet V2 0.5x", 5, 3, 0.419, 4.1),
)


class PrecisionGating(Published):
    """The rows of PG's table of convolutional networks."""

    name = "precision_gating"
    citation = "Zhang et al., Precision Gating, ICLR 2020, table 1"
    unit = "average bits of an activation"
    differs = (
        "Nothing in these rows: both are B_hb + (1 - sparsity) * B_lb. The paper prints one "
        "decimal, those of ShuffleNet rounded down. Its table of an LSTM on Penn Tree Bank is not "
        "among them: its widths and sparsity could not be found in a source. Its abstract says "
        "2.7x less compute than at 8 bits."
    )

    def figures(self) -> tuple[Figure, ...]:
        """Return the average bits of each row."""
        return tuple(
            Figure(
                f"{row.network} {row.bits}/{row.msb_bits}, {100 * row.sparsity:.1f} % sparse",
                row.published,
                average_bits(row.bits, row.msb_bits, row.sparsity),
            )
            for row in _ROWS
        )
