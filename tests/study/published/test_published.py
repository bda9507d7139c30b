"""Published results: their figures, and what is computed beside them."""

from __future__ import annotations

from math import ceil

import pytest

from pgsim import InputError, LayerShape, network, relative_cost, widened
from pgsim.study.published import PUBLISHED
from pgsim.study.published.precision_gating import average_bits


@pytest.mark.parametrize("name", ["precision_gating", "wrpn", "cpt", "stripes", "ant"])
def test_every_result_says_where_it_is_from_and_what_differs(name: str) -> None:
    result = PUBLISHED[name]
    assert result.name == name
    assert result.citation and result.unit and result.differs.endswith(".")
    for figure in result.figures():
        assert figure.what
        assert figure.difference == pytest.approx(figure.computed / figure.published - 1)


def test_cpt_is_as_published_to_the_last_digit() -> None:
    for figure in PUBLISHED["cpt"].figures():
        assert round(figure.computed, 2) == figure.published


def test_average_bits_are_as_published_to_a_tenth() -> None:
    for figure in PUBLISHED["precision_gating"].figures():
        assert abs(figure.computed - figure.published) < 0.1
    assert average_bits(8, 4, 0.0) == 8
    assert average_bits(8, 4, 1.0) == 4
    assert average_bits(8, 4, 0.25) == 7


def test_a_wide_network_costs_what_its_macs_and_bits_do() -> None:
    layers = network("vgg16")
    macs = sum(each.macs for each in widened(layers, 2)) / sum(each.macs for each in layers)
    assert relative_cost(layers, 2, 3, 5) == pytest.approx(macs * 8 / 64)
    assert relative_cost(layers, 1, 32, 32) == 1
    own = (sum(each.macs * (each.activation_bits + each.weight_bits) for each in layers)) / 64
    assert relative_cost(layers) * sum(each.macs for each in layers) == pytest.approx(own)
    with pytest.raises(InputError, match="weight_bits: value 0: expected a whole number"):
        relative_cost(layers, 1, 8, 0)
    bits = (4 + 4, 4 + 2, 2 + 2, 1 + 1)
    for figure, own in zip(PUBLISHED["wrpn"].figures(), bits, strict=True):
        assert figure.computed == pytest.approx(4 * own / 64, rel=0.004)  # but for the outer layers
        assert abs(figure.published - 4 * own / 64) < 0.0051


def test_serial_pes_are_as_much_faster_as_macs_have_fewer_bits() -> None:
    # AlexNet's convolutions at 9, 8, 5, 5 and 7 bits of 16; whole folds make up for the rest.
    bits = (9, 8, 5, 5, 7)
    macs = [each.macs for each in network("alexnet")[:5]]
    ideal = 16 * sum(macs) / sum(own * each for own, each in zip(macs, bits, strict=True))
    (figure,) = PUBLISHED["stripes"].figures()
    assert figure.computed == pytest.approx(ideal, rel=0.02)


def test_bit_fusion_is_as_much_faster_than_eyeriss_as_its_authors_say() -> None:
    *networks, mean = PUBLISHED["bit_fusion"].figures()
    assert len(networks) == 8
    assert round(mean.published, 1) == 3.9  # Sharma et al., ISCA 2018, abstract
    assert all(0.7 < each.computed / each.published < 1.7 for each in networks)


def steps(layer: LayerShape, rows: int, columns: int, bits: int) -> int:
    """Steps of 64 images where PEs of 8 bits are four of 4 bits: two rows by two columns."""
    more = 8 // max(bits, 4)
    positions = 64 * layer.out_size[0] * layer.out_size[1]
    return (
        ceil(positions / (rows * more))
        * ceil(layer.out_channels / (columns * more))
        * (layer.reduction)
    )


def test_ant_and_its_rivals_take_as_long_as_published() -> None:
    figures = {each.what: each for each in PUBLISHED["ant"].figures()}
    assert len(figures) == 4 * 3 - 1  # BiScaled has no ResNet-18
    for what, figure in figures.items():
        waits = what.startswith("resnet50, ANT")  # for DRAM, as `differs` says
        assert abs(figure.difference) < (0.2 if waits else 0.06), what
    layers = network("vgg16")
    inner = range(1, len(layers) - 1)
    eight = sum(steps(each, 32, 28, 8) for each in layers)
    mixed = sum(
        steps(each, 32, 32, 4 if place in inner else 8) for place, each in enumerate(layers)
    )
    assert figures["vgg16, ANT-OS"].computed == pytest.approx(mixed / eight, rel=0.01)
