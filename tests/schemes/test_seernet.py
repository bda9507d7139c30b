"""`seernet:A`: prediction at A bits, then all again at full width (M54)."""

from __future__ import annotations

import pytest
from scheme_cases import GATED, UNGATED, planes, widths

from pgsim import InputError
from pgsim.schemes import layer_passes, scheme_named


def test_upper_bits_then_all_again() -> None:
    # Of 5 by 6 bits: bits 4 to 2 by bits 5 to 3, then all of both.
    assert planes(GATED, "seernet:3") == [((2, 3), (3, 3)), ((0, 5), (0, 6))]
    assert widths(GATED, "seernet:3") == [(3, 3, False), (5, 6, True)]


def test_an_ungated_layer_is_whole() -> None:
    assert widths(UNGATED, "seernet:3") == [(4, 6, False)]


def test_its_name_is_its_own() -> None:
    assert scheme_named("seernet:3").name == "seernet:3"


def test_fewer_bits_predict() -> None:
    with pytest.raises(InputError, match=r"5 activation bits.*'seernet:5' takes 5 first"):
        layer_passes(GATED, "seernet:5")
