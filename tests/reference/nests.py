"""M40: loop nests, walked element by element: blocks, what buffers hold, what DRAM moves.

An element is a tuple that names one activation, weight or sum of a run and group. Sets of them say
what a block uses and what a buffer holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise, product

from .layers import Layer, bits_of, stored_bits
from .mapping import Job, Run
from .memory import AS_LARGE_AS_NEEDED

LOOPS = "NPQKC"  # images, rows, columns, channels, input channels
MATTER = {"activation": "NPQC", "weight": "KC", "sum": "NPQK"}
SUM_BITS = 32

Elements = frozenset[Hashable]


@dataclass(frozen=True)
class Nest:
    """The loops' letters, outermost first, the size of each one's block, and operands of which no
    more than a block is held."""

    order: str
    blocks: Mapping[str, int]
    unheld: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """One innermost iteration: its number along each loop, and what it takes of each."""

    at: Mapping[str, int]
    takes: Mapping[str, range]

    def numbers(self, letters: str) -> tuple[int, ...]:
        return tuple(self.at[letter] for letter in letters)

    def elements(self, layer: Layer, operand: str) -> Elements:
        """The elements that the block uses; of activations those under a kernel's taps."""
        images, rows, columns, channels, in_channels = (self.takes[loop] for loop in LOOPS)
        if operand == "weight":
            return frozenset(product(channels, range(layer.taps), in_channels))
        positions = [row * layer.out_size[1] + column for row, column in product(rows, columns)]
        if operand == "sum":
            return frozenset(product(images, positions, channels))
        pixels = {pixel for position in positions for pixel in layer.window_pixels(position)}
        return frozenset(product(images, pixels - {None}, in_channels))


@dataclass(frozen=True)
class Transfers:
    """Bytes that a turn reads and writes, stream by stream: of its first C block, of what comes
    during its leading and during its trailing passes, and of the sums that leave."""

    opening: list[int]
    leading: list[int]
    trailing: list[int]
    written: int
    reads: Mapping[str, int]  # of each operand, in all


@dataclass(frozen=True)
class Walk:
    """A nest of one run and group, block by block."""

    job: Job
    run: Run
    nest: Nest
    output_bits: int

    @cached_property
    def sizes(self) -> dict[str, int]:
        layer = self.job.layer
        rows, columns = layer.out_size
        sizes = (self.run.images, rows, columns, layer.group_channels, layer.group_in_channels)
        return dict(zip(LOOPS, sizes, strict=True))

    @cached_property
    def pieces(self) -> dict[str, list[range]]:
        """Each loop cut into blocks, the last of which may be smaller."""
        return {
            loop: [
                range(begin, min(begin + self.nest.blocks[loop], size))
                for begin in range(0, size, self.nest.blocks[loop])
            ]
            for loop, size in self.sizes.items()
        }

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks in the order in which they execute."""
        order = self.nest.order
        blocks = []
        for numbers in product(*(range(len(self.pieces[loop])) for loop in order)):
            at = dict(zip(order, numbers, strict=True))
            blocks.append(Block(at, {loop: self.pieces[loop][at[loop]] for loop in order}))
        return blocks

    @cached_property
    def turns(self) -> list[list[Block]]:
        """What M25 overlaps: blocks; where a mask steers a pass, all C blocks of the same sums."""
        if not self.job.gated:
            return [[block] for block in self.blocks]
        inside = self.nest.order.split("C")[1] if len(self.pieces["C"]) > 1 else ""
        if any(len(self.pieces[loop]) > 1 for loop in inside):
            raise ValueError("a gate needs whole sums: C must be innermost, or one block")
        return [list(own) for _, own in groupby(self.blocks, lambda one: one.numbers("NPQK"))]

    def usable_bits(self, operand: str) -> int:
        if operand == "weight" and self.job.weights_on_chip is not None:
            return AS_LARGE_AS_NEEDED
        memory = self.job.arch["memory"]
        buffer = "output_sram" if operand == "sum" else f"{operand}_sram"
        bits = memory[buffer]["kib"] * 8192
        return int(bits // 2 if memory["double_buffered"] else bits)

    def bits(self, operand: str) -> int:
        """Bits of an element where it is held."""
        return SUM_BITS if operand == "sum" else stored_bits(self.job.passes, operand)

    @cached_property
    def depths(self) -> dict[str, int]:
        """How many loops lie outside of what is held of each operand."""
        return {operand: self._depth(operand) for operand in MATTER}

    def _depth(self, operand: str) -> int:
        room = self.usable_bits(operand)
        if operand in self.nest.unheld:
            room = min(room, self.need(operand, len(LOOPS)))
        for depth in range(len(LOOPS) + 1):
            if self.need(operand, depth) <= room:
                return depth
        raise ValueError(f"a block does not fit the buffer of {operand}")

    def need(self, operand: str, depth: int) -> int:
        """The bits that the loops inside of a depth need, at most over those outside of it."""
        inside: dict[tuple[int, ...], set[Hashable]] = {}
        for block in self.blocks:
            outside = block.numbers(self.nest.order[:depth])
            elements = block.elements(self.job.layer, operand)
            inside.setdefault(outside, set()).update(elements)
        return max(map(len, inside.values())) * self.bits(operand)

    def hold(self, operand: str, block: Block) -> tuple[int, ...]:
        """What stays the same while a hold lasts: the loops outside of it that matter."""
        outside = self.nest.order[: self.depths[operand]]
        return block.numbers("".join(loop for loop in outside if loop in MATTER[operand]))

    def bytes_of(self, bits: int) -> int:
        """One transfer, in whole bursts."""
        burst = self.job.arch["memory"]["dram"]["burst_bytes"]
        return -(-bits // (burst * 8)) * burst

    def transfers(self, happens: Sequence[Sequence[int]]) -> list[Transfers]:
        """What every turn moves; happens: the passes that issue anything in it."""
        read = {operand: self._fetched(operand, happens) for operand in ("activation", "weight")}
        sums, written = self._sums()
        moved = []
        for turn in range(len(self.turns)):
            opening, leading, trailing = (
                [fetches[turn][when] for fetches in read.values()] for when in range(3)
            )
            reads = {operand: sum(fetches[turn]) for operand, fetches in read.items()}
            moved.append(
                Transfers(
                    opening=[*opening, sums[turn]],
                    leading=leading,
                    trailing=trailing,
                    written=written[turn],
                    reads=reads | {"sum": sums[turn]},
                )
            )
        return moved

    def visits(self, turn: int, happens: Sequence[int]) -> Iterator[tuple[int, int, Block]]:
        """Who wants operands, in order: (pass, when they come, block). Without a gate every pass
        finds what came with the block."""
        blocks = self.turns[turn]
        for index in happens if self.job.gated else (0,):
            for number, block in enumerate(blocks):
                leads = index < self.job.leading
                yield index, (0 if index == number == 0 else 1 if leads else 2), block

    def _fetched(self, operand: str, happens: Sequence[Sequence[int]]) -> list[list[int]]:
        """By turn, the bytes of an operand that come before it, in its leading and in its trailing
        passes."""
        fetched = [[0, 0, 0] for _ in self.turns]
        if operand == "weight" and self._weights_kept_over_steps():
            return fetched
        kept = not self.job.gated or len(self.pieces["C"]) == 1
        kept = kept or self.depths[operand] <= self.nest.order.index("C")
        hold: tuple[int, ...] | None = None
        held: set[Hashable] = set()
        for turn, own in enumerate(happens):
            for index, when, block in self.visits(turn, own):
                if self.hold(operand, block) != hold:
                    hold, held = self.hold(operand, block), set()
                new = block.elements(self.job.layer, operand) - held
                held |= new
                plane = getattr(self.job.passes[index], operand)
                bits = self._fetched_bits(operand) if kept else plane.bits
                fetched[turn][when] += self.bytes_of(len(new) * bits)
        return fetched

    def _fetched_bits(self, operand: str) -> int:
        """Bits of an element that DRAM brings: of weights, those that are not on chip (M55)."""
        on_chip = self.job.weights_on_chip or frozenset()
        bits = bits_of(self.job.passes, operand)
        return len(bits - on_chip if operand == "weight" else bits)

    def _weights_kept_over_steps(self) -> bool:
        """M23: an earlier time step of the batch has fetched the layer's weights for good."""
        layer = self.job.layer
        bits = layer.out_channels * layer.reduction * self.bits("weight")
        return self.run.step > 0 and bits <= self.usable_bits("weight")

    def _sums(self) -> tuple[list[int], list[int]]:
        """By turn, the bytes of sums that come back, and of those that leave.

        A sum leaves when it has all its input channels, or else with the last turn of a hold that
        adds to it.
        """
        uses = [own[0].elements(self.job.layer, "sum") for own in self.turns]
        holds = [0]  # by turn, the number of the hold that it is in
        for before, own in pairwise(self.turns):
            same = self.hold("sum", before[0]) == self.hold("sum", own[0])
            holds.append(holds[-1] + (not same))
        last = {}  # turn of each hold that adds to a sum
        for turn, (hold, elements) in enumerate(zip(holds, uses, strict=True)):
            last |= {(hold, element): turn for element in elements}
        added: Counter[Hashable] = Counter()  # input channels of each sum
        away: set[Hashable] = set()
        read, written = [], []
        for turn, (hold, elements) in enumerate(zip(holds, uses, strict=True)):
            back = elements & away
            away -= back
            for block in self.turns[turn]:
                added.update(dict.fromkeys(elements, len(block.takes["C"])))
            done = {element for element in elements if added[element] == self.sizes["C"]}
            leave = {element for element in elements if last[hold, element] == turn} - done
            away |= leave
            read.append(self.bytes_of(len(back) * SUM_BITS))
            written.append(self.bytes_of(len(done) * self.output_bits + len(leave) * SUM_BITS))
        assert not away, "a sum is never finished"
        return read, written
