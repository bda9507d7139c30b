"""Stand in for a module's `forward` for a while, however the module is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn

Forward = Callable[..., Any]

_COMPILED = "_orig_mod."  # what torch.compile puts into the names of what it wraps


def plain_name(name: str) -> str:
    """Return a module's name as it was before `torch.compile` wrapped what is around it.

    >>> plain_name("backbone._orig_mod.conv1")
    'backbone.conv1'
    """
    return f"{name}.".replace(_COMPILED, "").removesuffix(".")


@contextmanager
def wrapped_forward(module: nn.Module, wrap: Callable[[Forward], Forward]) -> Iterator[None]:
    """Let `wrap(forward)` stand in for the module's `forward`, in ``module.forward(x)`` too.

    A hook would not see that call, and no call by keyword.
    """
    forward = module.forward
    replaced = module.__dict__.get("forward")
    module.__dict__["forward"] = functools.wraps(forward)(wrap(forward))
    try:
        yield
    finally:
        del module.__dict__["forward"]
        if replaced is not None:
            module.__dict__["forward"] = replaced


@contextmanager
def running(model: nn.Module) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Give the names of the modules whose `forward` runs at the moment, the outermost first.

    The list is the same all the time and changes as they run. With it comes the type of each
    module, by name.
    """
    names: list[str] = []
    types: dict[str, str] = {}

    def noting(name: str, forward: Forward) -> Forward:
        def noted(*args: Any, **kwargs: Any) -> Any:
            names.append(name)
            try:
                return forward(*args, **kwargs)
            finally:
                names.pop()

        return noted

    with ExitStack() as stack:
        for name, module in model.named_modules():
            types[plain_name(name)] = type(module).__name__
            if hasattr(module, "forward"):  # which scripted modules of several lack
                wrap = functools.partial(noting, plain_name(name))
                stack.enter_context(wrapped_forward(module, wrap))
        yield names, types
