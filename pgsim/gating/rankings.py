"""Rankings of an image's regions: which of them need all activation bits, from its pixels alone.

The three are those of Taht, Narayanan and Balasubramonian ("A Case for Dynamic Activation
Quantization in CNNs", EMC2 2018, doi 10.1109/EMC2.2018.00009): entropy, colour gradient and points
of interest. How they are computed here is pgsim's choice, all of it in integers, so that no score
depends on the machine, and hardware has no division or root to make.

A ranking is a function from pixels, any integer dtype ``(images, 3, height, width)`` of 0 to 255,
and the side of a square region in pixels, to scores, int64 ``(images, rows, columns)``: a region of
a higher score is more important. A ranking that needs more than these is a frozen dataclass with a
`__call__`: a resumed capture knows it again by its name and its fields (`ranking_name`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType

import torch
import torch.nn.functional as F
from torch import Tensor

from pgsim.errors import InputError

Ranking = Callable[[Tensor, int], Tensor]
"""From pixels and the side of a region to the regions' scores."""

_GREY_BITS = 4  # 16 grey levels: of 256, a small region rarely holds the same one twice
_ENTROPY_UNITS = 2**16  # in one bit


def entropy(pixels: Tensor, region: int) -> Tensor:
    """Return the entropy of a region's grey levels, in 2^-16 bits times its pixels.

    With n pixels, of which c have one of 16 levels: ``n·log2(n) - sum of c·log2(c)``.

    Parameters
    ----------
    pixels : Tensor (images, 3, height, width)
        Of any integer dtype, 0 to 255.
    region : int
        Side of a square region in pixels.

    Returns
    -------
    int64 Tensor (images, rows, columns)
        The higher, the more important.

    Examples
    --------
    >>> entropy(torch.full((1, 3, 4, 8), 200), 4)
    tensor([[[0, 0]]])
    """
    levels = _regions(_grey(pixels) >> (8 - _GREY_BITS), region)
    counts = levels.new_zeros(*levels.shape[:3], 2**_GREY_BITS)
    counts.scatter_add_(3, levels, torch.ones_like(levels))
    table = torch.tensor(
        [0] + [round(_ENTROPY_UNITS * n * math.log2(n)) for n in range(1, region * region + 1)],
        device=pixels.device,
    )
    return table[-1] - table[counts].sum(3)


def colour_gradient(pixels: Tensor, region: int) -> Tensor:
    """Return the sum over a region's pixels and colours of ``|dx| + |dy|``, the gradient's size.

    Parameters
    ----------
    pixels : Tensor (images, 3, height, width)
        Of any integer dtype, 0 to 255.
    region : int
        Side of a square region in pixels.

    Returns
    -------
    int64 Tensor (images, rows, columns)
        The higher, the more important.
    """
    colours = pixels.short()
    slopes = _slope(colours, -1).abs() + _slope(colours, -2).abs()
    return _regions(slopes.sum(1), region).sum(3)


def points_of_interest(pixels: Tensor, region: int) -> Tensor:
    """Return how much of a corner a region's pixels are: positive Harris responses, summed.

    Harris and Stephens (1988): with a, b, c the sums of dx², dy², dx·dy of the grey levels over the
    3x3 pixels around one, ``det - k·trace² = a·b - c² - k·(a + b)²``, here with k = 1/16 and in
    sixteenths.

    Parameters
    ----------
    pixels : Tensor (images, 3, height, width)
        Of any integer dtype, 0 to 255.
    region : int
        Side of a square region in pixels.

    Returns
    -------
    int64 Tensor (images, rows, columns)
        The higher, the more important.
    """
    grey = _grey(pixels)
    dx, dy = _slope(grey, -1), _slope(grey, -2)
    a, b, c = _around(dx * dx), _around(dy * dy), _around(dx * dy)
    responses = 16 * (a * b - c * c) - (a + b) ** 2
    return _regions(responses.clamp(min=0), region).sum(3)


def important_regions(scores: Tensor, fraction: float) -> Tensor:
    """Return which regions are important: all but the lowest `fraction` of each image's.

    Of equal scores the first in raster order is the lower.

    Parameters
    ----------
    scores : Tensor (images, rows, columns)
        What a ranking returned.
    fraction : float
        0 to 1, rounded to whole regions.

    Returns
    -------
    bool Tensor (images, rows, columns)
        True where a region is important.

    Examples
    --------
    >>> important_regions(torch.tensor([[[3, 1], [1, 2]]]), 0.25)
    tensor([[[ True, False],
             [ True,  True]]])
    """
    flat = scores.flatten(1)
    unimportant = flat.argsort(dim=1, stable=True)[:, : round(fraction * flat.shape[1])]
    important = torch.ones_like(flat, dtype=torch.bool)
    return important.scatter(1, unimportant, False).view_as(scores)


def ranking_name(ranking: Ranking) -> str:
    """Return a name by which rankings are told apart, alike in every process.

    A function's is its module and name, any other callable's its repr, which has to state in full
    all that decides the scores. Raises InputError for a lambda, a function made inside another one
    and a repr with an address: rankings of other scores could be named alike.
    """
    if isinstance(ranking, FunctionType):
        name = f"{ranking.__module__}.{ranking.__qualname__}"
        unique = ranking.__closure__ is None and "<" not in name
    else:
        name = f"{type(ranking).__module__}.{ranking!r}"
        unique = " at 0x" not in name
    if not unique:
        raise InputError(
            f"ranking {name}: two of different scores can have this name: expected a function of "
            "a module's top level, or a frozen dataclass with a __call__, whose fields are printed."
        )
    return name


def _grey(pixels: Tensor) -> Tensor:
    """Return grey levels of 0 to 255, int64 (images, height, width): Rec. 601 luma in 1/256."""
    red, green, blue = pixels.long().unbind(1)
    return (77 * red + 150 * green + 29 * blue) >> 8


def _slope(values: Tensor, axis: int) -> Tensor:
    """Return each value's next minus its previous one along an axis, borders repeated."""
    places = torch.arange(values.shape[axis], device=values.device)
    after = values.index_select(axis, (places + 1).clamp(max=len(places) - 1))
    return after - values.index_select(axis, (places - 1).clamp(min=0))


def _around(values: Tensor) -> Tensor:
    """Return the sum of the 3x3 values around each, (images, height, width), zeros outside."""
    padded = F.pad(values, (1, 1, 1, 1))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]


def _regions(values: Tensor, region: int) -> Tensor:
    """Return (images, height, width) by regions: (images, rows, columns, pixels of a region)."""
    images, height, width = values.shape
    tiled = values.reshape(images, height // region, region, width // region, region)
    return tiled.transpose(2, 3).flatten(3)
