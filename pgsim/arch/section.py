"""What every section of a pgsim YAML file is, and how the keys of kinds become keys of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import Field as DataField
from dataclasses import field, fields
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema


class Section(BaseModel):
    """What every section of a pgsim YAML file is: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


def parameter(default: int, least: int, most: int) -> Any:
    """Return a kind's dataclass field that is a key of its section: a whole number in a range."""
    return field(default=default, metadata={"default": default, "least": least, "most": most})


def switch(default: bool) -> Any:
    """Return a kind's dataclass field that is a key of its section: true or false."""
    return field(default=default, metadata={"default": default, "least": None, "most": None})


def parameter_fields(kinds: Iterable[type[Any]]) -> dict[str, Any]:
    """Return the pydantic fields of all parameters that these kinds declare, each name once.

    The keys of a kind that is not chosen are kept, so that a sweep can choose it. Raises TypeError
    for a kind whose parameters no dataclass made, and where two kinds declare one key differently:
    a file says it once for all.
    """
    declared: dict[str, tuple[int, int | None, int | None]] = {}
    for kind in kinds:
        if undone := [name for name, value in vars(kind).items() if isinstance(value, DataField)]:
            raise TypeError(
                f"{kind.__name__}.{undone[0]} is a parameter of no dataclass: decorate the class "
                "with @dataclass(frozen=True)"
            )
        for each in fields(kind):
            says = (each.metadata["default"], each.metadata["least"], each.metadata["most"])
            if declared.setdefault(each.name, says) != says:
                raise TypeError(
                    f"{kind.__name__}.{each.name} is declared as (default, least, most) = {says}, "
                    f"and by another kind as {declared[each.name]}: choose another name"
                )
    return {
        name: (bool if least is None else Annotated[int, Field(ge=least, le=most)], default)
        for name, (default, least, most) in declared.items()
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
