"""Properties that are computed when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class lazy(Generic[Value]):
    """A property that is computed when first asked for, and kept in its object.

    It is `functools.cached_property` without the lock that this takes before Python 3.12, which
    takes longer than most properties of a small layer.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, kind: type[object]) -> Self: ...

    @overload
    def __get__(self, owner: object, kind: type[object] | None = None) -> Value: ...

    def __get__(self, owner: object | None, kind: type[object] | None = None) -> Self | Value:
        """Return the value, which Python finds in the object without asking here from then on."""
        if owner is None:
            return self
        value = owner.__dict__[self._name] = self._compute(owner)
        return value
