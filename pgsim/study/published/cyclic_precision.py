"""What CPT saves of the bit operations of training (Fu et al., ICLR 2021; MODEL.md M57)."""

from __future__ import annotations

from pgsim.study.precision_schedule import CyclicPrecision, saved_bit_operations
from pgsim.study.published.result import Figure, Published

_ROWS = ((3, 8, 8, 36.67), (3, 6, 6, 30.05), (4, 8, 8, 30.11), (4, 6, 6, 20.69), (5, 8, 8, 23.16))


class CyclicPrecisionTraining(Published):
    """CPT's savings against static training at the highest bits."""

    name = "cpt"
    citation = "Fu et al., CPT, ICLR 2021, computational cost of CIFAR networks"
    unit = "% of the bit operations of training that are saved"
    differs = "Nothing: 64,000 iterations in 32 cycles, bits rounded to the nearest."

    def figures(self) -> tuple[Figure, ...]:
        """Return the saving of each range of bits."""
        found = []
        for lowest, highest, gradient_bits, published in _ROWS:
            schedule = CyclicPrecision(lowest, highest, gradient_bits)
            found.append(Figure(schedule.name, published, 100 * saved_bit_operations(schedule)))
        return tuple(found)
