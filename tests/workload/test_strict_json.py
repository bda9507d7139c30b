"""JSON of a stranger: nothing in it is passed over in silence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgsim.errors import InputError
from pgsim.workload.strict_json import parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda below: st.lists(below) | st.dictionaries(st.text(max_size=3), below),
)


@given(VALUES)
def test_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    assert parse_json(json.dumps(value), "this") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 1}', "this holds the key 'a' twice in one object"),
        ('[{"b": {"c": {}, "d": 0, "c": 1}}]', "this holds the key 'c' twice"),
        ('{"a": 1, "\\u0061": 2}', "this holds the key 'a' twice"),
        ("NaN", "this holds NaN, which is no number of JSON"),
        ('{"a": [Infinity]}', "this holds Infinity"),
        ("[-Infinity]", "this holds -Infinity"),
        ("[1e400]", "this holds the number 1e400, which is too large"),
        ("-1" + "0" * 400 + ".0", "this holds the number -1000"),
        ("9" * 5000, r"this holds the number 9{57}\.\.\., which is too large"),
        ("-1" + "0" * 1000, "this holds the number -1000"),
        ('"\\ud800"', "this is not JSON"),
        ('{"\\udc00": 1}', "this is not JSON"),
        ("[" * 300 + "]" * 300, "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ('{"a":' * 100_000, "this is not JSON"),
        ("", "this is not JSON"),
        ("{} {}", "this is not JSON"),
        ("{'a': 1}", "this is not JSON"),
        ('{"a": 1,}', "this is not JSON"),
        ('"\n"', "this is not JSON"),
        ('{"' + "k" * 10**6 + '": 1, "' + "k" * 10**6 + '": 1}', "holds the key 'kkk"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_json(text, "this")
    assert len(str(caught.value)) < 300


def test_what_nests_deep_but_not_absurdly_is_read() -> None:
    assert parse_json("[" * 100 + "]" * 100, "this")
