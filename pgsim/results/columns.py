"""The columns of every table: name, unit, meaning (the contract of result files).

What the model counts has its column where it is counted; here stand the order and what follows.
`COLUMNS` has every column by its name.

Examples
--------
>>> COLUMNS["time_us"]
Column(unit='us', meaning="cycles at the design's clock", values=<a number above 0, to 1e60>)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from pgsim.arch import OBJECTIVES
from pgsim.cost.prices import PARTS
from pgsim.model import events, passes, two_arrays
from pgsim.model.layer import LEDGER
from pgsim.model.ledger import Count
from pgsim.model.traffic import TRAFFIC
from pgsim.results.choices import CHOICES
from pgsim.results.mask_sources import MASK_SOURCES
from pgsim.results.system_kinds import KINDS, TRAINED, UNTRAINED
from pgsim.results.values import (
    AMOUNT,
    AMOUNT_OR_NONE,
    ANYTHING,
    COUNT,
    INDEX,
    NAME,
    ONE_OR_MORE,
    PART,
    PART_OR_NONE,
    POSITIVE,
    Values,
    checked,
    word,
)
from pgsim.results.verdicts import VERDICTS

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """What a column holds; `unit` is empty for names and ratios."""

    unit: str
    meaning: str
    values: Values = ANYTHING


IDENTITY = {
    "arch": Column("", "name of the architecture", NAME),
    "trace": Column("", "name of the trace; a what-if on bit widths stands in brackets", NAME),
    "mask_source": Column(
        "",
        "captured from a trained model, synthetic, or none; a what-if on bit widths says so",
        word(MASK_SOURCES),
    ),
    "scheme": Column("", "the rule that turns a layer into passes", NAME),
    "layer": Column("", "name of the layer", NAME),
}


def _of(counts: Iterable[Count]) -> dict[str, Column]:
    """Return the columns that show these counts."""
    return {each.column: Column(each.unit, each.meaning, COUNT) for each in counts if each.column}


_BLOCK = "of a block of the loop nest; nothing in the fixed order"
NEST = {
    "nest_order": Column(
        "", "loops of the nest, outermost first, as M40 names them; or fixed", NAME
    ),
    "nest_unheld": Column(
        "",
        "operands of which no more than a block is held, whatever fits: none, activation, weight",
        NAME,
    ),
    "window_slots": Column(
        "slots",
        "slots of the layer's largest window; of nests only in a table of windows",
        INDEX,
    ),
    "block_images": Column("images", f"images {_BLOCK}", INDEX),
    "block_rows": Column("pixels", f"output rows {_BLOCK}", INDEX),
    "block_columns": Column("pixels", f"output columns {_BLOCK}", INDEX),
    "block_channels": Column("channels", f"output channels {_BLOCK}", INDEX),
    "block_in_channels": Column("channels", f"input channels {_BLOCK}", INDEX),
}

LAYER_COLUMNS = {
    **IDENTITY,
    **NEST,
    "image": Column("", "index of the image in the trace; only with per_image", INDEX),
    "images": Column("images", "images simulated; calibration images are not", ONE_OR_MORE),
    "macs": Column("MACs", "outputs x reduction x images, whatever the scheme", COUNT),
    **_of(passes.WORK),
    "mask_density": Column(
        "", "fraction of mask bits that are 1; NaN for an ungated layer", PART_OR_NONE
    ),
    "average_bits": Column(
        "bits", "activation bits per output of the scheme, over its passes", AMOUNT
    ),
    "weight_bits": Column("bits", "weight bits of the scheme", ONE_OR_MORE),
    **_of(passes.TIMES),
    **_of(events.WAITS),
    "stall_cycles": Column("cycles", "port_stall_cycles + dram_stall_cycles", COUNT),
    **_of(two_arrays.COUNTS),
    **_of(events.TOTAL),
    "time_us": Column("us", "cycles at the design's clock", POSITIVE),
    **_of(passes.SLOTS),
    "pe_utilization": Column("", "useful bit operations over the array's peak, all cycles", PART),
    "msb_pe_utilization": Column(
        "", "the same over msb_cycles; NaN where those are 0", PART_OR_NONE
    ),
    "lsb_pe_utilization": Column(
        "", "the same over lsb_cycles; NaN where those are 0", PART_OR_NONE
    ),
    "msb_macs": Column("MACs", "MACs of the first pass", COUNT),
    "lsb_macs": Column("MACs", "MACs of all later passes, of the outputs that they compute", COUNT),
    **_of(passes.PES),
    **_of(count for rule in TRAFFIC for count in rule.counts),
    **{name: Column("pJ", meaning, AMOUNT) for name, meaning in PARTS.items()},
    "energy_pj": Column("pJ", "sum of the parts", AMOUNT),
}

SUMMARY = {
    "gated_average_bits": Column(
        "bits",
        "average_bits over gated layers, weighted by outputs (PG's own figure)",
        AMOUNT_OR_NONE,
    ),
    "mac_average_bits": Column("bits", "average_bits over all layers, weighted by MACs", AMOUNT),
    "gated_density": Column(
        "", "mask density over gated layers, weighted by outputs", PART_OR_NONE
    ),
    "area_mm2": Column("mm2", "area of PEs, buffers and gating logic", AMOUNT),
    "logic_area_mm2": Column("mm2", "area of PEs and gating logic", AMOUNT),
    "energy_delay_product_pj_s": Column("pJ s", "energy times time, of one image", AMOUNT),
    "cycles_per_image": Column("cycles", "cycles / images", AMOUNT),
    "energy_pj_per_image": Column("pJ", "energy / images", AMOUNT),
    "cycles_per_image_p5": Column(
        "cycles", "5th percentile over images; those of a batch share its cycles", AMOUNT
    ),
    "cycles_per_image_median": Column(
        "cycles", "median over images; those of a batch share its cycles", AMOUNT
    ),
    "cycles_per_image_p95": Column(
        "cycles", "95th percentile over images; those of a batch share its cycles", AMOUNT
    ),
}

COMPARISON = {
    "design": Column("", "name of a design in a comparison", NAME),
    "accuracy": Column("", "top-1 accuracy that the trace states of what runs", PART_OR_NONE),
    "verdict": Column("", "what the design says of the gated one (M48)", word(VERDICTS)),
    "speedup": Column("", "time of uniform 8,8 over the design's, of an image", AMOUNT),
    "energy_ratio": Column("", "energy of uniform 8,8 over the design's, of an image", AMOUNT),
}

SENSITIVITY = {
    "factor": Column("", "what is varied, or nothing", NAME),
    "setting": Column("", "to which value", NAME),
    "rival": Column("", "the design beside the gated one", NAME),
    "quantity": Column("", "time or energy", NAME),
    "ratio": Column("", "of the rival's time or energy to the gated design's", AMOUNT),
    "flips": Column("", "1 where who wins is another than with nothing varied, else 0", COUNT),
}

WINDOWS = {
    "choice": Column("", "what is chosen, the fixed order, or the best of a window", word(CHOICES)),
    "window_slots": NEST["window_slots"],
    "window_lanes": Column("lanes", "lanes of a block; of a lane group in the fixed order", COUNT),
    "room_lanes": Column("lanes", "lanes whose sums the output buffer holds beside them", COUNT),
    "objective": Column("", "what a search makes least (M41)", word(OBJECTIVES)),
    "objective_value": Column("", "of an image, in cycles, pJ, their product, or bursts", AMOUNT),
}

REQUESTS = {
    "requests": Column("requests", "requests in a row at one precision, an image each", COUNT),
}

SYSTEMS = {
    "system": Column("", "name of a precision system of the field", NAME),
    "system_kind": Column("", "what chooses its precision", word(KINDS)),
    "trained": Column("", "whether the trace states an accuracy", word((TRAINED, UNTRAINED))),
    "bit_operations_per_image": Column(
        "", "MACs x activation bits x weight bits, over all passes, of an image", AMOUNT
    ),
    "time_us_per_image": Column("us", "cycles of an image at the design's clock", POSITIVE),
    "scheduler_gap": Column(
        "", "cycles beyond the ideal scheduler's, over these; NaN where none is", AMOUNT_OR_NONE
    ),
    "lacks": Column("", "what of the system is not there, or nothing", NAME),
}

TRAINING = {
    "bits": Column("bits", "bits of weights and activations in an iteration (M57)", ONE_OR_MORE),
    "iterations": Column("iterations", "iterations of a training at these bits", COUNT),
    "product": Column("", "forward, error or gradient", NAME),
}

COLUMNS = (
    LAYER_COLUMNS | SUMMARY | COMPARISON | SENSITIVITY | WINDOWS | REQUESTS | SYSTEMS | TRAINING
)

DOMINATED = "dominated"  # whether another design is better: a mark that `pareto` writes

PARTS_OF_CYCLES = tuple(each.name for each in (*passes.TIMES, *events.WAITS))
PARTS_OF_ENERGY = tuple(PARTS)

_SUMMED_UNITS = {"MACs", "outputs", "cycles", "us", "slots", "PE cycles", "bytes", "pJ"}
_COUNTED = {each.column for each in LEDGER}
SUMMED = tuple(
    name
    for name, column in LAYER_COLUMNS.items()
    if name in _COUNTED or (column.unit in _SUMMED_UNITS and name not in NEST)
)


def checked_table(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a table whose cells are what their columns hold, in the types that tables have.

    Counts of a table of a front are per image, and so need not be whole. Raises InputError naming
    `where`, row, column and value of the first cell that is not; and for a column without a name,
    or of the same name as another.
    """
    values = {name: column.values for name, column in COLUMNS.items()}
    if is_of_front(frame.columns):
        values |= dict.fromkeys(SUMMED, AMOUNT)
    return checked(frame, values, where)


def is_of_front(names: Collection[object]) -> bool:
    """Say whether columns are those of a table that `pareto` wrote, whose sums are per image."""
    return DOMINATED in names and "images" not in names
