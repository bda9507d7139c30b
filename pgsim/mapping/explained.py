"""Loops as a person reads them, and what each buffer holds of them (MODEL.md M9, M40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    places: list[list[str]] = [[] for _ in range(len(LOOPS) + 1)]
    for name, outside in held.items():
        often = f", filled {times(fills[name])}" if name in fills else ""
        places[outside].append(f"hold {name}{often}")
    sizes = dict(zip(LOOPS, nest.sizes, strict=True))
    blocks = dict(zip(LOOPS, nest.blocks, strict=True))
    loops = [
        loop(sizes[letter], blocks[letter], f"blocks of {{}} {WHAT[letter]} ({letter})")
        for letter in nest.order
    ]
    whole = ", ".join(f"{blocks[letter]} {WHAT[letter]}" for letter in LOOPS)
    return nested(loops, places, f"one block: {whole}")


def loop(total: int, size: int, pieces: str) -> str:
    """Return a loop over pieces of a size as a line, nothing where it is one.

    pieces: what they are called, with `{}` where their size stands.

    Examples
    --------
    >>> loop(10, 4, "windows of {} positions")
    'for 3 windows of 4 positions, the last of 2:'
    """
    trips = -(-total // size)
    last = total - size * (trips - 1)
    smaller = f", the last of {last}" if last < size else ""
    return f"for {trips} {pieces.format(size)}{smaller}:" if trips > 1 else ""


def nested(loops: Sequence[str], held: Sequence[Sequence[str]], innermost: str) -> list[str]:
    """Return loops as lines, outermost first, each indented by those around it.

    loops: of `loop`. held: what is held outside of each loop, and inside of all of them.
    """
    lines, depth = [], 0
    for line, outside in zip((*loops, innermost), held, strict=True):
        lines += [f"{'  ' * depth}{each}" for each in outside]
        if line:
            lines.append(f"{'  ' * depth}{line}")
            depth += 1
    return lines


def times(count: int) -> str:
    """Return how often something happens, in words."""
    return "once" if count == 1 else f"{count:,} times"
