"""What every section of a pgsim YAML file is, and how the keys of kinds become keys of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema


class Section(BaseModel):
    """What every section of a pgsim YAML file is: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def parameter(default: int, least: int, most: int) -> Any:
    """Return a kind's dataclass field that is a key of its section: a whole number in a range."""
    return field(default=default, metadata={"least": least, "most": most})


def parameter_fields(kinds: Iterable[type[Any]]) -> dict[str, Any]:
    """Return the pydantic fields of all parameters that these kinds declare, each name once.

    The keys of a kind that is not chosen are kept, so that a sweep can choose it.
    """
    return {
        each.name: (
            Annotated[int, Field(ge=each.metadata["least"], le=each.metadata["most"])],
            each.default,
        )
        for kind in kinds
        for each in fields(kind)
    }


Chosen = TypeVar("Chosen")


def configured(kind: type[Chosen], section: BaseModel) -> Chosen:
    """Return a kind with the parameters that a section gives it."""
    return kind(**{each.name: getattr(section, each.name) for each in fields(kind)})  # type: ignore[arg-type]


class NameIn:
    """Marks a key that names one of these kinds: ``Annotated[str, NameIn(PES)]``."""

    def __init__(self, kinds: Mapping[str, object]) -> None:
        self.names = tuple(kinds)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return the schema of a text that is checked against the names."""
        return core_schema.no_info_after_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the names, from which messages say what was expected."""
        return {"enum": list(self.names), "type": "string"}

    def _known(self, name: str) -> str:
        if name not in self.names:
            raise PydanticCustomError("unknown_kind", "an unknown name")
        return name
