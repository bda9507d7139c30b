"""The issue slots that `combine` holds, in two words: an operation looks at all of them at once.

Each is a field of 8, 16, 32 or 64 bits, as many as its lanes need, oldest first. A field of zeros
is one that nothing joined yet, so that what finds no room in an older one opens it. Fields that
hold no issue slot are all ones. Masks stand in the place of branches, because no processor foresees
which slots clash.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.words import popcount

_ALL = ~np.uint64(0)
_NONE = np.uint64(0)
_ONE = np.uint64(1)


class Fields(NamedTuple):
    """How issue slots lie in two words, as uint64.

    bits: of a field; 0 where two words do not hold them. log_bits: its logarithm. lowest, highest:
    those bits of each field. low, high: of each word, the fields that hold no issue slot. newest:
    the highest bit of the last one that does, which is in the high word. before: fields of the low
    word that hold none. ways: in each field, how many slots make an issue slot full.
    """

    bits: int
    log_bits: int
    lowest: int
    highest: int
    low: int
    high: int
    newest: int
    before: int
    ways: int


class Held(NamedTuple):
    """The lanes of the held issue slots in two words, and in two more how many slots share each."""

    low: int
    high: int
    low_ways: int
    high_ways: int


@kernel
def fields_of(lanes, table):
    """Return how the held issue slots of so many lanes lie in two words; table: `combine.Table`."""
    log_bits = 3
    while lanes > 1 << log_bits:
        log_bits += 1
    of_word, held = 64 >> log_bits, table.open_slots
    bits = np.uint64(1 << log_bits) if lanes <= 64 and held <= 2 * of_word else _NONE
    in_low = of_word if held > of_word else 0
    in_high = np.uint64(held - in_low)
    lowest = _ALL // _first(max(_ONE, bits))
    return Fields(
        bits,
        np.uint64(log_bits),
        lowest,
        lowest << (bits - _ONE),
        _NONE if in_low else _ALL,
        ~_first(bits * in_high),
        _ONE << (bits * in_high - _ONE),
        np.uint64(of_word - in_low),
        lowest * np.uint64(min(table.ways, 65)),  # of 64 lanes no more than 64 slots share one
    )


@kernel
def _first(bits):
    """Return a word whose first bits are ones."""
    return _ALL >> (np.uint64(64) - bits) if bits > 0 else _NONE


@kernel
def issue_slots(low, high, fields):
    """Return how many issue slots are held in two words."""
    held, last = 0, _first(fields.bits)
    for word in (low & ~fields.low, high & ~fields.high):
        while word > 0:
            held += (word & last) > 0
            word = word >> (fields.bits - _ONE) >> _ONE
    return held


@kernel(inlined=True)
def none_held(fields):
    """Return what holds no issue slot."""
    return Held(fields.low, fields.high, _NONE, _NONE)


@kernel(inlined=True)
def _free(word, everywhere, fields):
    """Return the highest bits of fields that share no lane with a slot, right up to the first one.

    everywhere: the slot's lanes, in each field. A borrow reaches the highest bit of fields of zeros
    and, above the first of these, of others (Warren, Hacker's Delight, section 6-1).
    """
    clash = word & everywhere
    return (clash - fields.lowest) & ~clash & fields.highest


@kernel(inlined=True)
def _first_one(word):
    return word & (~word + _ONE)


@kernel(inlined=True)
def _shifted(low, high, fields):
    """Return two words without their first field; no word is shifted by all its bits at once."""
    most = fields.bits - _ONE
    return (low >> most >> _ONE) | high << (np.uint64(64) - fields.bits), high >> most >> _ONE


@kernel(inlined=True)
def join(held, lanes, fields):
    """Put a slot's lanes into the oldest issue slot that shares none of them and is not full.

    If there is none, the oldest goes, and the slot opens one. Returns what is held then, whether
    the oldest went, and the place of the slot's own.
    """
    everywhere = lanes * fields.lowest
    free_low = _free(held.low, everywhere, fields)
    free_high = _free(held.high, everywhere, fields)
    drops = np.uint64((free_low | free_high) == 0)
    gone, stays = _NONE - drops, drops - _ONE
    low, high = _shifted(held.low, held.high & ~fields.high, fields)
    low = (held.low & stays) | ((low | fields.low) & gone)
    high = (held.high & stays) | ((high | fields.high) & gone)
    low_ways, high_ways = _shifted(held.low_ways, held.high_ways, fields)
    low_ways = (held.low_ways & stays) | (low_ways & gone)
    high_ways = (held.high_ways & stays) | (high_ways & gone)

    top_low = _first_one(free_low)
    only_high = np.uint64(free_low != 0) - _ONE
    top_high = (_first_one(free_high) & only_high) | (fields.newest & gone)
    bottom_low, bottom_high = top_low >> (fields.bits - _ONE), top_high >> (fields.bits - _ONE)
    own_low, own_high = (top_low - bottom_low) | top_low, (top_high - bottom_high) | top_high
    low_ways += bottom_low
    high_ways += bottom_high
    differs = ((low_ways ^ fields.ways) & own_low) | ((high_ways ^ fields.ways) & own_high)
    added = everywhere | (np.uint64(differs != 0) - _ONE)  # a full one seems to use every lane
    held = Held(low | (added & own_low), high | (added & own_high), low_ways, high_ways)

    bits_before = popcount(bottom_low - _ONE) & ~only_high | (
        (np.uint64(64) + popcount(bottom_high - _ONE)) & only_high
    )
    return held, drops, (bits_before >> fields.log_bits) - fields.before
