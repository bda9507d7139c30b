"""Each module of the model has a file of tests of its own name."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
MODEL = TESTS.parents[1] / "pgsim" / "model"


def test_each_module_of_the_model_has_a_test_file_of_its_name() -> None:
    modules = [each for each in MODEL.rglob("*.py") if each.name != "__init__.py"]
    assert len(modules) > 50
    places = [TESTS / each.relative_to(MODEL).with_name(f"test_{each.name}") for each in modules]
    assert [str(each) for each in places if not each.exists()] == []
