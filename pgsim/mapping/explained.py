"""A loop nest as a person reads it: loops, and what each buffer holds of them (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping

from pgsim.arch import LOOPS
from pgsim.mapping.nest import Nest

WHAT = {"N": "images", "P": "rows", "Q": "columns", "K": "channels", "C": "input channels"}


def explained(nest: Nest, held: Mapping[str, int], fills: Mapping[str, int]) -> list[str]:
    """Return a nest's loops as lines, outermost first, each indented by those around it.

    held: loops outside of what is held of each operand, by what is held. fills: how often each is
    filled in a run and group. Loops of one block are left out.

    Examples
    --------
    >>> one = Nest("KPCNQ", (1, 32, 32, 32, 16), (1, 8, 32, 16, 16))
    >>> for line in explained(one, {"weights": 1, "activations": 2}, {}):
    ...     print(line)
    for 2 blocks of 16 channels (K):
      hold weights
      for 4 blocks of 8 rows (P):
        hold activations
        one block: 1 images, 8 rows, 32 columns, 16 channels, 16 input channels
    """
    lines, depth = [], 0
    for place in range(len(LOOPS) + 1):
        for name, outside in held.items():
            if outside == place:
                often = f", filled {_times(fills[name])}" if name in fills else ""
                lines.append(f"{'  ' * depth}hold {name}{often}")
        if place == len(LOOPS):
            break
        loop = LOOPS.index(nest.order[place])
        trips, block, size = nest.trips[loop], nest.blocks[loop], nest.sizes[loop]
        if trips > 1:
            last = size - block * (trips - 1)
            smaller = f", the last of {last}" if last < block else ""
            letter = nest.order[place]
            lines.append(
                f"{'  ' * depth}for {trips} blocks of {block} {WHAT[letter]} ({letter}){smaller}:"
            )
            depth += 1
    whole = ", ".join(
        f"{size} {WHAT[letter]}" for letter, size in zip(LOOPS, nest.blocks, strict=True)
    )
    lines.append(f"{'  ' * depth}one block: {whole}")
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
