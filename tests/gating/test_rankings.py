"""Rankings of regions, against plain Python and against scores worked by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, wraps

import numpy as np
import pytest
import region_reference as reference

torch = pytest.importorskip("torch")

import other_rankings  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import (  # noqa: E402
    colour_gradient,
    entropy,
    important_regions,
    points_of_interest,
)
from pgsim.gating.rankings import ranking_name  # noqa: E402

RANKINGS = [entropy, colour_gradient, points_of_interest]


def photographs() -> np.ndarray:
    """Return noise, smooth slopes, a few flat colours, and the highest contrast there is."""
    rng = np.random.default_rng(6)
    noise = rng.integers(0, 256, (3, 12, 16))
    y, x = np.mgrid[:12, :16]
    slopes = np.stack([9 * x + 5 * y, 255 - 13 * x, 20 * y])
    flat = rng.integers(0, 256, (3, 3, 4)).repeat(4, axis=1).repeat(4, axis=2)
    checkers = np.broadcast_to(255 * ((x // 2 + y // 2) % 2), (3, 12, 16))
    return np.stack([noise, slopes, flat, checkers]).astype(np.uint8)


@pytest.mark.parametrize("region", [2, 4])
@pytest.mark.parametrize("ranking", RANKINGS, ids=lambda ranking: ranking.__name__)
def test_scores_are_those_of_plain_python(ranking, region: int) -> None:
    pixels = photographs()
    scores = ranking(torch.from_numpy(pixels), region)
    rank = getattr(reference, ranking.__name__)
    assert scores.dtype == torch.int64
    assert scores.tolist() == [reference.scores(rank, image, region) for image in pixels]
    assert len(scores.unique()) >= 5


def grey_image(rows: list[list[int]]):
    return torch.tensor(rows).expand(1, 3, -1, -1)


def test_entropy_worked_by_hand() -> None:
    flat, halves = [7] * 4, [0, 0, 255, 255]
    levels = np.arange(0, 256, 16).reshape(4, 4).tolist()  # each once: 4 bits
    rows = [flat + halves + row for row in levels]
    assert entropy(grey_image(rows), 4).tolist() == [[[0, 16 * 65536, 4 * 16 * 65536]]]


def test_colour_gradient_worked_by_hand() -> None:
    red = torch.zeros(1, 3, 2, 4, dtype=torch.uint8)
    red[0, 0] = torch.tensor([0, 10, 30, 30])  # slopes 10, 30, 20 and 0 in both rows
    assert colour_gradient(red, 2).tolist() == [[[2 * (10 + 30), 2 * (20 + 0)]]]


def test_only_corners_are_points_of_interest() -> None:
    square = np.zeros((16, 16), dtype=int)
    square[2:6, 2:] = 200  # a bar: its left end has two corners, its long edges none
    scores = points_of_interest(grey_image(square.tolist()), 8)[0]
    assert scores[0, 0] > 0
    assert scores.flatten()[1:].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("fraction", "unimportant"), [(0, 0), (0.3, 4), (0.5, 6), (1, 12)])
def test_the_lowest_are_unimportant_and_the_first_of_equals(
    fraction: float, unimportant: int
) -> None:
    scores = np.random.default_rng(1).integers(0, 3, (20, 3, 4))
    found = important_regions(torch.from_numpy(scores), fraction).numpy()
    expected = [reference.important(each.tolist(), unimportant) for each in scores]
    np.testing.assert_array_equal(found, expected)


@dataclass(frozen=True)
class Weighted:
    """A ranking with a number of its own."""

    weight: int

    def __call__(self, pixels, region: int):
        return self.weight * entropy(pixels, region) + colour_gradient(pixels, region)


class Unprinted:
    def __call__(self, pixels, region: int):
        return entropy(pixels, region)


def weighted(weight: int):
    def ranking(pixels, region: int):
        return weight * entropy(pixels, region)

    return ranking


def test_rankings_of_other_scores_have_other_names() -> None:
    assert ranking_name(entropy) == "pgsim.gating.rankings.entropy"
    assert ranking_name(Weighted(2)) == f"{__name__}.Weighted(weight=2)"
    rankings = [*RANKINGS, other_rankings.entropy, Weighted(1), Weighted(2)]
    assert len({ranking_name(each) for each in rankings}) == len(rankings)


@pytest.mark.parametrize(
    "ranking",
    [
        pytest.param(lambda pixels, region: entropy(pixels, region), id="lambda"),
        pytest.param(weighted(2), id="closure"),
        pytest.param(wraps(entropy)(weighted(2)), id="closure under another name"),
        pytest.param(partial(other_rankings.entropy), id="partial"),
        pytest.param(Unprinted(), id="no repr of its own"),
    ],
)
def test_a_ranking_that_others_could_be_named_as_is_refused(ranking) -> None:
    with pytest.raises(InputError, match="expected a function of a module's top level, or a froz"):
        ranking_name(ranking)
