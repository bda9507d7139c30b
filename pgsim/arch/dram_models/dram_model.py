"""What every model of DRAM in time is (MODEL.md M44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from pgsim.arch.lanes import Counts


@dataclass(frozen=True)
class DRAMModel:
    """What a transfer takes beside its bytes; its fields are keys of the file's `memory.dram`.

    has_pages: whether a stream opens pages, so that its misses have to be counted.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    has_pages: ClassVar[bool]

    def row_misses(self, stream_bytes: Counts) -> Counts:
        """Return the pages that streams of so many bytes each open, one after the other."""
        raise NotImplementedError

    def page_bursts(self, burst_bytes: int) -> int | None:
        """Return how many bursts share a page at most; None where no stream opens any."""
        return None

    @property
    def row_miss(self) -> Fraction:
        """Seconds, in ns, that DRAM waits for a page."""
        raise NotImplementedError

    @property
    def slowdown(self) -> Fraction:
        """How much longer all takes because DRAM is refreshed, at least 1."""
        raise NotImplementedError

    def problems(self, burst_bytes: int) -> Mapping[str, str]:
        """Return what is wrong with the parameters, by key."""
        return {}
