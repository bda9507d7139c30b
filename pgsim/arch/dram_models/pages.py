"""`pages`: pages are opened, and DRAM is refreshed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pgsim.arch.dram_models.dram_model import DRAMModel
from pgsim.arch.section import parameter


@dataclass(frozen=True)
class Pages(DRAMModel):
    """A stream opens each page that it crosses anew, in all channels at once, and waits for it.

    The defaults are those of one LPDDR4 channel of 16 bits, 8 Gb a die: JEDEC JESD209-4, as
    Ramulator's LPDDR4 has it (Kim et al., IEEE CAL 2015): 2 KiB a row, 18 + 18 ns, 180 ns every
    3904 ns.

    Parameters
    ----------
    channels : int
        Channels over which bursts are spread.
    page_bytes : int
        Bytes of a row of one channel.
    row_miss_ns : int
        Time from closing a row to reading from another: tRP and tRCD.
    refresh_ns : int
        Time that a refresh takes: tRFC.
    refresh_interval_ns : int
        Time from one refresh to the next: tREFI.
    """

    name = "pages"
    description = (
        "a stream opens the pages that it crosses, and refresh takes its share of the time"
    )

    channels: int = parameter(default=1, least=1, most=1024)
    page_bytes: int = parameter(default=2048, least=1, most=1 << 20)
    row_miss_ns: int = parameter(default=36, least=0, most=10_000)
    refresh_ns: int = parameter(default=180, least=0, most=1_000_000)
    refresh_interval_ns: int = parameter(default=3904, least=1, most=100_000_000)

    @property
    def stream_page_bytes(self) -> int:
        """The pages that all channels open at once."""
        return self.channels * self.page_bytes

    @property
    def row_miss(self) -> Fraction:
        """The ns from closing one page to reading from another."""
        return Fraction(self.row_miss_ns)

    @property
    def slowdown(self) -> Fraction:
        """The whole time over that between refreshes."""
        return Fraction(self.refresh_interval_ns, self.refresh_interval_ns - self.refresh_ns)

    def problems(self, burst_bytes: int) -> Mapping[str, str]:
        """Return a refresh that never ends, and pages in which no burst fits."""
        found = {}
        if self.refresh_ns >= self.refresh_interval_ns:
            found["refresh_ns"] = (
                f"value {self.refresh_ns}: expected less than refresh_interval_ns, "
                f"{self.refresh_interval_ns}."
            )
        if self.page_bytes < burst_bytes:
            found["page_bytes"] = (
                f"value {self.page_bytes}: expected at least a burst, {burst_bytes} bytes."
            )
        return found
