"""Where tables have so many input channels, or so many slots (MODEL.md M41)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_problem import Tables

Ints = npt.NDArray[np.int64]

INPUTS, SLOTS = range(2)  # of Tables.places
_MOST_LISTED = 2**20  # sizes below it are looked up, larger ones are searched for
_NONE = np.iinfo(np.int64).max


def places_and_sizes(inputs: Ints, slots: Ints) -> tuple[Ints, Ints]:
    """Return `Tables.places` and `Tables.sizes`; inputs, slots: int64, ascending."""
    most = int(max(inputs[-1], slots[-1])) + 1
    places = np.full((2, min(most, _MOST_LISTED)), -1, np.int64)
    sizes = np.full((2, max(inputs.size, slots.size)), _NONE, np.int64)
    for which, own in enumerate((inputs, slots)):
        listed = own[own < places.shape[1]]
        places[which, listed] = np.arange(listed.size)
        sizes[which, : own.size] = own
    return places, sizes


def places_of(tables: Tables, which: int, sizes: Ints) -> Ints:
    """Return the places of many sizes that tables have; which: `INPUTS` or `SLOTS`.

    A size of 0 gets any place: it comes no times.
    """
    listed: Ints = tables.places[which]
    if sizes.size == 0 or sizes.max() < listed.size:
        return listed[sizes]
    found: Ints = np.searchsorted(tables.sizes[which], sizes)
    return found


@kernel(inner=True)
def place_of(tables, which, size):
    """Return the place of a size that tables have; which: `INPUTS` or `SLOTS`."""
    if size < tables.places.shape[1]:
        return tables.places[which, size]
    low, high = np.int64(0), np.int64(tables.sizes.shape[1])
    while low < high:
        middle = (low + high) // 2
        if tables.sizes[which, middle] < size:
            low = middle + 1
        else:
            high = middle
    return low
