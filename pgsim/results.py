"""The columns of every table: name, unit, meaning (the contract of result files)."""

from __future__ import annotations

from typing import NamedTuple


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

LAYER_COLUMNS = IDENTITY | {
    "image": Column("", "index of the image in the trace; only with per_image"),
    "images": Column("images", "images simulated; calibration images are not"),
    "macs": Column("MACs", "outputs x reduction x images, whatever the scheme"),
    "outputs": Column("outputs", "output elements of all images"),
    "mask_density": Column("", "fraction of mask bits that are 1; NaN for an ungated layer"),
    "average_bits": Column("bits", "activation bits per output of the scheme, over its passes"),
    "weight_bits": Column("bits", "weight bits of the scheme"),
    "msb_cycles": Column("cycles", "steady cycles of the first pass"),
    "lsb_cycles": Column("cycles", "steady cycles of all later passes"),
    "bubble_cycles": Column("cycles", "the array waits for its own pipeline"),
    "port_stall_cycles": Column("cycles", "the array waits for SRAM ports"),
    "dram_stall_cycles": Column("cycles", "the array waits for DRAM"),
    "stall_cycles": Column("cycles", "port_stall_cycles + dram_stall_cycles"),
    "cycles": Column("cycles", "msb + lsb + bubble + stall cycles"),
    "time_us": Column("us", "cycles at the design's clock"),
    "lsb_slots_dense": Column("slots", "slots of the LSB pass, active or not"),
    "lsb_slots_issued": Column("slots", "slots that the LSB scheduler issues"),
    "lsb_slots_ideal": Column("slots", "slots if entries packed without a gap"),
    "lsb_slots_fullest_lane": Column("slots", "entries of the fullest lane of each tile"),
    "pe_utilization": Column("", "useful bit operations over the array's peak, all cycles"),
    "msb_pe_utilization": Column("", "the same over msb_cycles; NaN where those are 0"),
    "lsb_pe_utilization": Column("", "the same over lsb_cycles; NaN where those are 0"),
    "msb_macs": Column("MACs", "MACs of the first pass"),
    "lsb_macs": Column("MACs", "MACs of all later passes: of gated outputs only"),
    "msb_busy_pe_cycles": Column("PE cycles", "PE cycles spent on outputs in the first pass"),
    "lsb_busy_pe_cycles": Column("PE cycles", "PE cycles spent on outputs in later passes"),
    "activation_sram_read_bytes": Column("bytes", "whole port words read for the array"),
    "weight_sram_read_bytes": Column("bytes", "whole port words read for the array"),
    "output_sram_read_bytes": Column("bytes", "partial sums, finished outputs and masks read"),
    "output_sram_write_bytes": Column("bytes", "partial sums, finished outputs and masks written"),
    "dram_read_bytes": Column("bytes", "whole bursts read"),
    "dram_activation_read_bytes": Column("bytes", "of dram_read_bytes, activations"),
    "dram_weight_read_bytes": Column("bytes", "of dram_read_bytes, weights"),
    "dram_write_bytes": Column("bytes", "whole bursts written"),
    "energy_pe_pj": Column("pJ", "MACs, operand registers, idle PEs"),
    "energy_gating_pj": Column("pJ", "comparators, scheduler, selectors, issue tables"),
    "energy_sram_pj": Column("pJ", "on-chip buffers, their filling included"),
    "energy_dram_pj": Column("pJ", "DRAM transfers"),
    "energy_leakage_pj": Column("pJ", "leakage over all cycles, stalls included"),
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

PARTS_OF_CYCLES = (
    "msb_cycles",
    "lsb_cycles",
    "bubble_cycles",
    "port_stall_cycles",
    "dram_stall_cycles",
)
PARTS_OF_ENERGY = (
    "energy_pe_pj",
    "energy_gating_pj",
    "energy_sram_pj",
    "energy_dram_pj",
    "energy_leakage_pj",
)

_SUMMED_UNITS = {"MACs", "outputs", "cycles", "us", "slots", "PE cycles", "bytes", "pJ"}
SUMMED = tuple(name for name, column in LAYER_COLUMNS.items() if column.unit in _SUMMED_UNITS)
