"""The results table, and what a network's summary adds, by hand (M26 to M31)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from designs import design, drawn, linear, trace_of

from pgsim import COLUMNS, GateTrace, simulate
from pgsim.cost import energies, energy_prices
from pgsim.results import IDENTITY, SUMMARY

ONE_CHANNEL = linear(6, 3, 1)
WS = {"array.dataflow": "ws"}


def network() -> GateTrace:
    """An ungated layer and two gated ones, of densities 1/2 and 0."""
    first = linear(2, 5, 3, name="first", gate="none", activation_bits=8, msb_bits=None)
    second, third = linear(4, 10, 1, name="second"), linear(2, 1, 4, name="third")
    masks = {"second": drawn("x..x"), "third": drawn(".. .. .. ..")}
    return GateTrace.from_masks(masks, [first, second, third], name="three")


@pytest.fixture(scope="module")
def layers() -> pd.DataFrame:
    return simulate(network(), design()).layers


def test_rows_columns_and_the_table_hold_the_same() -> None:
    result = simulate(network(), design())
    assert [row["cycles"] for row in result.rows] == result.columns["cycles"]
    assert [list(row) for row in result.rows] == [list(result.columns)] * 3
    pd.testing.assert_frame_equal(pd.DataFrame(result.rows), result.layers)


def test_energies_of_layers_are_those_of_each_alone() -> None:
    result = simulate(network(), design({"batch": 1}))
    prices = energy_prices(result.costs, result.gated)
    for layer in result.layer_results:
        alone = energies(prices, layer.ledger)
        assert {name: each.tolist() for name, each in layer.energies.items()} == {
            name: each.tolist() for name, each in alone.items()
        }


def test_every_figure_of_a_summary_is_explained() -> None:
    found = simulate(network(), design()).summary
    assert found.keys() <= COLUMNS.keys()
    assert SUMMARY.keys() <= {*found, "speedup", "energy_ratio"}  # those only `compare` can tell


def test_identity_comes_from_trace_and_design(layers: pd.DataFrame) -> None:
    found = layers[list(IDENTITY)].to_dict("list")
    assert found == {
        "arch": ["test-4x2"] * 3,
        "trace": ["three"] * 3,
        "mask_source": ["synthetic"] * 3,
        "scheme": ["pg"] * 3,
        "layer": ["first", "second", "third"],
    }


def test_counts_of_layers(layers: pd.DataFrame) -> None:
    assert layers["macs"].tolist() == [2 * 3 * 5, 4 * 10, 2 * 4]
    assert layers["outputs"].tolist() == [6, 4, 8]
    assert layers["average_bits"].tolist() == [8.0, 3.0, 2.0]
    assert layers["mask_density"].tolist()[1:] == [0.5, 0.0]
    assert np.isnan(layers["mask_density"][0])
    assert layers["lsb_slots_dense"][0] == 0


def test_the_mask_density_is_the_traces_whatever_the_scheme() -> None:
    found = simulate(network(), design(), "uniform:8,8").layers
    assert found["mask_density"].tolist()[1:] == [0.5, 0.0]
    assert found["average_bits"].tolist() == [8.0] * 3


@pytest.mark.parametrize(
    ("scheme", "bits"),
    [("full", 4), ("msb_only", 2), ("dual_dense", 4), ("uniform:8,8", 8), ("uniform:3", 3)],
)
def test_a_gated_layer_keeps_its_density_under_schemes_without_a_mask(
    scheme: str, bits: int
) -> None:
    # Layers of 4 and 8 outputs, of densities 1/2 and 0.
    found = simulate(network(), design(), scheme)
    assert found.layers["average_bits"].tolist()[1:] == [bits, bits]
    assert found.layers["mask_density"].tolist()[1:] == [0.5, 0.0]
    assert found.summary["gated_average_bits"] == pytest.approx(bits, rel=1e-12)
    assert found.summary["gated_density"] == pytest.approx(2 / 12, rel=1e-12)


# A window of 4 slots and 2 lanes fills the array, in the steps of 32 elements: 4 * 2 * 32 MACs of
# a * w bits, over 8 PEs * cycles * 64 bits of peak * L / T at 8 x 8 bits.
@pytest.mark.parametrize(
    ("kind", "activation_bits", "weight_bits", "expected"),
    [
        ("fixed", 8, 8, 1),
        ("fixed", 4, 8, 1 / 2),  # 32 cycles as well
        ("fusion", 8, 8, 1),  # 32 cycles, one MAC each
        ("fusion", 2, 2, 1),  # 2 cycles, 16 MACs each
        ("fusion", 3, 8, 3 / 4),  # rounded up to 4 bits
        ("serial_activation", 8, 8, 1),  # 2 steps of 8 cycles, 16 MACs
        ("serial_activation", 4, 8, 1),  # of 4
        ("serial_activation", 8, 4, 1 / 2),
        ("serial_weight", 8, 8, 1),
        ("serial_weight", 8, 4, 1),
        ("serial_weight", 4, 8, 1 / 2),
        ("serial_both", 8, 8, 1),  # 2 steps of 64 cycles
        ("serial_both", 2, 4, 1),
    ],
)
def test_a_full_array_is_used_as_far_as_its_pes_are(
    kind: str, activation_bits: int, weight_bits: int, expected: float
) -> None:
    layer = linear(4, 32, 2, gate="none", msb_bits=None)
    scheme = f"uniform:{activation_bits},{weight_bits}"
    found = simulate(trace_of(layer), design({"array.pe.kind": kind}), scheme)
    assert found.layers["msb_pe_utilization"].tolist() == pytest.approx([expected], rel=1e-12)


def test_the_utilization_of_a_network_weighs_bits_of_both_operands() -> None:
    # 30 MACs at 4 x 4 bits and 40 at 8 x 8. Two lane groups of 5 steps, skew 4, DRAM 2; then one of
    # 10 steps: 16 cycles each.
    plain = {"gate": "none", "msb_bits": None}
    narrow = linear(2, 5, 3, name="narrow", activation_bits=4, weight_bits=4, **plain)
    wide = linear(4, 10, 1, name="wide", activation_bits=8, weight_bits=8, **plain)
    found = simulate(GateTrace.from_masks({}, [narrow, wide], images=1), design()).summary
    assert found["cycles"] == 16 + 16
    expected = (30 * 4 * 4 + 40 * 8 * 8) / (8 * 64 * 32)
    assert found["pe_utilization"] == pytest.approx(expected, rel=1e-12)


def test_averages_are_weighted_by_outputs_or_by_macs() -> None:
    found = simulate(network(), design()).summary
    assert found["gated_average_bits"] == pytest.approx((3 * 4 + 2 * 8) / 12, rel=1e-12)
    assert found["mac_average_bits"] == pytest.approx((8 * 30 + 3 * 40 + 2 * 8) / 78, rel=1e-12)
    assert found["gated_density"] == pytest.approx(2 / 12, rel=1e-12)


def test_a_network_without_a_gate_has_no_gated_average() -> None:
    ungated = linear(2, 5, 3, gate="none", msb_bits=None)
    found = simulate(trace_of(ungated), design()).summary
    assert np.isnan(found["gated_average_bits"])
    assert np.isnan(found["gated_density"])
    assert found["mac_average_bits"] == 4.0


# Cycles of the three images, `ws`: MSB 6, gate 4, an LSB cycle a gated position, skew 4, DRAM 2;
# where nothing is gated all ends with the gate.
THREE = drawn("......", "x.x..x", "xxxxxx")
OF_THREE = [12, 19, 22]


def test_the_spread_over_images() -> None:
    found = simulate(trace_of(ONE_CHANNEL, THREE), design(WS)).summary
    assert found["cycles"] == sum(OF_THREE)
    assert found["cycles_per_image"] == pytest.approx(53 / 3, rel=1e-12)
    # Percentiles between the nearest ranks: 12 + 0.1 * 7, and 19 + 0.9 * 3.
    assert found["cycles_per_image_p5"] == pytest.approx(12.7, rel=1e-12)
    assert found["cycles_per_image_median"] == 19
    assert found["cycles_per_image_p95"] == pytest.approx(21.7, rel=1e-12)


@pytest.mark.parametrize("calibration", [0, 1])
def test_every_image_has_a_row_of_its_own(calibration: int) -> None:
    # Densities 0, 1/2 and 1; LSBs of 0, 3 and 6 outputs of 3 MACs: 2, 3 and 4 bits on average.
    found = simulate(
        trace_of(ONE_CHANNEL, THREE),
        design(WS),
        calibration_images=calibration,
        per_image=True,
    ).layers
    assert found["image"].tolist() == [0, 1, 2][calibration:]
    assert found["images"].tolist() == [1, 1, 1][calibration:]
    assert found["macs"].tolist() == [18, 18, 18][calibration:]
    assert found["cycles"].tolist() == OF_THREE[calibration:]
    assert found["mask_density"].tolist() == [0, 0.5, 1][calibration:]
    assert found["average_bits"].tolist() == [2, 3, 4][calibration:]
    assert found["lsb_macs"].tolist() == [0, 9, 18][calibration:]


def test_the_images_of_a_batch_share_its_cycles() -> None:
    # Batch 1: 12 + 4 + 3 + 4 + 2 = 25 cycles, 12.5 an image; batch 2 is the third image alone.
    found = simulate(trace_of(ONE_CHANNEL, THREE), design(WS | {"batch": 2})).summary
    assert found["cycles"] == 25 + 22
    assert found["cycles_per_image_p5"] == found["cycles_per_image_median"] == 12.5
    assert found["cycles_per_image_p95"] == pytest.approx(12.5 + 0.9 * 9.5, rel=1e-12)


def test_energy_delay_product_is_of_one_image() -> None:
    # Two alike images: twice the energy and twice the time of one.
    one, two = (
        simulate(trace_of(ONE_CHANNEL, np.repeat(THREE[1:2], count, axis=0)), design(WS)).summary
        for count in (1, 2)
    )
    assert two["energy_pj"] == pytest.approx(2 * one["energy_pj"], rel=1e-12)
    expected = one["energy_delay_product_pj_s"]
    assert two["energy_delay_product_pj_s"] == pytest.approx(expected, rel=1e-12)
