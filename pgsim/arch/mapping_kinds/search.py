"""`search`: each layer runs in the best nest found (MODEL.md M41)."""

from __future__ import annotations

from pgsim.arch.mapping_kinds.mapping_kind import MappingKind


class Search(MappingKind):
    """Each layer is searched for the nest that makes an objective least."""

    name = "search"
    description = "every layer runs in the best loop nest that a search finds"
    searches = True

    def label(self, objective: str) -> str:
        """Return what nests were searched for."""
        return f"loop nests searched for {objective}"
