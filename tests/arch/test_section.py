"""Keys that kinds declare in files of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import ValidationError, create_model

from pgsim.arch.section import NameIn, Section, configured, parameter, parameter_fields


@dataclass(frozen=True)
class Slow:
    cycles: int = parameter(default=7, least=1, most=9)


@dataclass(frozen=True)
class Wide:
    bits: int = parameter(default=2, least=2, most=4)
    cycles: int = parameter(default=7, least=1, most=9)


KINDS = {"slow": Slow, "wide": Wide}


class Named(Section):
    kind: Annotated[str, NameIn(KINDS)]


Both = create_model("Both", __base__=Named, **parameter_fields(KINDS.values()))


def test_a_section_has_the_keys_of_all_kinds_and_keeps_those_not_chosen() -> None:
    section = Both(kind="slow", bits=4)
    assert section.model_dump() == {"kind": "slow", "cycles": 7, "bits": 4}


@pytest.mark.parametrize("wrong", [{"bits": 1}, {"bits": 5}, {"cycles": 10}, {"cycles": 1.0}])
def test_ranges_stand_on_the_fields(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Both(kind="wide", **wrong)


def test_a_kind_gets_its_own_keys_alone() -> None:
    section = Both(kind="wide", bits=3, cycles=8)
    assert configured(Slow, section) == Slow(8)
    assert configured(Wide, section) == Wide(3, 8)


def test_a_name_is_one_of_the_kinds() -> None:
    with pytest.raises(ValidationError, match="an unknown name"):
        Both(kind="fast")
    schema = Both.model_json_schema()["properties"]["kind"]
    assert (schema["type"], schema["enum"]) == ("string", ["slow", "wide"])
