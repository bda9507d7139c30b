"""Shipped designs as they are but for loops in the fixed order, for which no search is needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pgsim import ArchConfig, load_arch

# Batches of 16, ports that the fixed order asks for slot by slot (M21), and nothing kept on chip.
# A search that is asked for all the same makes cycles least, as it does of itself.
FIXED_ORDER: dict[str, Any] = {
    "mapping.kind": "fixed",
    "mapping.objective": "latency",
    "memory.ports": "slots",
    "memory.retain": False,
    "batch": 16,
}


def in_fixed_order(name: str, changes: Mapping[str, Any] | None = None) -> ArchConfig:
    """A shipped design with loops in the fixed order and some dotted keys changed."""
    design = load_arch(name)
    return design.override({"name": design.name} | FIXED_ORDER | dict(changes or {}))


def fixed_order_settings(name: str, changes: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The options of a command that make the shipped design that one."""
    values = {"name": load_arch(name).name} | FIXED_ORDER | dict(changes or {})
    settings = [f"{key}={_word(value)}" for key, value in values.items()]
    return tuple(word for each in settings for word in ("--set", each))


def fixed_order_options(name: str, changes: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """The options of a command that make it simulate on that design."""
    return ("--arch", name, *fixed_order_settings(name, changes))


def fixed_order_file(name: str, folder: Path) -> Path:
    """A file of that design, named after the shipped one."""
    path = folder / f"{name}.yaml"
    values = in_fixed_order(name).model_dump(mode="json", exclude_none=True)
    path.write_text(yaml.safe_dump(values))
    return path


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
