"""The parts of the 4 x 2 array of `designs`, from the figures of the sources of 45nm.yaml (M51)."""

from __future__ import annotations

import pytest
from designs import design
from unit_costs import FIXED, close, gates

from pgsim import load_arch
from pgsim.cost import costs_of
from pgsim.cost.exporters.components import Action, Component, components

STEERING = {"comparator", "scheduler", "operand_streams", "issue_table"}


def parts(*, gated: bool, **changes: object) -> dict[str, Component]:
    found = components(costs_of(design(changes)), gated=gated)
    assert len({each.name for each in found}) == len(found)
    return {each.name: each for each in found}


def actions(component: Component) -> dict[str, Action]:
    assert len({each.name for each in component.actions}) == len(component.actions)
    return {each.name: each for each in component.actions}


def test_an_action_is_done_for_each_of_its_counts() -> None:
    """By hand: 3 x (5 + 7)."""
    action = Action("work", 1.5, ("first", "second"), times=3)
    assert action.done({"first": 5, "second": 7, "third": 11}) == 36


def test_pes_are_idle_and_leak_in_each_cycle_and_compute_when_they_are_busy() -> None:
    """Bit Fusion's fixed PE; an idle one spends a tenth, and uW over 500 MHz are pJ a cycle."""
    pe = parts(gated=True)["pe"]
    assert (pe.instances, pe.area_um2, pe.leakage_uw) == (8, FIXED["area_um2"], 16.106)
    found = actions(pe)
    assert found.keys() == {"idle", "compute", "leak"}
    assert found["idle"].pj == close(0.1 * FIXED["dynamic_pj_per_cycle"])
    assert found["compute"].pj == close(0.9 * FIXED["dynamic_pj_per_cycle"])
    assert found["leak"].pj == close(16.106 / 500)
    ledger = {"cycles": 100, "msb_busy_pe_cycles": 30, "lsb_busy_pe_cycles": 4}
    done = {name: each.done(ledger) for name, each in found.items()}
    assert done == {"idle": 800, "compute": 34, "leak": 800}


def test_dram_moves_bursts() -> None:
    """LPDDR4: 8 pJ for each of the 128 bits of a burst, whatever it carries."""
    dram = parts(gated=False)["dram"]
    assert (dram.area_um2, dram.leakage_uw) == (0, 0)
    found = actions(dram)
    assert {name: each.pj for name, each in found.items()} == {"read": 1024, "write": 1024}
    assert set(found["read"].counts) == {
        "dram_activation_read_bursts",
        "dram_weight_read_bursts",
        "dram_sum_read_bursts",
    }
    assert found["write"].counts == ("dram_write_bursts",)


def test_each_buffer_has_its_own_words_and_what_fills_it() -> None:
    """Outputs that stay on chip are written to the activation buffer; weights come from DRAM."""
    found = parts(gated=False)
    counts = {
        name: {each.name: each.counts for each in found[f"{name}_sram"].actions}
        for name in ("activation", "weight", "output")
    }
    cycles = {"leak": ("cycles",)}
    assert counts == {
        "activation": cycles
        | {
            "read": ("activation_sram_read_words",),
            "write": ("activation_sram_write_words",),
            "fill": ("dram_activation_read_bursts",),
        },
        "weight": cycles
        | {"read": ("weight_sram_read_words",), "fill": ("dram_weight_read_bursts",)},
        "output": cycles
        | {
            "read": ("output_sram_read_words",),
            "write": ("output_sram_write_words",),
            "fill": ("dram_sum_read_bursts",),
        },
    }


def test_what_steers_is_there_where_a_mask_does() -> None:
    """A comparator a column, whose figures are those of the synthesis table."""
    gated, dense = parts(gated=True), parts(gated=False)
    assert gated.keys() - dense.keys() == STEERING
    comparator = gated["comparator"]
    assert comparator.instances == 2
    assert comparator.area_um2 == close(gates("area_um2", "comparator_32"))
    compare = actions(comparator)["compare"]
    assert compare.pj == close(gates("dynamic_pj_per_cycle", "comparator_32"))
    assert compare.counts == ("compared_outputs",)


@pytest.mark.parametrize("name", ["pg_os", "pg_serial", "eyeriss_isca_2016"])
def test_every_price_has_a_part_of_its_own(name: str) -> None:
    """A count that no part is known for would be listed as `other`."""
    found = {each.name for each in components(costs_of(load_arch(name)), gated=True)}
    assert "other" not in found
    assert ("register_file" in found) == (name == "eyeriss_isca_2016")  # PEs of the others lack one
