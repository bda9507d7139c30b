"""What comes from DRAM, one file an operand (MODEL.md M23)."""

from pgsim.model.fetches.activations import ActivationFetch, row_fetches
from pgsim.model.fetches.fetch import Bools, Fetch, bursts, first, usable_bits
from pgsim.model.fetches.weights import WeightFetch

__all__ = ["FETCHES", "Bools", "Fetch", "bursts", "first", "row_fetches", "usable_bits"]

FETCHES: dict[str, Fetch] = {each.operand.name: each for each in (ActivationFetch(), WeightFetch())}
