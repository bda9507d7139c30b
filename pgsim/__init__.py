"""pgsim: a cycle-level simulator of dual-precision DNN accelerators, from gate masks of trained networks.

The same verbs as the command line, loaded when first used: ``simulate``, ``load_trace``, ``load_arch`` ...
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgsim.arch import ArchConfig, load_arch
    from pgsim.errors import InputError
    from pgsim.results import COLUMNS
    from pgsim.simulate import simulate
    from pgsim.workload import (
        GateTrace,
        LayerShape,
        LayerTrace,
        load_trace,
        save_trace,
        synthetic_trace,
    )

__version__ = "0.1.0"

_HOMES = {
    "ArchConfig": "arch",
    "COLUMNS": "results",
    "GateTrace": "workload",
    "InputError": "errors",
    "LayerShape": "workload",
    "LayerTrace": "workload",
    "load_arch": "arch",
    "load_trace": "workload",
    "save_trace": "workload",
    "simulate": "simulate",
    "synthetic_trace": "workload",
}

__all__ = [
    "COLUMNS",
    "ArchConfig",
    "GateTrace",
    "InputError",
    "LayerShape",
    "LayerTrace",
    "load_arch",
    "load_trace",
    "save_trace",
    "simulate",
    "synthetic_trace",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pgsim' has no attribute {name!r}")
    value = getattr(import_module(f"pgsim.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
