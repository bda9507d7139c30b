"""How fast parts are: critical paths from the gate level, at a technology's node (MODEL.md M45).

A path is scaled by one ratio for all parts of a node: that with which the 8 x 8 fusion PE has the
period that the technology's PEs were synthesized for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pgsim.arch.prices import power_law, synthesized
from pgsim.arch.technology import Technology

_REFERENCE = "fusion_8x8"


def path_ns(technology: Technology, module: str) -> float:
    """Return the critical path of a synthesized module at the technology's node, in ns.

    Raises InputError where the synthesis table has no such module.
    """
    paths = [synthesized(technology, name).critical_path_ns for name in (module, _REFERENCE)]
    return paths[0] / paths[1] * (1e3 / technology.pe.synthesized_mhz)


def path_between_ns(technology: Technology, name: str, sizes: Sequence[int], size: float) -> float:
    """Return the path of a module of a size, from those that were synthesized at `sizes`.

    name: of the modules, with ``{}`` for the size. The path is on the straight lines through them,
    both axes logarithmic, which go on outside. Raises InputError as `path_ns` does.
    """
    paths = [path_ns(technology, name.format(each)) for each in sizes]
    return power_law(sizes, paths, size)


def square_path_ns(technology: Technology, name: str, bits: tuple[int, int]) -> float:
    """Return the path of a PE from those of square ones, each width rounded up to one of them.

    name: of the modules, with ``{0}`` for the bits. Where the widths differ, it is their geometric
    mean, as the PE's cost is (`measured_cost`).
    """
    squares = [max(2, 1 << (each - 1).bit_length()) for each in bits]
    paths = [path_ns(technology, name.format(each)) for each in squares]
    return math.sqrt(math.prod(paths))
