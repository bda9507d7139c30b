"""Prices of counts: each from its part's cost, and none missing or beside the point (M28)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs import design
from unit_costs import close, gates, stream_bit

from pgsim import load_arch
from pgsim.cost import PARTS, Costs, Price, costs_of, price_list, price_table
from pgsim.model.layer import LEDGER


@pytest.fixture(scope="module")
def costs() -> Costs:
    return costs_of(design({"lsb.scheduler": "combine", "lsb.window": 128}))


def price(costs: Costs, count: str, part: str, *, network_gated: bool = True) -> float:
    prices = price_list(costs, network_gated=network_gated)
    (found,) = [each.pj for each in prices if (each.count, each.part) == (count, part)]
    return found


def test_pes_are_busy_or_idle(costs: Costs) -> None:
    # 8 PEs idle at a tenth of 0.20344 pJ in all cycles, and the other nine tenths where busy.
    assert price(costs, "cycles", "energy_pe_pj") == close(8 * 0.1 * 0.20344)
    for count in ("msb_busy_pe_cycles", "lsb_busy_pe_cycles"):
        assert price(costs, count, "energy_pe_pj") == close(0.9 * 0.20344)


def test_what_gates_is_paid_for_by_what_it_does(costs: Costs) -> None:
    def gating(count: str) -> float:
        return price(costs, count, "energy_gating_pj")

    assert gating("compared_outputs") == close(gates("dynamic_pj_per_cycle", "comparator_32"))
    module = "scheduler_combine_lanes_16_ways_4_open_8"
    assert gating("scanned_slots") == close(gates("dynamic_pj_per_cycle", module) / 8)
    assert gating("further_stream_half_bits") == close(stream_bit("dynamic_pj_per_cycle") / 2)
    # Two windows of 128 words of 2 addresses of 7 bits and 2 lanes' ways: 512 bytes of 16 bits, a
    # half of CACTI's 32-bit word.
    assert gating("issue_table_read_words") == close(1.08629 / 2)
    assert gating("issue_table_written_words") == close(2.40231 / 2)


def test_words_of_register_files_that_there_are_none_of_cost_nothing(costs: Costs) -> None:
    """Eyeriss has some (M46); its prices are held where its energies are."""
    for count in ("register_file_words", "network_words"):
        assert price(costs, count, "energy_pe_pj") == 0
        assert price(costs_of(load_arch("eyeriss_isca_2016")), count, "energy_pe_pj") > 0


def test_words_of_buffers_and_what_fills_them(costs: Costs) -> None:
    # Banks of 1 KiB: 1.28823 pJ to read 32 bits, 3.955 to write; a port word is 16 times that, and
    # a burst of 16 bytes a quarter of a word.
    for buffer in ("activation", "weight", "output"):
        assert price(costs, f"{buffer}_sram_read_words", "energy_sram_pj") == close(16 * 1.28823)
    assert price(costs, "output_sram_write_words", "energy_sram_pj") == close(16 * 3.955)
    for operand in ("activation", "weight"):
        found = price(costs, f"dram_{operand}_read_bursts", "energy_sram_pj")
        assert found == close(4 * 3.955)


@pytest.mark.parametrize("way", ["activation_read", "weight_read", "write"])
def test_bursts(costs: Costs, way: str) -> None:
    assert price(costs, f"dram_{way}_bursts", "energy_dram_pj") == close(128 * 8)


def test_leakage_of_a_cycle_at_the_designs_clock(costs: Costs) -> None:
    # 500 MHz: a cycle is 0.002 us. What gates leaks in a network that gates.
    logic = price(costs, "cycles", "energy_leakage_pj", network_gated=False)
    assert logic == close(0.002 * (8 * 16.106 + 192 * 0.396371))
    gating = price(costs, "cycles", "energy_leakage_pj") - logic
    assert gating == pytest.approx(0.002 * costs.gating.leakage_uw, rel=1e-9)


def test_every_count_that_costs_has_its_prices(costs: Costs) -> None:
    prices = price_list(costs, network_gated=True)
    assert {each.count for each in prices} == {each.name for each in LEDGER if each.priced}
    assert {each.part for each in prices} == set(PARTS)


def test_a_count_without_a_price_is_an_error_that_says_where_to_add_it(costs: Costs) -> None:
    prices = [
        each for each in price_list(costs, network_gated=True) if each.count != "scanned_slots"
    ]
    expected = r"no price for the count 'scanned_slots': add one to pgsim/cost/prices\.py"
    with pytest.raises(ValueError, match=expected):
        price_table(prices)


def test_a_price_without_a_count_is_an_error(costs: Costs) -> None:
    prices = price_list(costs, network_gated=True)
    with pytest.raises(ValueError, match="a price for 'scaned_slots', which no count"):
        price_table((*prices, Price("scaned_slots", "energy_gating_pj", 1.0)))
    # A count that costs nothing is none to price either: it is a part of one that does.
    with pytest.raises(ValueError, match="a price for 'bubble_cycles'"):
        price_table((*prices, Price("bubble_cycles", "energy_pe_pj", 1.0)))


def test_prices_of_one_count_and_part_add_up(costs: Costs) -> None:
    prices = price_list(costs, network_gated=True)
    twice = price_table((*prices, *prices))
    once = price_table(prices)
    assert twice.counts == once.counts
    assert (twice.matrix == 2 * once.matrix).all()
    assert once.matrix.shape == (5, len(once.counts))
    free = price_table([replace(each, pj=0.0) for each in prices])
    assert not free.matrix.any()
