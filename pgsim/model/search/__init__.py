"""The choice of a loop nest for each layer (MODEL.md M41)."""

from pgsim.model.search.choice import Search, mapped, sample, searched
from pgsim.model.search.goal import Goal
from pgsim.model.search.mapped_by import Choice

__all__ = ["Choice", "Goal", "Search", "mapped", "sample", "searched"]
