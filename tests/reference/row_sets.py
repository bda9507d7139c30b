"""M46: what sets of PEs a layer gets, found by trying all of them, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from .mapping import Job

OutputRow = tuple[int, int]  # (image of the run, output row of the image)


class Sets(NamedTuple):
    """What a layer gets; the first four in the order in which ties are broken."""

    filters: int
    channels: int
    across: int
    set_columns: int
    beside: int


@dataclass(frozen=True)
class RowJob(Job):
    """A layer of one dense pass on a row-stationary design."""

    @property
    def slots_are_positions(self) -> bool:
        return True

    @property
    def files(self) -> Mapping[str, int]:
        return self.arch["array"]["register_files"]

    @property
    def word_bits(self) -> int:
        pe = self.arch["array"]["pe"]
        return max(pe["max_activation_bits"], pe["max_weight_bits"])

    @property
    def room_for_sums(self) -> int:
        """32-bit sums that the output buffer holds for a window."""
        bits = self.arch["memory"]["output_sram"]["kib"] * 8192
        return int(bits // (2 if self.arch["memory"]["double_buffered"] else 1)) // 32

    def buffer_port_bits(self, buffer: str) -> int:
        sram = self.arch["memory"][buffer]
        return sram["banks"] * sram["port_bits"]

    def under_kernel(self, side: int, output: int) -> list[int | None]:
        """The input rows (side 0) or columns (1) under the taps at an output one; None: padding."""
        return self.layer.columns.under(output) if side else self.layer.rows_under(output)

    @cached_property
    def row_pixels(self) -> int:
        """The pixels of an input row that any output of the layer needs."""
        columns = range(self.layer.out_size[1])
        return len({c for x in columns for c in self.under_kernel(1, x)} - {None})

    def strip_elements(self, rows: Sequence[OutputRow]) -> int:
        """What a strip of output rows reads of activations."""
        needed = {(i, y) for i, row in rows for y in self.under_kernel(0, row) if y is not None}
        return len(needed) * self.row_pixels * self.layer.group_in_channels

    @cached_property
    def sets(self) -> Sets:
        """The best of all that have room."""
        ranked = [(self.costs(each), each) for each in self.possible()]
        return min(ranked, key=lambda one: (one[0], one[1][:4]))[1]

    def possible(self) -> Iterator[Sets]:
        """All sets that have room."""
        layer, files = self.layer, self.files
        words = layer.columns.dilation * (layer.columns.kernel - 1) + 1
        fewest = {}  # columns, by how many strips an image takes
        for columns in range(self.columns, 0, -1):
            fewest[len(range(0, layer.out_size[0], columns))] = columns
        for set_columns in fewest.values():
            for channels in range(1, layer.group_in_channels + 1):
                for filters in range(1, min(layer.group_channels, files["sum_words"]) + 1):
                    room = (
                        channels * words <= files["activation_words"]
                        and filters * channels * layer.columns.kernel <= files["weight_words"]
                    )
                    least: dict[int, int] = {}  # sets across, by how many folds they take
                    for across in range(self.rows // layer.kernel_rows, 0, -1):
                        least[len(range(0, layer.group_in_channels, channels * across))] = across
                    for across in least.values():
                        beside = self.most_beside(set_columns, filters, across) if room else 0
                        if beside:
                            yield Sets(filters, channels, across, set_columns, beside)

    def most_beside(self, set_columns: int, filters: int, across: int) -> int:
        """As many groups of sets as have places, sums and output channels."""
        places = self.rows // self.layer.kernel_rows // across * (self.columns // set_columns)
        channel_sums = set_columns * self.layer.out_size[1]
        beside = 0
        while (
            beside < places
            and beside * filters < self.layer.group_channels
            and filters * (beside + 1) * channel_sums <= self.room_for_sums
        ):
            beside += 1
        return beside

    def costs(self, sets: Sets) -> tuple[int, int]:
        """Cycles of an image in a long row of images, and words that the buffers move."""
        layer = self.layer
        out_h, out_w = layer.out_size
        rows = [(0, row) for row in range(out_h)]
        strips = [rows[i : i + sets.set_columns] for i in range(0, out_h, sets.set_columns)]
        groups = len(range(0, layer.group_channels, sets.filters * sets.beside))
        steps = groups * self.folds_of(sets) * len(strips)
        steady = steps * out_w * layer.columns.kernel * sets.channels * sets.filters
        read = groups * sum(map(self.strip_elements, strips))
        port = -(-read * self.word_bits // self.buffer_port_bits("activation_sram"))
        share = -(-steps * self.load_cycles(sets) // self.window_strips(sets))
        sums = layer.group_channels * out_h * out_w
        return max(steady, port) + share, read + 2 * self.folds_of(sets) * sums

    def folds_of(self, sets: Sets) -> int:
        return len(range(0, self.layer.group_in_channels, sets.channels * sets.across))

    def load_cycles(self, sets: Sets) -> int:
        weights = sets.filters * sets.beside * sets.channels * sets.across * self.layer.taps
        return -(-weights * self.word_bits // self.buffer_port_bits("weight_sram"))

    def window_strips(self, sets: Sets) -> int:
        strip_sums = sets.filters * sets.beside * sets.set_columns * self.layer.out_size[1]
        return self.room_for_sums // strip_sums

    def reduction_folds(self, index: int) -> int:
        return self.folds_of(self.sets)

    @cached_property
    def operands_stay(self) -> bool:
        """M18: one fold has all weights of a lane group, and one pass is all there is."""
        return self.folds_of(self.sets) == 1
