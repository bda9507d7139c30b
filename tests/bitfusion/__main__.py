"""Bit Fusion's published layers beside pgsim's: the tables of docs/bitfusion.md.

    python tests/bitfusion

Array cycles are of the fixed order of loops, total cycles of a nest that is searched for latency,
DRAM bits of one that is searched for DRAM traffic.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bitfusion.formulas import BATCH, COLUMNS, SUM_BITS, Layer, Stats, stats_of
from bitfusion.published import counts_of, published

MEGA = 1e6


def main() -> None:
    """Print the table of all layers, and that of what DRAM moves of each operand."""
    print("\n".join(table(("network", "layer", *LAYERS), of_layers())))
    print()
    print("\n".join(table(("layer", *OPERANDS, "why"), of_operands())))


LAYERS = (
    "array cycles: theirs",
    "ours",
    "total cycles: theirs",
    "ours",
    "DRAM Mbit: theirs",
    "ours",
)
OPERANDS = (
    "inputs: least",
    "theirs",
    "ours",
    "weights: least",
    "theirs",
    "ours",
    "outputs: least",
    "theirs",
    "ours",
)

_stats = cache(stats_of)
_counts = cache(counts_of)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Return the lines of a Markdown table."""
    head = list(head)
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cells)} |"


def of_layers() -> Iterator[list[str]]:
    """A row a published layer."""
    for row in published():
        fixed, fast, lean = (_counts(row.shape, each) for each in (None, "latency", "dram"))
        cells = [row.compute_cycles, fixed["msb_cycles"], row.cycles, fast["cycles"]]
        theirs = row.dram_read_bits + row.dram_write_bits
        bits = [theirs, 8 * (lean["dram_read_bytes"] + lean["dram_write_bytes"])]
        name = row.layer + "†" * row.is_rounded_up
        yield [row.network, name, *(f"{each:,}" for each in cells), *map(_mega, bits)]


def of_operands() -> Iterator[list[str]]:
    """A row for each shape: what crosses the DRAM interface at least, theirs and pgsim's."""
    for shape, name in _names().items():
        theirs, lean = _stats(shape), _counts(shape, "dram")
        sums = 8 * (lean["dram_write_bytes"] + lean.get("dram_sum_read_bytes", 0))
        outputs = theirs.dram_read_bits - theirs.dram_input_read_bits
        outputs += theirs.dram_write_bits - theirs.dram_weight_read_bits
        bits = [
            *(least_inputs(shape), theirs.dram_input_read_bits),
            8 * lean["dram_activation_read_bytes"],
            *(least_weights(shape), theirs.dram_weight_read_bits),
            8 * lean["dram_weight_read_bytes"],
            *(least_outputs(shape), outputs, sums),
        ]
        yield [name, *map(_mega, bits), " ".join(reasons(shape, theirs))]


def _names() -> dict[Layer, str]:
    """The layers of each shape, the first network's first."""
    names: dict[Layer, list[str]] = {}
    for row in published():
        names.setdefault(row.shape, []).append(f"{row.network} {row.layer}")
    return {
        shape: each[0] + f" +{len(each) - 1}" * (len(each) > 1) for shape, each in names.items()
    }


def least_inputs(shape: Layer) -> int:
    """Bits of all pixels that any output needs."""
    beyond = max(0, shape.kernel - shape.stride)  # pixels between the taps of neighbours are not
    side = shape.out_size * min(shape.kernel, shape.stride) + beyond
    return BATCH * side**2 * shape.in_channels * shape.activation_bits


def least_weights(shape: Layer) -> int:
    """Bits of all weights."""
    return shape.kernel**2 * shape.in_channels * shape.out_channels * shape.weight_bits


def least_outputs(shape: Layer) -> int:
    """Bits of all outputs, written once."""
    return BATCH * shape.out_size**2 * shape.out_channels * SUM_BITS


def reasons(shape: Layer, theirs: Stats) -> Iterator[str]:
    """The letters of docs/bitfusion.md: why theirs is more than the least."""
    yield "o"
    if shape.out_channels % COLUMNS:
        yield "c"
    padded = -(-shape.out_channels // COLUMNS) * COLUMNS * BATCH * shape.out_size**2 * SUM_BITS
    if theirs.dram_write_bits > padded:
        yield "s"
    if shape.by_im2col:
        yield "t"
    elif theirs.dram_input_read_bits > least_inputs(shape):
        yield "i"
    if theirs.dram_weight_read_bits >= 2 * least_weights(shape):
        yield "w"
    elif theirs.dram_weight_read_bits > least_weights(shape):
        yield "r"


def _mega(bits: int) -> str:
    return f"{bits / MEGA:,.3f}"


if __name__ == "__main__":
    main()
