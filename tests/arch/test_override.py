"""Architectures with some values changed."""

import pytest

from pgsim.arch import config_keys
from pgsim.errors import InputError


def test_override_gives_a_new_config_and_leaves_the_old(small):
    wide = small.override({"array.columns": 16, "lsb.ways": 8, "output_bits": 4})
    assert (wide.array.columns, wide.lsb.ways, wide.output_bits) == (16, 8, 4)
    assert (small.array.columns, small.lsb.ways, small.output_bits) == (8, 4, None)
    back = {"array.columns": 8, "lsb.ways": 4, "output_bits": None}
    assert wide.override({**back, "name": "small"}) == small


def test_the_name_tells_what_was_changed(small):
    wide = small.override({"array.columns": 16, "memory.double_buffered": False})
    assert wide.name == "small[array.columns=16,memory.double_buffered=false]"
    assert wide.override({"array.columns": 4, "output_bits": 4}).name == (
        "small[array.columns=4,memory.double_buffered=false,output_bits=4]"
    )
    assert small.override({"array.columns": 8, "output_bits": None}).name == "small"
    assert small.override({"array.columns": 16, "name": "mine"}).name == "mine"
    bracketed = small.override({"name": "small[mine]"})
    assert bracketed.override({"array.columns": 16}).name == "small[mine][array.columns=16]"


def test_override_checks_the_whole_again(small):
    window = small.override({"lsb.window": 64})
    with pytest.raises(InputError, match=r"64\], overridden: lsb\.window: value 64"):
        window.override({"array.columns": 16})


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("array.rowz", 4, "array.rowz: unknown key. Did you mean 'array.rows'?"),
        ("ways", 4, "ways: unknown key. Did you mean 'lsb.ways'?"),
        ("lsb", 4, "lsb: a section: expected one of its values: lsb.scheduler, lsb.ways"),
        ("array.rows.x", 4, "array.rows.x: unknown key. Did you mean 'array.rows'?"),
        ("qqq", 4, "qqq: unknown key. Expected one of name, source, clock_mhz"),
        ("array.rows", True, "array.rows: value True: expected a whole number from 1 to 1024"),
        ("array.rows", "4", "array.rows: value '4': expected a whole number from 1 to 1024"),
        ("clock_mhz", float("inf"), "clock_mhz: value inf: expected auto or a number over 0"),
        ("array.pe.kind", "fixd", "array.pe.kind: value 'fixd': expected one of fixed, fus"),
    ],
)
def test_errors_name_the_dotted_key(small, key, value, expected):
    with pytest.raises(InputError) as caught:
        small.override({key: value})
    assert str(caught.value).startswith(f"small, overridden: {expected}")


def test_override_reports_every_problem(small):
    with pytest.raises(InputError) as caught:
        small.override({"array.rows": 0, "array.colums": 1, "batch": 0})
    assert len(str(caught.value).splitlines()) == 3


def test_override_takes_numpy_scalars_as_numbers(small):
    np = pytest.importorskip("numpy")
    wide = small.override({"array.rows": np.int64(32), "clock_mhz": np.float32(250)})
    assert (wide.array.rows, wide.clock_mhz) == (32, 250)
    assert type(wide.array.rows) is int


def test_what_cannot_be_compared_is_refused_like_any_other_value(small):
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    for value in (np.array([8, 16]), pd.NA):
        with pytest.raises(InputError, match=r"array\.rows: value .*: expected a whole number"):
            small.override({"array.rows": value})


def test_every_key_of_the_format_can_be_set_to_what_it_is(small):
    dump = small.model_dump()
    for key in config_keys():
        value = dump
        for part in key.split("."):
            value = value[part]
        assert small.override({key: value}) == small
