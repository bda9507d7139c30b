"""pgsim's costs at 45 nm beside published ones, as the table of docs/costs.md.

python tests/cost/published.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pgsim import load_arch
from pgsim.arch import PE, Technology, load_technology, sram_cost
from pgsim.cost import area_mm2, costs_of

HOROWITZ = "Horowitz, ISSCC 2014"
BIT_FUSION = "Bit Fusion, ISCA 2018"
JOUPPI = "Jouppi et al., ISCA 2021, table 2"
EYERISS = "Eyeriss, ISCA 2016, of a MAC"


class Row(NamedTuple):
    """A figure of pgsim's, and a published one where there is one."""

    what: str
    unit: str
    own: float
    published: float | None = None
    source: str = ""

    def markdown(self) -> str:
        """Return the row of a table."""
        other = f"{self.published:.3g}" if self.published else ""
        ratio = f"{self.own / self.published:.2f}" if self.published else ""
        cells = (f"{self.what}, {self.unit}", f"{self.own:.4g}", other, ratio, self.source)
        return f"| {' | '.join(cells)} |"


def mac_pj(technology: Technology, kind: str, widths: tuple[int, int]) -> float:
    """Return the energy of a MAC of these widths on a PE of 8 x 8 bits, in pJ."""
    unit = PE(kind=kind).unit
    macs, cycles = unit.macs_and_cycles(*widths)
    return unit.cost(technology).dynamic_pj_per_cycle * cycles / macs


def own_widths(technology: Technology) -> Iterator[Row]:
    """Yield the energy of a MAC on fixed PEs of its own widths.

    Published are a multiplication of 8 bits and an addition of 32, and what was measured of
    registered MACs at 130 nm, as a share of the one of 8 x 8 bits.
    """
    shares = {(4, 8): 5.45 / 7.27, (4, 4): 3.50 / 7.27, (2, 2): 2.32 / 7.27}
    widest = mac_pj(technology, "fixed", (8, 8))
    for widths in ((8, 8), (4, 8), (4, 4), (2, 2)):
        activation, weight = widths
        pe = PE(kind="fixed", max_activation_bits=activation, max_weight_bits=weight).unit
        own = pe.cost(technology).dynamic_pj_per_cycle
        published, source = 0.2 + 0.1, HOROWITZ
        if widths in shares:
            published, source = shares[widths] * widest, "a registered MAC in SkyWater 130 nm"
        what = f"MAC of {activation} x {weight} bits, fixed PE of these widths"
        yield Row(what, "pJ", own, published, source)


def macs(technology: Technology) -> Iterator[Row]:
    """Yield the energy of a MAC on PEs of 8 x 8 bits."""
    for kind in ("fusion", "serial_activation", "serial_both"):
        for widths in ((8, 8), (4, 8), (4, 4), (2, 2)):
            what = f"MAC of {widths[0]} x {widths[1]} bits, {kind} PE"
            own = mac_pj(technology, kind, widths)
            yield Row(what, "pJ", own)


def memories(technology: Technology) -> Iterator[Row]:
    """Yield the energy of a bit: from one bank of an SRAM, and from DRAM."""
    for kib, published in ((8, 10), (32, 20), (1024, 100)):
        own = sram_cost(technology, kib, 1, 64).read_pj_per_word / 64
        yield Row(f"SRAM, {kib} KiB in one bank, read", "pJ a bit", own, published / 64, HOROWITZ)
    for corner in ("lstp", "hp"):
        own = sram_cost(technology.at_corner(corner), 0.125, 1, 32).read_pj_per_word / 32
        what = f"SRAM, 128 bytes, corner {corner}, read"
        yield Row(what, "pJ a bit", own, 0.021365, f"{BIT_FUSION}: its CACTI, itrs-hp")
    yield Row("DRAM, hbm2", "pJ a bit", technology.dram_pj_per_bit("hbm2"), 250 / 64, JOUPPI)
    yield Row("DRAM, lpddr4", "pJ a bit", technology.dram_pj_per_bit("lpddr4"))


def relative(technology: Technology) -> Iterator[Row]:
    """Yield what 16 bits cost beside a MAC of 16 x 16 bits."""
    unit = PE(kind="fixed", max_activation_bits=16, max_weight_bits=16).unit
    mac = unit.cost(technology).dynamic_pj_per_cycle
    for what, banks, published in (("one bank", 1, None), ("27 banks", 27, 6)):
        own = sram_cost(technology, 108, banks, 16).read_pj_per_word / mac
        source = EYERISS if published else ""
        yield Row(f"16 bits of 108 KiB in {what}", "MACs of 16 x 16", own, published, source)
    own = 16 * technology.dram_pj_per_bit("lpddr4") / mac
    yield Row("16 bits of DRAM, lpddr4", "MACs of 16 x 16", own, 200, EYERISS)


def areas(technology: Technology) -> Iterator[Row]:
    """Yield areas of parts, and of a whole design."""
    fixed, fusion = (PE(kind=kind).unit.cost(technology).area_um2 for kind in ("fixed", "fusion"))
    yield Row("fixed PE of 8 x 8 bits", "um2", fixed, 282 + 137, HOROWITZ)
    yield Row("fusion PE of 8 x 8 bits", "um2", fusion)
    bank = sram_cost(technology, 4, 1, 32).area_um2 / (4 * 8192)
    cell = "Mistry et al., IEDM 2007: a cell of one port"
    yield Row("SRAM, 4 KiB in one bank", "um2 a bit", bank, 0.346, cell)
    area = area_mm2(costs_of(load_arch("bitfusion_isca_2018")), gated=False)
    yield Row("the PEs and buffers of Bit Fusion", "mm2", sum(area.values()))


def table() -> str:
    """Return the table in Markdown."""
    technology = load_technology("45nm")
    lines = ["| what | pgsim | published | ratio | source |", "|---|---|---|---|---|"]
    for rows in (own_widths, macs, memories, relative, areas):
        lines += [row.markdown() for row in rows(technology)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
