"""Four rows of words side by side, in vectors that no compiler finds in loops over words.

Counts of four rows then take about as many instructions as those of one.
"""

from __future__ import annotations

from numba import types
from numba.core.cgutils import get_or_insert_function, ir, pack_array, unpack_tuple
from numba.extending import intrinsic

_INT = ir.IntType(32)
_FOUR = ir.VectorType(ir.IntType(64), 4)
_ZEROS = ir.Constant(_FOUR, None)
_AHEAD = _FOUR.element(1024)  # words: so far behind what is read, memory is asked for


@intrinsic
def count_four(typing_context, words, rows, keeps, union, counts, places):
    """Add the bits set in up to four words of four rows to the count of each, and to their union.

    words: uint64. rows: where in it the words of each row begin, four of uint64.
    keeps: uint64, the bits of the words that count. A word of which none does is not read.
    union: uint64, the bits that are set in any row. counts: uint64, of each row.
    places: two of uint64, where the four of `keeps` and `union` begin, and those of `counts`.
    """
    two, four = types.UniTuple(types.uint64, 2), types.UniTuple(types.uint64, 4)
    signature = types.void(words, four, keeps, union, counts, two)

    def codegen(context, builder, signature, arguments):
        at = _pointers(context, builder, signature, arguments)
        of_words, of_counts = unpack_tuple(builder, arguments[5])
        keep, counted = builder.load(at(2, of_words), align=8), []
        any_row = builder.load(at(3, of_words), align=8)
        for row in unpack_tuple(builder, arguments[1]):
            _ask_for(builder, at(0, builder.add(row, _AHEAD)))
            bits = _kept(builder, at(0, row), keep)
            any_row = builder.or_(any_row, bits)
            counted.append(_call(builder, "llvm.ctpop.v4i64", _FOUR, [bits]))
        builder.store(any_row, at(3, of_words), align=8)
        counts = builder.load(at(4, of_counts), align=8)
        builder.store(builder.add(counts, _sums(builder, counted)), at(4, of_counts), align=8)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def add_four(typing_context, counts, rows, totals, fullest, place):
    """Add the counts of four rows to totals and take the largest, and let them begin anew.

    counts, totals, fullest: uint64, of which four from `place` on are taken.
    rows: uint64, how many of the four add to totals.
    """
    signature = types.void(counts, types.uint64, totals, fullest, types.uint64)

    def codegen(context, builder, signature, arguments):
        at = _pointers(context, builder, signature, arguments)
        own, total, most = (builder.load(at(index, arguments[4]), align=8) for index in (0, 2, 3))
        first = builder.insert_element(_ZEROS, arguments[1], _INT(0))
        rows = builder.shuffle_vector(first, _ZEROS, ir.Constant(ir.VectorType(_INT, 4), None))
        adds = builder.icmp_unsigned("<", ir.Constant(_FOUR, [0, 1, 2, 3]), rows)
        total = builder.add(total, builder.select(adds, own, _ZEROS))
        most = builder.select(builder.icmp_unsigned(">", own, most), own, most)
        for index, found in ((0, _ZEROS), (2, total), (3, most)):
            builder.store(found, at(index, arguments[4]), align=8)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def take_four(typing_context, numbers, place):
    """Return four numbers of an array of uint64 from `place` on, and leave zeros there."""
    signature = types.UniTuple(types.uint64, 4)(numbers, types.uint64)

    def codegen(context, builder, signature, arguments):
        four = _pointers(context, builder, signature, arguments)(0, arguments[1])
        found = builder.load(four, align=8)
        builder.store(_ZEROS, four, align=8)
        return pack_array(builder, [builder.extract_element(found, _INT(row)) for row in range(4)])

    return signature, codegen


def _pointers(context, builder, signature, arguments):
    """Return what says where four numbers of an argument begin."""

    def at(index, place):
        array = context.make_array(signature.args[index])(context, builder, arguments[index])
        return builder.bitcast(builder.gep(array.data, [place]), _FOUR.as_pointer())

    return at


def _call(builder, name, result, arguments):
    """Return what an operation of LLVM does."""
    kind = ir.FunctionType(result, [each.type for each in arguments])
    return builder.call(get_or_insert_function(builder.module, kind, name), arguments)


def _ask_for(builder, pointer):
    """Return nothing: have memory, which need not be there, brought into the second cache."""
    byte = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    to_read, second_cache, data = _INT(0), _INT(2), _INT(1)
    _call(builder, "llvm.prefetch.p0", ir.VoidType(), [byte, to_read, second_cache, data])


def _kept(builder, pointer, keep):
    """Return those bits of four words that are kept."""
    read = builder.icmp_unsigned("!=", keep, _ZEROS)
    words = [pointer, _INT(8), read, _ZEROS]  # 8: of which the address is a multiple
    return builder.and_(_call(builder, "llvm.masked.load.v4i64.p0", _FOUR, words), keep)


def _sums(builder, rows):
    """Return the sum of each of four rows of four numbers."""

    def added(one, other, left, right):
        """Return the sums of numbers of two rows, named by their places in both."""
        places = [ir.Constant(ir.VectorType(_INT, 4), each) for each in (left, right)]
        return builder.add(*(builder.shuffle_vector(one, other, each) for each in places))

    upper, lower = (added(*rows[row : row + 2], (0, 4, 2, 6), (1, 5, 3, 7)) for row in (0, 2))
    return added(upper, lower, (0, 1, 4, 5), (2, 3, 6, 7))
