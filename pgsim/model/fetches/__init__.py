"""What comes from DRAM, one file an operand (MODEL.md M23)."""

from pgsim.model.fetches.activations import ActivationFetch
from pgsim.model.fetches.fetch import Bools, Fetch, bursts, first
from pgsim.model.fetches.weights import WeightFetch
from pgsim.model.job import Job
from pgsim.schemes import ACTIVATIONS, Operand

__all__ = ["FETCHES", "Bools", "Fetch", "bursts", "first", "row_fetches", "usable_bits"]

FETCHES: dict[str, Fetch] = {each.operand.name: each for each in (ActivationFetch(), WeightFetch())}


def usable_bits(job: Job, operand: Operand) -> int:
    """Return the bits of an operand's buffer that one tile may use (U of MODEL.md)."""
    return FETCHES[operand.name].usable_bits(job)


def row_fetches(job: Job) -> int:
    """Return how often an input row is fetched where activations feed the slots (M23)."""
    return FETCHES[ACTIVATIONS.name].row_fetches(job)
