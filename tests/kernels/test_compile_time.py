"""How long kernels were compiled: what Numba takes for a function that it has not seen."""

import time

import numba

from pgsim.kernels.compile_time import compile_timer


def test_the_time_of_what_is_compiled_and_no_other():
    function = numba.njit(lambda number: number + 1)
    with compile_timer() as compiling_s:
        assert compiling_s() == 0
        began_s = time.monotonic()
        assert function(1) == 2
        first_s = compiling_s()
        assert 0 < first_s <= time.monotonic() - began_s
        assert function(2) == 3  # compiled already
        assert compiling_s() == first_s
    assert numba.njit(lambda number: number - 1)(1) == 0
    assert compiling_s() == first_s  # no longer measured
