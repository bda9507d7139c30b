"""The formulas of Bit Fusion's published simulator, written anew from their meaning.

Source: github.com/hsharma35/bitfusion (Sharma et al., ISCA 2018), `get_compute_cycles` of its
accelerator and `get_stats_fast` of its optimizer. It shares nothing with pgsim.

A layer is cut into tiles of b images, ow x ow outputs, ic input and oc output channels, of powers
of two, and the loops over them may stand in any order. Of all that fit half of each buffer it
takes the one of fewest cycles, then of least energy. It counts

- weights padded to whole rows of the array and outputs to whole columns, at 32 bits each;
- every output as read from DRAM, and as written to it, as often as its sums leave the chip;
- inputs of a tile with their halo and padding; of a layer by im2col, each pixel for each tap;
- `compute + max(0, memory - compute) + first fills and last writes` cycles, where memory moves what
  is neither filled first nor written last.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

ROWS, COLUMNS, WIDEST, NARROWEST = 16, 32, 8, 2
BATCH, BITS_PER_CYCLE, SUM_BITS = 16, 192, 32
HALF_BITS = {"weights": 64 * 4096, "inputs": 32 * 4096, "outputs": 16 * 4096}  # of each buffer

# Which operands a loop over tiles moves on to others of: images, rows, columns, inputs, outputs.
LOOPS = ("b", "oh", "ow", "ic", "oc")
MOVES = {
    "weights": {"ic", "oc"},
    "inputs": {"b", "oh", "ow", "ic"},
    "outputs": {"b", "oh", "ow", "oc"},
}

# nJ: of a bit read and written (CACTI, its cacti_sweep.csv, banks of 128, 2048 and 512 bytes with
# words of 32 bits), of a cycle of the array (its systolic_array_synth.csv), of a bit of DRAM. They
# only choose between tilings that take as long.
READ_NJ = {"weights": 0.000683701 / 32, "inputs": 0.00190318 / 32, "outputs": 0.00106097 / 32}
WRITE_NJ = {"weights": 0.000925317 / 32, "inputs": 0.00363853 / 32, "outputs": 0.00233869 / 32}
CYCLE_NJ = 0.00045919 * ROWS * COLUMNS
DRAM_NJ = 0.015


@dataclass(frozen=True)
class Layer:
    """A square convolution, or a fully connected layer: a 1 x 1 kernel and output."""

    kernel: int
    out_size: int
    stride: int
    in_channels: int
    out_channels: int
    activation_bits: int
    weight_bits: int
    by_im2col: bool = False

    @property
    def column_macs(self) -> int:
        """MACs that a column does in a cycle."""
        widths = (max(self.activation_bits, NARROWEST), max(self.weight_bits, NARROWEST))
        return ROWS * (WIDEST // widths[0]) * (WIDEST // widths[1])


class Stats(NamedTuple):
    """What it says of a layer, and of which tiles."""

    cycles: int
    compute_cycles: int
    dram_read_bits: int
    dram_write_bits: int
    weight_read_bits: int
    input_read_bits: int
    output_read_bits: int
    output_write_bits: int
    dram_weight_read_bits: int
    dram_input_read_bits: int

    @property
    def dram_bits(self) -> int:
        """Bits that cross the DRAM interface, either way."""
        return self.dram_read_bits + self.dram_write_bits


def up(total: Counts | int, size: Counts | int) -> Counts:
    """So many pieces of a size."""
    return -(-np.asarray(total) // size)


def compute_cycles(layer: Layer) -> int:
    """The closed form: what the array takes for a whole layer."""
    folds = array_folds(layer, layer.in_channels)
    return int(BATCH * layer.out_size**2 * up(layer.out_channels, COLUMNS) * folds)


def array_folds(layer: Layer, channels: Counts | int) -> Counts:
    """How often a column is filled with the elements of so many input channels."""
    taps = layer.kernel**2
    if layer.by_im2col:
        return up(taps * channels, layer.column_macs)
    return taps * up(channels, layer.column_macs)


def powers(total: int) -> list[int]:
    """1, 2, 4 and so on, up to the first that holds all."""
    return [min(2**power, total) for power in range((total - 1).bit_length() + 1)]


def tilings(layer: Layer) -> dict[str, Counts]:
    """The sizes of tiles that are tried, one entry each: b, o, ic, oc."""
    columns = 1 if layer.by_im2col else COLUMNS
    pieces = powers(-(-layer.out_channels // columns))
    channels = [min(columns * each, layer.out_channels) for each in pieces]
    sizes = np.array(
        list(product(powers(BATCH), powers(layer.out_size), powers(layer.in_channels), channels))
    )
    return dict(zip(("b", "o", "ic", "oc"), sizes.T, strict=True))


def tile_bits(layer: Layer, size: dict[str, Counts]) -> dict[str, Counts]:
    """What a tile needs of each operand."""
    taps, outputs = layer.kernel**2, size["o"] ** 2 * size["b"]
    rows = up(taps * size["ic"], layer.column_macs) * layer.column_macs
    inputs = (layer.kernel + (size["o"] - 1) * layer.stride) ** 2 * size["b"]
    pixels = outputs * taps if layer.by_im2col else inputs
    return {
        "weights": rows * size["oc"] * layer.weight_bits,
        "inputs": pixels * size["ic"] * layer.activation_bits,
        "outputs": outputs * up(size["oc"], COLUMNS) * COLUMNS * SUM_BITS,
    }


class Moved(NamedTuple):
    """Of one operand: bits that cross the DRAM interface, and those held at a time."""

    bits: Counts
    held: Counts


def moved(operand: str, bits: Counts, tiles: dict[str, Counts], order: tuple[str, ...]) -> Moved:
    """Follow an operand outwards through the loops: what half its buffer holds stays there."""
    held, holding = bits, np.ones(bits.shape, bool)
    for loop in reversed(order):
        again = tiles[loop] if loop in MOVES[operand] else np.ones_like(bits)
        bits = bits * np.where(holding, again, tiles[loop])
        holding &= bits <= HALF_BITS[operand]
        held = np.where(holding, bits, held)
    return Moved(bits, held)


def array_reads(layer: Layer, size: dict[str, Counts], tiles: Counts) -> dict[str, Counts]:
    """Bits that the array reads of each operand: of three orders the one it takes for cheapest."""
    taps, positions = layer.kernel**2, size["o"] ** 2 * size["b"]
    a, w = layer.activation_bits, layer.weight_bits
    depth = array_folds(layer, size["ic"]) * layer.column_macs
    channels = up(size["oc"], COLUMNS) * COLUMNS
    bits_moved = {
        "inputs": depth * positions * (a + channels * (w + SUM_BITS)),
        "outputs": channels * positions * (SUM_BITS + depth * (a + w)),
        "weights": depth * channels * (w + positions * (a + SUM_BITS)),
    }
    least = np.minimum.reduce(list(bits_moved.values()))
    macs = tiles * size["ic"] * taps * positions * size["oc"]
    once = {
        "inputs": tiles * size["ic"] * taps * positions,
        "outputs": tiles * positions * size["oc"],
        "weights": tiles * size["ic"] * taps * size["oc"],
    }
    read: dict[str, Counts] = {}
    for operand, width in (("inputs", a), ("outputs", SUM_BITS), ("weights", w)):
        read[operand] = macs * width
        for stays in ("weights", "outputs", "inputs"):  # of equals the last is taken
            of_this = once[operand] if stays == operand else macs
            read[operand] = np.where(bits_moved[stays] == least, of_this * width, read[operand])
    return read


def stats_of(layer: Layer) -> Stats:
    """What it takes for the best tiling and order of loops."""
    tried = _Tried(layer)
    return min(map(tried.best, permutations(LOOPS)))[-1]


class _Tried:
    """All tilings of a layer that fit, in one order of loops after the other."""

    def __init__(self, layer: Layer) -> None:
        size = tilings(layer)
        bits = tile_bits(layer, size)
        fits = np.logical_and.reduce([bits[each] <= HALF_BITS[each] for each in bits])
        size = {name: each[fits] for name, each in size.items()}
        self.bits = {name: each[fits] for name, each in bits.items()}
        side = up(layer.out_size, size["o"])
        self.tiles = {
            "b": up(BATCH, size["b"]),
            "oh": side,
            "ow": side,
            "ic": up(layer.in_channels, size["ic"]),
            "oc": up(layer.out_channels, size["oc"]),
        }
        every = np.multiply.reduce(list(self.tiles.values()))
        folds = array_folds(layer, size["ic"])
        of_tile = size["b"] * size["o"] ** 2 * up(size["oc"], COLUMNS) * folds
        self.compute = every * of_tile
        self.reads = array_reads(layer, size, every)

    def best(self, order: tuple[str, ...]) -> tuple[int, float, Stats]:
        """Cycles, energy and the rest of the best tiling in an order of the loops."""
        found = {each: moved(each, self.bits[each], self.tiles, order) for each in self.bits}
        written, last = found["outputs"]
        fetched = sum(each.bits for each in found.values())
        first = sum(each.held for each in found.values())
        memory = up(fetched + written - first - last, BITS_PER_CYCLE)
        edges = up(first, BITS_PER_CYCLE) + up(last, BITS_PER_CYCLE)
        cycles = self.compute + np.maximum(0, memory - self.compute) + edges
        energy = self.energy({name: each.bits for name, each in found.items()}, fetched + written)
        best = np.lexsort((energy, cycles))[0]
        outputs = self.reads["outputs"] + written
        of_best = (
            cycles,
            self.compute,
            fetched,
            written,
            self.reads["weights"],
            self.reads["inputs"],
            outputs,
            outputs,
            found["weights"].bits,
            found["inputs"].bits,
        )
        stats = Stats(*(int(each[best]) for each in of_best))
        return stats.cycles, float(energy[best]), stats

    def energy(self, filled: dict[str, Counts], dram: Counts) -> npt.NDArray[np.float64]:
        """nJ: DRAM fills each buffer, and sums are written as often as they are read."""
        energy = self.compute * CYCLE_NJ + dram * DRAM_NJ
        for each, bits in filled.items():
            sums = (bits, self.reads[each]) if each == "outputs" else (0, 0)
            energy = energy + (self.reads[each] + sums[0]) * READ_NJ[each]
            energy = energy + (bits + sums[1]) * WRITE_NJ[each]
        return energy
