"""The columns of every table: name, unit, meaning (the contract of result files).

What the model counts has its column where it is counted; here stand the order and what follows.
`COLUMNS` has every column by its name.

Examples
--------
>>> COLUMNS["time_us"]
Column(unit='us', meaning="cycles at the design's clock")
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pgsim.cost.prices import PARTS
from pgsim.model import events, passes
from pgsim.model.layer import LEDGER
from pgsim.model.ledger import Count
from pgsim.model.traffic import TRAFFIC


class Column(NamedTuple):
    """What a column holds; `unit` is empty for names and ratios."""

    unit: str
    meaning: str


IDENTITY = {
    "arch": Column("", "name of the architecture"),
    "trace": Column("", "name of the trace; a what-if on bit widths stands in brackets"),
    "mask_source": Column("", "captured from a trained model, or synthetic"),
    "scheme": Column("", "the rule that turns a layer into passes"),
    "layer": Column("", "name of the layer"),
}


def _of(counts: Iterable[Count]) -> dict[str, Column]:
    """Return the columns that show these counts."""
    return {each.column: Column(each.unit, each.meaning) for each in counts if each.column}


LAYER_COLUMNS = {
    **IDENTITY,
    "image": Column("", "index of the image in the trace; only with per_image"),
    "images": Column("images", "images simulated; calibration images are not"),
    "macs": Column("MACs", "outputs x reduction x images, whatever the scheme"),
    **_of(passes.WORK),
    "mask_density": Column("", "fraction of mask bits that are 1; NaN for an ungated layer"),
    "average_bits": Column("bits", "activation bits per output of the scheme, over its passes"),
    "weight_bits": Column("bits", "weight bits of the scheme"),
    **_of(passes.TIMES),
    **_of(events.WAITS),
    "stall_cycles": Column("cycles", "port_stall_cycles + dram_stall_cycles"),
    **_of(events.TOTAL),
    "time_us": Column("us", "cycles at the design's clock"),
    **_of(passes.SLOTS),
    "pe_utilization": Column("", "useful bit operations over the array's peak, all cycles"),
    "msb_pe_utilization": Column("", "the same over msb_cycles; NaN where those are 0"),
    "lsb_pe_utilization": Column("", "the same over lsb_cycles; NaN where those are 0"),
    "msb_macs": Column("MACs", "MACs of the first pass"),
    "lsb_macs": Column("MACs", "MACs of all later passes, of the outputs that they compute"),
    **_of(passes.PES),
    **_of(count for rule in TRAFFIC for count in rule.counts),
    **{name: Column("pJ", meaning) for name, meaning in PARTS.items()},
    "energy_pj": Column("pJ", "sum of the parts"),
}

SUMMARY = {
    "gated_average_bits": Column(
        "bits", "average_bits over gated layers, weighted by outputs (PG's own figure)"
    ),
    "mac_average_bits": Column("bits", "average_bits over all layers, weighted by MACs"),
    "gated_density": Column("", "mask density over gated layers, weighted by outputs"),
    "area_mm2": Column("mm2", "area of PEs, buffers and gating logic"),
    "energy_delay_product_pj_s": Column("pJ s", "energy times time, of one image"),
    "cycles_per_image": Column("cycles", "cycles / images"),
    "energy_pj_per_image": Column("pJ", "energy / images"),
    "cycles_per_image_p5": Column(
        "cycles", "5th percentile over images; those of a batch share its cycles"
    ),
    "cycles_per_image_median": Column(
        "cycles", "median over images; those of a batch share its cycles"
    ),
    "cycles_per_image_p95": Column(
        "cycles", "95th percentile over images; those of a batch share its cycles"
    ),
    "speedup": Column("", "time of the baseline over the design's; only in a comparison"),
    "energy_ratio": Column("", "energy of the baseline over the design's; only in a comparison"),
}

COLUMNS = LAYER_COLUMNS | SUMMARY | {"design": Column("", "name of a design in a comparison")}

PARTS_OF_CYCLES = tuple(each.name for each in (*passes.TIMES, *events.WAITS))
PARTS_OF_ENERGY = tuple(PARTS)

_SUMMED_UNITS = {"MACs", "outputs", "cycles", "us", "slots", "PE cycles", "bytes", "pJ"}
_COUNTED = {each.column for each in LEDGER}
SUMMED = tuple(
    name
    for name, column in LAYER_COLUMNS.items()
    if name in _COUNTED or column.unit in _SUMMED_UNITS
)
