"""Which operands a nest of several C blocks may leave unheld (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from designs import filled, linear
from jobs import Listed, job_of
from search_cases import SearchCase, nests_of, steered_case

from pgsim.mapping import Nest, loop_sizes
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.job import Job
from pgsim.model.search.unheld import unheld_of
from pgsim.schemes import Scheme

# Planes are written as lowest bit and bits, those of activations first. An activation has 4 bits,
# and a weight has 8.
OF_ACTIVATIONS = Listed(dense=(((2, 2), (0, 8)),), gated=(((0, 2), (0, 8)),))
OF_WEIGHTS = Listed(dense=(((0, 4), (4, 4)),), gated=(((0, 4), (0, 4)),))
OF_BOTH = Listed(dense=(((2, 2), (4, 4)),), gated=(((0, 2), (0, 4)),))
OF_NONE = Listed(dense=(((0, 4), (0, 8)),), gated=(((0, 2), (0, 4)),))


def gated(scheme: str | Scheme) -> Job:
    layer = linear(6, 4, 2)
    return job_of(layer, filled(layer, True), scheme=scheme)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (OF_NONE, [()]),
        (OF_ACTIVATIONS, [(), ("activation",)]),
        (OF_WEIGHTS, [(), ("weight",)]),
        (OF_BOTH, [(), ("activation",), ("weight",), ("activation", "weight")]),
        ("pg", [(), ("activation",)]),
    ],
    ids=["none", "activations", "weights", "both", "pg"],
)
def test_what_the_first_pass_uses_all_bits_of_is_held(
    scheme: str | Scheme, expected: list[tuple[str, ...]]
) -> None:
    """By hand from M41: an operand may be unheld of which the first pass leaves bits for others."""
    assert list(unheld_of(gated(scheme))) == expected


def test_what_stays_on_chip_is_not_fetched_so_that_holding_it_is_nothing_to_choose() -> None:
    """By hand from M42 and M55: of a tensor that is on chip, no pass fetches anything."""
    job = gated(OF_BOTH)
    assert list(unheld_of(replace(job, inputs_stay=True))) == [(), ("weight",)]
    assert list(unheld_of(replace(job, weights_on_chip=0))) == [(), ("activation",)]


def bursts_of_nests(case: SearchCase) -> Iterator[dict[tuple[str, ...], int]]:
    """Yield what nests of several C blocks move that differ in what is unheld, by its names."""
    found: dict[Nest, dict[tuple[str, ...], int]] = {}
    channels = loop_sizes(case.job.shape, case.job.batch)[IN_CHANNELS]
    for nest in nests_of(case):
        if nest.blocks[IN_CHANNELS] < channels:
            moved = found.setdefault(replace(nest, unheld=()), {})
            moved[nest.unheld] = case.cost(nest).bursts
    yield from found.values()


@pytest.mark.parametrize(("seed", "gains"), [(14, True), (23, True), (16, False)])
def test_what_must_be_held_moves_no_less_if_it_is_not(seed: int, gains: bool) -> None:
    """Every nest of every choice is simulated; what is offered is as good as the best of all.

    gains: whether leaving something unheld moves less in any nest, as the simulation has it.
    """
    case = steered_case(seed, most=3)
    offered = set(unheld_of(case.job))
    every = list(bursts_of_nests(case))
    assert any(min(moved.values()) < moved[()] for moved in every) == gains
    for moved in every:
        assert min(moved[names] for names in offered) == min(moved.values())
