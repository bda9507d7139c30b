"""What comes from DRAM, one file an operand (MODEL.md M23)."""

from pgsim.model.fetches.activations import ActivationFetch
from pgsim.model.fetches.fetch import Bools, Fetch, bursts, first
from pgsim.model.fetches.weights import WeightFetch
from pgsim.model.job import Job
from pgsim.schemes import Operand

__all__ = ["FETCHES", "Bools", "Fetch", "bursts", "first", "usable_bits"]

FETCHES: dict[str, Fetch] = {each.operand.name: each for each in (ActivationFetch(), WeightFetch())}


def usable_bits(job: Job, operand: Operand) -> int:
    """Return the bits of an operand's buffer that one tile may use (U of MODEL.md)."""
    return FETCHES[operand.name].usable_bits(job)
