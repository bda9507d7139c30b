"""Whose cycles an array counts, one file a convention (MODEL.md M51).

`CONVENTIONS` has them by their names in design files, `Convention` objects.

Examples
--------
>>> CONVENTIONS["stonne"].description
"STONNE's output-stationary mesh: folds at their actual size, one after the other"
"""

from pgsim.arch.conventions.convention import Convention, Folds
from pgsim.arch.conventions.own import Own
from pgsim.arch.conventions.scalesim import ScaleSim
from pgsim.arch.conventions.stonne import Stonne
from pgsim.kinds import by_name

__all__ = ["CONVENTIONS", "Convention", "Folds"]

CONVENTIONS: dict[str, Convention] = by_name((Own(), ScaleSim(), Stonne()))
