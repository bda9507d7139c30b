"""Region gating in plain Python, a pixel at a time, from its definition; imports no pgsim.

Pixels are integers (3, height, width) of 0 to 255; a score is a Python int, so nothing overflows.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np

Image = list[list[list[int]]]
Box = list[tuple[int, int]]
"""The pixels (row, column) of one region."""


def entropy(image: Image, box: Box) -> int:
    """Return the entropy of 16 grey levels, in 2^-16 bits times pixels."""
    levels = Counter(grey(image, y, x) // 16 for y, x in box)
    return units(len(box)) - sum(units(count) for count in levels.values())


def units(count: int) -> int:
    """Return count·log2(count) in whole 2^-16."""
    return round(65536 * count * math.log2(count))


def colour_gradient(image: Image, box: Box) -> int:
    """Return the sum of |dx| + |dy| over pixels and colours."""
    return sum(
        abs(slope_x(colour, y, x)) + abs(slope_y(colour, y, x)) for colour in image for y, x in box
    )


def points_of_interest(image: Image, box: Box) -> int:
    """Return the sum of positive Harris responses, k = 1/16, in sixteenths."""
    height, width = len(image[0]), len(image[0][0])
    plane = [[grey(image, y, x) for x in range(width)] for y in range(height)]
    total = 0
    for y, x in box:
        a = b = c = 0
        for row in range(max(y - 1, 0), min(y + 2, height)):
            for column in range(max(x - 1, 0), min(x + 2, width)):
                dx, dy = slope_x(plane, row, column), slope_y(plane, row, column)
                a, b, c = a + dx * dx, b + dy * dy, c + dx * dy
        total += max(16 * (a * b - c * c) - (a + b) * (a + b), 0)
    return total


def grey(image: Image, y: int, x: int) -> int:
    """Return the luma of a pixel, 0 to 255."""
    red, green, blue = (colour[y][x] for colour in image)
    return (77 * red + 150 * green + 29 * blue) // 256


def slope_x(plane: list[list[int]], y: int, x: int) -> int:
    """Return the pixel to the right minus that to the left; at a border, the pixel itself."""
    return plane[y][min(x + 1, len(plane[0]) - 1)] - plane[y][max(x - 1, 0)]


def slope_y(plane: list[list[int]], y: int, x: int) -> int:
    """Return the pixel below minus that above; at a border, the pixel itself."""
    return plane[min(y + 1, len(plane) - 1)][x] - plane[max(y - 1, 0)][x]


def scores(rank: Callable[[Image, Box], int], pixels: np.ndarray, region: int) -> list[list[int]]:
    """Return the score of every region of one image, row by row."""
    image = pixels.tolist()
    _, height, width = pixels.shape
    return [
        [
            rank(image, [(top + y, left + x) for y in range(region) for x in range(region)])
            for left in range(0, width, region)
        ]
        for top in range(0, height, region)
    ]


def important(scores_of_image: list[list[int]], unimportant: int) -> np.ndarray:
    """Return which regions are important: all but the lowest, of equal ones the first."""
    columns = len(scores_of_image[0])
    places = [(row, column) for row in range(len(scores_of_image)) for column in range(columns)]
    lowest_first = sorted(places, key=lambda place: scores_of_image[place[0]][place[1]])
    mask = np.ones((len(scores_of_image), columns), dtype=bool)
    for place in lowest_first[:unimportant]:
        mask[place] = False
    return mask


def pixel_mask(regions: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the map of regions (rows, columns) scaled to pixels (height, width)."""
    rows, columns = regions.shape
    return np.array(
        [[regions[y * rows // height, x * columns // width] for x in range(width)]
         for y in range(height)]
    )  # fmt: skip


def kept(activations: np.ndarray, mask: np.ndarray, lsb_bits: int) -> np.ndarray:
    """Return I_hb·2^lsb_bits + mask·I_lb of (channels, height, width), masks (height, width)."""
    unit = 2**lsb_bits
    return activations // unit * unit + mask * (activations % unit)


def convolved(
    integers: np.ndarray, weights: np.ndarray, stride: tuple[int, int], padding: tuple[int, int]
) -> np.ndarray:
    """Return W * I in int64, one kernel tap at a time: of (channels, height, width), no groups."""
    margins = [(0, 0), (padding[0],) * 2, (padding[1],) * 2]
    padded = np.pad(integers.astype(np.int64), margins)
    kernel = weights.shape[2:]
    height, width = (
        (size - side) // step + 1
        for size, side, step in zip(padded.shape[1:], kernel, stride, strict=True)
    )
    total = np.zeros((len(weights), height, width), dtype=np.int64)
    for down, right in np.ndindex(*kernel):
        rows = slice(down, down + stride[0] * (height - 1) + 1, stride[0])
        columns = slice(right, right + stride[1] * (width - 1) + 1, stride[1])
        taps = weights[:, :, down, right].astype(np.int64)
        total += np.einsum("kc,chw->khw", taps, padded[:, rows, columns])
    return total
