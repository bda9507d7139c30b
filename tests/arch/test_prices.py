"""What buffers and logic cost, against the figures of their sources, written here as literals."""

import itertools

import pytest
import yaml
from arch_files import synthesis_text

from pgsim.arch import logic_cost, sram_cost
from pgsim.arch.prices import measured_cost
from pgsim.errors import InputError


def test_every_bank_of_a_buffer_on_a_row_costs_that_row(technology):
    # CACTI 7, 45 nm itrs-lstp, 4096 bytes: 3.92891 and 5.1861 pJ a 32-bit word, 1.63397 uW
    found = sram_cost(technology, kib=64, banks=16, port_bits=64)
    assert found.read_pj_per_word == pytest.approx(2 * 3.92891, rel=1e-12)
    assert found.write_pj_per_word == pytest.approx(2 * 5.1861, rel=1e-12)
    assert found.leakage_mw == pytest.approx(16 * 0.00163397, rel=1e-12)
    assert found.area_um2 == pytest.approx(16 * 29988, rel=1e-12)


@pytest.mark.parametrize(
    ("kib", "read_pj"),
    [
        (0.125, 0.78964),  # the smallest row, 128 bytes
        (0.25, 0.926163),  # half way between 128 and 512 bytes: sqrt(0.78964 * 1.08629)
        (1024, 112.042),  # the largest row, 1 MiB
        (2048, 170.4061),  # beyond it by the last segment: 112.042 * 112.042 / 73.6676
        (1 / 32, 0.574001),  # 32 bytes, below the first: 0.78964 * 0.78964 / 1.08629
    ],
)
def test_bank_energy_is_a_power_law_between_rows_and_outside(technology, kib, read_pj):
    found = sram_cost(technology, kib=kib, banks=1, port_bits=32).read_pj_per_word
    assert found == pytest.approx(read_pj, rel=2e-6)


def test_costs_grow_with_the_bank_and_banks_split_a_buffer(technology):
    sizes = [0.05 * 1.3**step for step in range(50)]
    reads = [sram_cost(technology, kib, 1, 32).read_pj_per_word for kib in sizes]
    assert all(small < large for small, large in itertools.pairwise(reads))
    whole, split = sram_cost(technology, 64, 1, 32), sram_cost(technology, 64, 16, 32)
    assert split.read_pj_per_word < whole.read_pj_per_word
    # CACTI: a bank of 64 KiB has 479272.4 um2, 16 of 4 KiB have 29988.0 each.
    assert split.area_um2 == pytest.approx(16 * 29988.0, rel=1e-12)
    assert whole.area_um2 == pytest.approx(479272.4, rel=1e-12)


def figures(cost):
    return cost.area_um2, cost.dynamic_pj_per_cycle, cost.leakage_uw


def test_logic_is_a_multiple_of_the_fixed_unit(technology):
    # The unit itself is Bit Fusion's at 45 nm; twice it and half of it are in proportion, and a
    # module less another is what the first one adds.
    unit = (510.73, 0.20344, 16.106)
    assert figures(logic_cost(technology, {"fixed_8x8": 1})) == pytest.approx(unit, rel=1e-12)
    doubled = figures(logic_cost(technology, {"fixed_8x8": 2.5}))
    assert doubled == pytest.approx([2.5 * figure for figure in unit], rel=1e-12)
    modules = yaml.safe_load(synthesis_text())["modules"]
    fixed, comparator = modules["fixed_8x8"], modules["comparator_32"]
    keys = ("area_um2", "dynamic_pj_per_cycle", "leakage_uw")
    expected = [
        own * (comparator[key] - fixed[key]) / fixed[key]
        for own, key in zip(unit, keys, strict=True)
    ]
    found = figures(logic_cost(technology, {"comparator_32": 1, "fixed_8x8": -1}))
    assert found == pytest.approx(expected, rel=1e-9)


def test_logic_that_a_design_lacks_costs_nothing(technology):
    assert figures(logic_cost(technology, {})) == (0, 0, 0)


def test_an_unknown_module_is_named_with_the_nearest(technology):
    with pytest.raises(InputError, match=r"no module 'comparator_23'.*Did you mean 'comparator_32"):
        logic_cost(technology, {"comparator_23": 1})


def test_a_measured_unit_is_the_first_row_that_holds_it(technology):
    assert figures(measured_cost(technology.pe.fixed, 3, 4)) == (191.63, 0.08243, 5.312)
    with pytest.raises(InputError, match="no PE of 17 bits in the technology table; its widest"):
        measured_cost(technology.pe.fixed, 8, 17)


def test_no_bits_cost_nothing(technology):
    found = sram_cost(technology, kib=0, banks=1, port_bits=0)
    assert (found.read_pj_per_word, found.write_pj_per_word) == (0, 0)
    assert (found.leakage_mw, found.area_um2) == (0, 0)
