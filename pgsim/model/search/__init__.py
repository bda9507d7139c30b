"""The choice of a loop nest for each layer (MODEL.md M41)."""

from pgsim.model.search.choice import Choice, Search, mapped, sample, searched
from pgsim.model.search.goal import Goal

__all__ = ["Choice", "Goal", "Search", "mapped", "sample", "searched"]
