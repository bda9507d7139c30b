"""`pgsim`: the cycles of the array that MODEL.md describes, and RTL has."""

from __future__ import annotations

from pgsim.arch.conventions.convention import Convention


class Own(Convention):
    """Folds overlap or run alone, as `array.overlap` says (M16, M17)."""

    name = "pgsim"
    description = "pgsim's own: folds overlap, or run alone, as array.overlap says"

    def folds_overlap(self, asked: bool) -> bool:
        """Return what the file asks for."""
        return asked
