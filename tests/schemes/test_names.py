"""Schemes by their names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scheme_cases import GATED

from pgsim import InputError
from pgsim.schemes import KINDS, SCHEMES, layer_passes, scheme_named


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dual-dense", "Did you mean 'dual_dense'"),
        ("PG", "expected one of pg, dual_dense"),
        ("uniform", "Did you mean 'uniform:8,8'"),
        ("uniform:8,8,8", "Did you mean 'uniform:8,8'"),
        ("uniform:-1", "expected one of"),
        ("plane:2,2", "Did you mean 'planes:2,2'"),
        ("", "expected one of"),
    ],
)
def test_an_unknown_scheme_is_refused_with_what_was_expected(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        scheme_named(name)


def test_every_scheme_is_described(tmp_path: Path) -> None:
    # Two planes of GATED's 5 activation and 6 weight bits, or a single width of each.
    table = tmp_path / "t.csv"
    table.write_text("layer,activation_bits,weight_bits\nlinear,3,2\n")
    lists = {"A,A,...": "3,2", "W,W,...": "4,2", ":N": ":2", "FILE": str(table)}
    for name, description in SCHEMES.items():
        assert description
        for letters, bits in lists.items():
            name = name.replace(letters, bits)
        bits = "3" if name.startswith(("odq", "seernet")) else "8"  # fewer than there are
        name = re.sub("[AW](?=,|$)", bits, name)
        assert layer_passes(GATED, name)
        # Of one name they are one, so that simulations may share what a scheme makes.
        assert len({scheme_named(name), scheme_named(name)}) == 1


def test_every_kind_gives_an_example_of_itself() -> None:
    for kind in KINDS:
        assert type(scheme_named(kind.example)) is kind
        assert scheme_named(kind.example).name == kind.example


def test_a_scheme_is_taken_as_it_is() -> None:
    scheme = KINDS[0]()
    assert scheme_named(scheme) is scheme
