"""Operations on 64-bit words that kernels share."""

from __future__ import annotations

import numba
import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic

from pgsim.kernels.compiled import kernel


@intrinsic
def popcount(typing_context, word):
    """Return the number of bits set in a word, uint64."""

    def codegen(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return numba.uint64(numba.uint64), codegen


@intrinsic
def trailing_zeros(typing_context, word):
    """Return the number of zeros below the lowest bit set in a word, uint64; 64 if none is."""

    def codegen(context, builder, signature, arguments):
        return builder.cttz(arguments[0], cgutils.false_bit)

    return numba.uint64(numba.uint64), codegen


@kernel
def transpose(block):
    """Transpose a 64 x 64 bit matrix in place (Warren, Hacker's Delight, section 7-3)."""
    width = 32
    keep = np.uint64(0x00000000FFFFFFFF)
    while width:
        shift = np.uint64(width)
        for base in range(0, 64, 2 * width):
            for row in range(base, base + width):
                swapped = ((block[row] >> shift) ^ block[row + width]) & keep
                block[row + width] ^= swapped
                block[row] ^= swapped << shift
        width >>= 1
        keep ^= keep << np.uint64(width)
