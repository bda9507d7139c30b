"""`fixed`: all layers run in the fixed order (MODEL.md M23)."""

from __future__ import annotations

from pgsim.arch.mapping_kinds.mapping_kind import MappingKind


class Fixed(MappingKind):
    """Nothing is searched, and nothing made least."""

    name = "fixed"
    description = "every layer runs in the fixed order"

    def label(self, objective: str) -> str:
        """Return that the order is the fixed one."""
        return "loops in the fixed order"
