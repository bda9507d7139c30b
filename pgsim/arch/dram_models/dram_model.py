"""What every model of DRAM in time is (MODEL.md M44)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from pgsim.arch.lanes import Counts


@dataclass(frozen=True)
class DRAMModel:
    """What a transfer takes beside its bytes; its fields are keys of the file's `memory.dram`."""

    name: ClassVar[str]
    description: ClassVar[str]

    @property
    def stream_page_bytes(self) -> int | None:
        """Bytes of a page in all channels; None where no stream opens any."""
        return None

    @property
    def has_pages(self) -> bool:
        """Whether a stream opens pages, so that its misses have to be counted."""
        return self.stream_page_bytes is not None

    def row_misses(self, stream_bytes: Counts) -> Counts:
        """Return the pages that streams of so many bytes each cross, from the beginning of one."""
        page_bytes = self.stream_page_bytes
        return np.zeros_like(stream_bytes) if page_bytes is None else -(-stream_bytes // page_bytes)

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
