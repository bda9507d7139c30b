"""Training over a schedule of precisions: CPT's savings, and the products on an array (M57)."""

from __future__ import annotations

import pytest
from designs import conv, design, linear

from pgsim import CyclicPrecision, GateTrace, InputError, saved_bit_operations, training
from pgsim.study.training import product_layers

UNGATED = {"gate": "none", "msb_bits": None}


@pytest.mark.parametrize(
    ("bits", "published"),  # Fu et al., ICLR 2021
    [
        ((3, 8, 8), 36.67),
        ((3, 6, 6), 30.05),
        ((4, 8, 8), 30.11),
        ((4, 6, 6), 20.69),
        ((5, 8, 8), 23.16),
    ],
)
def test_bit_operations_that_are_saved_are_as_published(
    bits: tuple[int, int, int], published: float
) -> None:
    assert round(100 * saved_bit_operations(CyclicPrecision(*bits)), 2) == published


def test_bits_follow_the_cosine_from_the_lowest_to_the_highest() -> None:
    # 2 + 2 * (1 - cos(pi * i / 8)) / 2 at 0 to 7: 2, 2.08, 2.29, 2.62, 3, 3.38, 3.71, 3.92.
    schedule = CyclicPrecision(2, 4, 8, cycles=3, iterations=26)
    once = [2, 2, 2, 3, 3, 3, 4, 4]
    assert [schedule.bits(place) for place in range(26)] == [*once * 3, 2, 2]
    assert schedule.counts == {2: 3 * 3 + 2, 3: 9, 4: 6}
    assert schedule.name == "2-4/8"


def test_a_schedule_of_one_width_saves_nothing() -> None:
    assert saved_bit_operations(CyclicPrecision(6, 6, 8)) == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((5, 4, 8), "expected 1 to 16, the lowest first"),
        ((0, 4, 8), "expected 1 to 16"),
        ((4, 17, 8), "expected 1 to 16"),
        ((4, 8, 0), "gradient_bits 0"),
        ((4, 8, 8, 0), "0 cycles"),
        ((4, 8, 8, 9, 8), "9 cycles in 8 iterations"),
    ],
)
def test_a_wrong_schedule_is_refused(fields: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CyclicPrecision(*fields)


def network() -> GateTrace:
    layers = [
        conv(3, 8, 6, 3, name="first", stride=[2, 2], padding=[1, 1], **UNGATED),
        conv(8, 8, 3, 3, name="grouped", padding=[1, 1], groups=2, **UNGATED),
        linear(1, 72, 4, name="last", **UNGATED),
    ]
    return GateTrace.from_masks({}, layers, images=5)


def test_the_three_products_have_equally_many_macs() -> None:
    products = product_layers(network())
    macs = {name: [each.macs for each in layers] for name, layers in products.items()}
    # positions * outputs * reduction: 9 * 8 * 27, 9 * 8 * 36, 72 * 4.
    assert macs["forward"] == macs["gradient"] == [9 * 8 * 27, 9 * 8 * 36, 72 * 4]
    assert macs["error"] == macs["forward"][1:]
    error, gradient = products["error"][0], products["gradient"][1]
    assert (error.in_size, error.in_channels, error.out_channels) == ((1, 9), 8, 72)
    assert (gradient.in_size, gradient.in_channels, gradient.out_channels) == ((1, 36), 18, 8)
    assert error.groups == gradient.groups == 2


def test_serial_pes_take_a_cycle_a_bit_of_what_stands_for_activations() -> None:
    # With one term and a single column and row: a cycle for each MAC and serial bit.
    pe = {"kind": "serial_activation", "terms": 1}
    arch = design(
        {f"array.pe.{key}": value for key, value in pe.items()}
        | {"array.rows": 1, "array.columns": 1}
    )
    trace = GateTrace.from_masks({}, [linear(2, 3, 4, name="only", **UNGATED)], images=1)
    schedule = CyclicPrecision(2, 4, 8, cycles=1, iterations=8)
    found = training(trace, arch, schedule)
    macs, edges = 2 * 3 * 4, {"forward": 2, "gradient": 2}  # the first read and the last write
    for bits in (2, 3, 4):
        cycles = found.steps[bits].cycles
        assert cycles["error"] == 0  # of the first layer there is none
        for product, extra in edges.items():
            assert cycles[product] - macs * bits == extra
    taken = {bits: 2 * (macs * bits + 2) for bits in (2, 3, 4)}
    spent = 3 * taken[2] + 3 * taken[3] + 2 * taken[4]
    assert found.saved_cycles == pytest.approx(1 - spent / (8 * taken[4]))
    assert found.table["iterations"].tolist() == [3] * 3 + [3] * 3 + [2] * 3


def test_pes_that_go_by_values_are_refused() -> None:
    arch = design({"array.pe.kind": "pragmatic", "array.pe.terms": 4})
    with pytest.raises(InputError, match=r"pragmatic goes by the values .* errors are not known"):
        training(network(), arch, CyclicPrecision(3, 8, 8))


def test_channels_stay_in_order_where_masks_would_sort_them() -> None:
    schedule = CyclicPrecision(3, 4, 8)
    cycles = [
        training(network(), design({"lsb.lane_order": order}), schedule).table["cycles"].tolist()
        for order in ("raster", "density")
    ]
    assert cycles[0] == cycles[1]


def test_a_design_saves_no_more_cycles_than_pes_can() -> None:
    found = training(network(), design(), CyclicPrecision(3, 8, 8))
    assert found.saved_cycles == 0  # fixed PEs
    assert found.saved_energy > 0  # of words and bursts
