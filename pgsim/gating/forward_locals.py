"""Read a local variable of a module's `forward`, without changing the module's source."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from torch import nn

from pgsim.gating.forwards import Forward, wrapped_forward


@contextmanager
def local_kept(module: nn.Module, variable: str) -> Iterator[Callable[[], object]]:
    """Keep what a local variable of `module.forward` holds when the call returns.

    Gives a function that returns the value of the last call and lets go of it, None where the call
    left no such variable. The interpreter's profile hook finds it, so a model cannot be profiled
    (cProfile) at the same time; one under `torch.compile` has no such frame.
    """
    kept: dict[str, object] = {}

    def wrap(forward: Forward) -> Forward:
        code = inspect.unwrap(forward).__code__

        def keeping(*args: Any, **kwargs: Any) -> Any:
            with _returning(code, lambda frame: kept.update(value=frame.f_locals.get(variable))):
                return forward(*args, **kwargs)

        return keeping

    with wrapped_forward(module, wrap):
        yield lambda: kept.pop("value", None)


@contextmanager
def _returning(code: CodeType, look: Callable[[FrameType], None]) -> Iterator[None]:
    """Call `look` with the frame of every call of `code` that ends within the block."""

    def profile(frame: FrameType, event: str, _value: object) -> None:
        if event == "return" and frame.f_code is code:
            look(frame)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)
