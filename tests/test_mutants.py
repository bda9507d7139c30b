"""What `tests/mutants` draws: lines of the package that mean something else than they did."""

from __future__ import annotations

import pytest

pytest.importorskip("cosmic_ray", reason="the extra dev has it")

from mutants import drawing

FUNCTION = """
@decorated(1)
def f(x: int = 2, *, y: list[int] | None = None) -> int | None:
    n: int = 3
    if TYPE_CHECKING:
        import g
    if x < n:
        raise ValueError(f"{n + 1} is not above {x}")
    return sum(a for a, b in zip(x, y, strict=True))
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("@decorated(1)", "@decorated(2)"),
        ("x: int =", "x: str ="),
        ("list[int] | None", "list[int] & None"),
        ("-> int | None", "-> int + None"),
        ("n: int", "n: float"),
        ("if TYPE", "if not TYPE"),
        ("n + 1", "n - 1"),
        ("strict=True", "strict=False"),
        ("zip(x, y", "zip(x,  (y)"),
    ],
)
def test_what_says_nothing_to_a_test_is_left_out(right: str, wrong: str) -> None:
    assert right in FUNCTION
    assert drawing.meaning(FUNCTION) == drawing.meaning(FUNCTION.replace(right, wrong))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("= 2", "= 1"), ("= 3", "= 4"), ("x < n", "x <= n"), ("raise", "return"), ("sum", "max")],
)
def test_what_a_test_can_tell_is_not(right: str, wrong: str) -> None:
    assert right in FUNCTION
    assert drawing.meaning(FUNCTION) != drawing.meaning(FUNCTION.replace(right, wrong))


def test_a_larger_count_begins_with_a_smaller_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MUTATED", ("cost/area.py", "mapping/slots.py"))
    many = drawing.drawn(seed=1, count=8)
    assert drawing.drawn(seed=1, count=3) == many[:3]
    assert drawing.drawn(seed=2, count=3) != many[:3]
    assert {each.file for each in many} == {"pgsim/cost/area.py", "pgsim/mapping/slots.py"}
    assert len({(each.file, each.spec.start_pos) for each in many}) == 8  # places
    for each in many:
        lines = (drawing.ROOT / each.file).read_text().splitlines(), each.text.splitlines()
        changed = [pair for pair in zip(*lines, strict=True) if pair[0] != pair[1]]
        assert [tuple(line.strip() for line in pair) for pair in changed] == [each.change]
