"""What PEs cost, against the figures of their sources, written here as literals."""

import numpy as np
import pytest
import yaml
from arch_files import rewritten, synthesis_text, technology_text

from pgsim.arch import PE, load_technology
from pgsim.errors import InputError


def cost(technology, kind, activation=8, weight=8, terms=16):
    pe = PE(kind=kind, max_activation_bits=activation, max_weight_bits=weight, terms=terms)
    found = pe.unit.cost(technology)
    return found.area_um2, found.dynamic_pj_per_cycle, found.leakage_uw


@pytest.mark.parametrize(
    ("kind", "bits", "expected"),
    [  # Bit Fusion (ISCA 2018), area, energy and leakage of one PE at 45 nm
        ("fixed", 2, (81.07, 0.0407, 1.736)),
        ("fixed", 4, (191.63, 0.08243, 5.312)),
        ("fixed", 8, (510.73, 0.20344, 16.106)),
        ("fixed", 16, (1679.41, 0.60269, 57.016)),
        ("fusion", 2, (81.07, 0.0407, 1.736)),
        ("fusion", 4, (354.39, 0.11778, 10.951)),
        ("fusion", 8, (1734.55, 0.45919, 59.328)),
        ("fusion", 16, (8831.39, 2.11345, 295.419)),
    ],
)
def test_square_units_are_the_rows_of_the_table(technology, kind, bits, expected):
    assert cost(technology, kind, bits, bits) == expected


def test_widths_between_rows_round_up(technology):
    assert cost(technology, "fixed", 5, 7) == (510.73, 0.20344, 16.106)
    assert cost(technology, "fixed", 1, 1) == (81.07, 0.0407, 1.736)


def test_unequal_widths_cost_the_geometric_mean(technology):
    # sqrt(191.63 * 510.73), sqrt(0.08243 * 0.20344), sqrt(5.312 * 16.106)
    expected = pytest.approx((312.8437, 0.1294974, 9.249631), rel=1e-5)
    assert cost(technology, "fixed", 4, 8) == expected
    assert cost(technology, "fixed", 8, 4) == expected


@pytest.fixture(scope="module")
def synthesized():
    """The figures of the gate-level table, as they stand in its file."""
    text = synthesis_text()
    return yaml.safe_load(text)["modules"]


def scaled(row, fixed):
    """A row's figures as many times Bit Fusion's fixed 8-bit unit as it is ours at 130 nm."""
    return tuple(
        figure * row[key] / fixed[key]
        for key, figure in (
            ("area_um2", 510.73),
            ("dynamic_pj_per_cycle", 0.20344),
            ("leakage_uw", 16.106),
        )
    )


@pytest.mark.parametrize(
    ("kind", "widths", "terms", "module"),
    [
        ("serial_activation", (8, 8), 16, "serial_activation_16x8"),
        ("serial_activation", (8, 4), 16, "serial_activation_16x4"),
        ("serial_activation", (8, 8), 8, "serial_activation_16x4"),  # as many bits of products
        ("serial_weight", (8, 3), 16, "serial_activation_16x8"),  # the activation is parallel
        ("serial_both", (8, 8), 16, "serial_both_16x1"),
        ("serial_both", (8, 8), 64, "serial_both_64x1"),
        ("binary", (1, 1), 16, "binary_16"),
        ("binary", (1, 1), 64, "binary_64"),
    ],
)
def test_serial_units_are_scaled_from_the_gate_level(
    technology, synthesized, kind, widths, terms, module
):
    expected = scaled(synthesized[module], synthesized["fixed_8x8"])
    assert cost(technology, kind, *widths, terms) == pytest.approx(expected, rel=1e-9)


def test_serial_units_between_and_beyond_sizes_are_on_a_line(technology):
    sizes = [cost(technology, "serial_activation", 8, bits) for bits in (4, 6, 8, 16)]
    four, six, eight, sixteen = map(np.array, sizes)
    assert np.allclose(six, (four + eight) / 2, rtol=1e-12)
    assert np.allclose(sixteen, eight + 2 * (eight - four), rtol=1e-12)


@pytest.mark.parametrize("kind", ["serial_activation", "serial_weight", "serial_both", "binary"])
def test_the_smallest_serial_unit_still_costs_something(technology, kind):
    assert min(cost(technology, kind, 1, 1, terms=1)) > 0


def test_a_pe_wider_than_the_table_is_refused(tmp_path):
    row = "    - {max_bits: 16, area_um2: 8831.39, dynamic_pj_per_cycle: 2.11345, "
    path = rewritten(tmp_path, technology_text(), row + "leakage_uw: 295.419}\n", "")
    with pytest.raises(InputError, match="no PE of 16 bits in the technology table"):
        cost(load_technology(path), "fusion", 16, 16)
