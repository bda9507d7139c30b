"""The choice of a loop nest for each layer (MODEL.md M41)."""

from pgsim.model.search.goal import Goal
from pgsim.model.search.mapped import mapped, searched

__all__ = ["Goal", "mapped", "searched"]
