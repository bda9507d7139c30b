"""How far a port falls behind the operand vectors that a pass reads (MODEL.md M21)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel


@kernel
def shortfall(vectors, issued, rate):
    """Return the most bits by which a port is behind at the end of any beat of issued slots.

    vectors: int64, those that each issued slot reads, of which the first `issued` count.
    rate: int64 (3,), issued slots of a beat, bits of a vector, bits the port brings in a beat.
    """
    beat_slots, vector_bits, beat_port_bits = rate[0], rate[1], rate[2]
    most = np.int64(-(2**62))
    behind = np.int64(0)
    left = (issued - 1) % beat_slots  # slots of this beat still to come; the first beat is short
    for slot in range(issued):
        behind += vectors[slot] * vector_bits
        if left:
            left -= 1
        else:
            behind -= beat_port_bits
            most = max(most, behind)
            left = beat_slots - 1
    return most if issued else np.int64(0)
