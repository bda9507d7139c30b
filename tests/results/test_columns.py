"""The columns of results: those promised, each explained once, in units that their names say."""

from __future__ import annotations

import pandas as pd
import pytest
from designs import design, drawn, linear, trace_of

from pgsim import COLUMNS, GateTrace, simulate
from pgsim.model.layer import LEDGER
from pgsim.results import IDENTITY, LAYER_COLUMNS, PARTS_OF_CYCLES, PARTS_OF_ENERGY, SUMMARY, SUMMED
from pgsim.results.columns import NEST

# Columns that readers of result files rely on, in this order.
PROMISED = [
    "arch",
    "trace",
    "scheme",
    "layer",
    "images",
    "macs",
    "mask_density",
    "average_bits",
    "msb_cycles",
    "lsb_cycles",
    "bubble_cycles",
    "stall_cycles",
    "cycles",
    "time_us",
    "lsb_slots_dense",
    "lsb_slots_issued",
    "lsb_slots_ideal",
    "pe_utilization",
    "msb_pe_utilization",
    "lsb_pe_utilization",
    "activation_sram_read_bytes",
    "weight_sram_read_bytes",
    "output_sram_read_bytes",
    "output_sram_write_bytes",
    "dram_read_bytes",
    "dram_write_bytes",
    "energy_pe_pj",
    "energy_gating_pj",
    "energy_sram_pj",
    "energy_dram_pj",
    "energy_leakage_pj",
    "energy_pj",
]

# Quantities, in the order of the columns: a network has the sum over its layers.
SUMS = [
    *("macs", "outputs"),
    *("msb_cycles", "lsb_cycles", "bubble_cycles", "port_stall_cycles", "dram_stall_cycles"),
    *("stall_cycles", "both_cycles", "predictor_wait_cycles", "executor_wait_cycles"),
    *("cycles", "time_us"),
    *("lsb_slots_dense", "lsb_slots_issued", "lsb_slots_ideal", "lsb_slots_fullest_lane"),
    *("msb_macs", "lsb_macs", "msb_busy_pe_cycles", "lsb_busy_pe_cycles"),
    *("activation_sram_read_bytes", "weight_sram_read_bytes"),
    *("output_sram_read_bytes", "output_sram_write_bytes", "activation_sram_write_bytes"),
    *("dram_read_bytes", "dram_activation_read_bytes", "dram_weight_read_bytes"),
    *("dram_sum_read_bytes", "dram_write_bytes", "dram_demand_read_bytes"),
    *("dram_read_row_misses", "dram_demand_read_row_misses", "dram_write_row_misses"),
    *("network_words", "register_file_words"),
    *("energy_pe_pj", "energy_gating_pj", "energy_sram_pj", "energy_dram_pj"),
    *("energy_leakage_pj", "energy_pj"),
]

UNITS = {
    "_bits": "bits",
    "_bytes": "bytes",
    "_density": "",
    "_macs": "MACs",
    "_mm2": "mm2",
    "_pe_cycles": "PE cycles",
    "_pj": "pJ",
    "_pj_s": "pJ s",
    "_us": "us",
    "_utilization": "",
    "_words": "words",
    "_row_misses": "pages",
    "_cycles": "cycles",
}  # by the end of a name; the longest end that fits


def one_layer(*, per_image: bool = False) -> pd.DataFrame:
    trace = trace_of(linear(6, 3, 1), drawn("x.x..x", "......"))
    return simulate(trace, design(), per_image=per_image).layers


def test_the_columns_are_those_explained_in_their_order() -> None:
    assert one_layer().columns.tolist() == [name for name in LAYER_COLUMNS if name != "image"]
    assert one_layer(per_image=True).columns.tolist() == list(LAYER_COLUMNS)


def test_the_promised_columns_are_there_in_their_order() -> None:
    columns = one_layer().columns.tolist()
    assert [name for name in columns if name in PROMISED] == PROMISED
    assert columns[: len(IDENTITY)] == list(IDENTITY)


def test_every_column_has_a_meaning() -> None:
    assert all(column.meaning for column in COLUMNS.values())
    assert not LAYER_COLUMNS.keys() & SUMMARY.keys()
    assert {*PARTS_OF_CYCLES, *PARTS_OF_ENERGY, *SUMMED} <= COLUMNS.keys()


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_has_the_unit_that_its_name_ends_in(name: str) -> None:
    ends = [end for end in UNITS if name.endswith(end)]
    if ends:
        assert COLUMNS[name].unit == UNITS[max(ends, key=len)]


def test_every_column_is_summed_over_layers_or_is_no_quantity() -> None:
    assert list(SUMMED) == SUMS
    unsummed = {"image", "images", "mask_density", "average_bits", "weight_bits", *IDENTITY, *NEST}
    ratios = {"pe_utilization", "msb_pe_utilization", "lsb_pe_utilization"}
    assert LAYER_COLUMNS.keys() == {*SUMS} | unsummed | ratios


def test_a_network_has_the_sums_of_its_layers() -> None:
    layers = [linear(6, 3, 1, name="first"), linear(5, 40, 3, name="second")]
    masks = {"first": drawn("x.x..x"), "second": drawn("xx..x ..x.. ....x")}
    found = simulate(GateTrace.from_masks(masks, layers), design())
    for name in SUMS:
        assert found.summary[name] == pytest.approx(sum(found.layers[name]), rel=1e-12), name
        assert isinstance(found.summary[name], float) == (name == "time_us" or name[-3:] == "_pj")


def test_a_column_shows_one_count_of_the_ledger_at_most() -> None:
    shown = [count.column for count in LEDGER if count.column]
    assert len(set(shown)) == len(shown)
    assert set(shown) <= LAYER_COLUMNS.keys()
    assert len({count.name for count in LEDGER}) == len(LEDGER)


def test_cycles_and_energy_have_these_parts() -> None:
    assert PARTS_OF_CYCLES == (
        "msb_cycles",
        "lsb_cycles",
        "bubble_cycles",
        "port_stall_cycles",
        "dram_stall_cycles",
    )
    assert PARTS_OF_ENERGY == (
        "energy_pe_pj",
        "energy_gating_pj",
        "energy_sram_pj",
        "energy_dram_pj",
        "energy_leakage_pj",
    )
