"""M15-M21: the array, stepped PE by PE and cycle by cycle, and the sequencer that feeds it.

Once a cycle a wave enters the array at PE (0, 0) and moves one diagonal on, so that PE (r, c) works
on the wave that entered r + c cycles before. A wave holds one cycle of one step of a fold, or
nothing: then it is a bubble or a stall, in whose cycle the front of the array stands idle.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .mapping import Fold, Job, TilePass, TilePlan

# (pass, output of the run, reduction index) -> one product
Product = Callable[[int, int, int], int]

STEADY = ("msb", "lsb")


@dataclass(frozen=True)
class Wave:
    """What enters the array in one cycle, and the tile that the cycle is charged to."""

    kind: str  # "msb" | "lsb" | "bubble" | "port_stall"
    tile: int
    fold: Fold | None = None
    step: int = 0
    ends_step: bool = False


@dataclass
class Ledger:
    """Every MAC of one run, so that none is done twice or left out, and the sums if asked for."""

    outputs: int
    reduction: int
    product: Product | None = None
    done: dict[str, bytearray] = field(default_factory=dict)
    macs: Counter[str] = field(default_factory=Counter)
    busy_pe_cycles: Counter[str] = field(default_factory=Counter)
    sums: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in STEADY:
            self.done[kind] = bytearray(self.outputs * self.reduction)
            self.sums[kind] = [0] * self.outputs

    def multiply(self, kind: str, output: int, chunk: range) -> None:
        done, base = self.done[kind], output * self.reduction
        for k in chunk:
            assert not done[base + k], "a MAC is done twice"
            done[base + k] = 1
            if self.product:
                self.sums[kind][output] += self.product(STEADY.index(kind), output, k)
        self.macs[kind] += len(chunk)

    def check(self, plans: Sequence[TilePlan]) -> None:
        """Every issued output has its whole reduction, and no MAC is done beside those."""
        for kind, index in zip(STEADY, (0, 1), strict=True):
            issued = sum(
                len(issue_slot)
                for plan in plans
                for one in plan.passes[index : index + 1]
                for issue_slot in one.issue.slots
            )
            assert sum(self.done[kind]) == issued * self.reduction, "a MAC is left out"


class SystolicArray:
    """R x C PEs under moving waves; `left` of the `entered` waves have passed the last PE."""

    def __init__(self, rows: int, columns: int, ledger: Ledger) -> None:
        self.rows, self.columns, self.ledger = rows, columns, ledger
        self.in_flight: deque[Wave] = deque(maxlen=rows + columns - 1)
        self.entered = 0
        self.left = 0

    def cycle(self, wave: Wave) -> None:
        """One clock cycle: a wave enters, the others move on, and every PE does its own step."""
        self.in_flight.appendleft(wave)
        self.entered += 1
        for diagonal, moving in enumerate(self.in_flight):
            if moving.fold is not None:
                self._work(diagonal, moving, moving.fold)
        if len(self.in_flight) == self.in_flight.maxlen:
            self.left += 1

    def _work(self, diagonal: int, wave: Wave, fold: Fold) -> None:
        for row in range(max(0, diagonal - self.columns + 1), min(self.rows, diagonal + 1)):
            output, chunk = fold.work(row, diagonal - row, wave.step)
            if output is not None and chunk:
                self.ledger.busy_pe_cycles[wave.kind] += 1
                if wave.ends_step:
                    self.ledger.multiply(wave.kind, output, chunk)


@dataclass(frozen=True)
class Sequencer:
    """Feeds one run to the array: decides from its state what enters it in every cycle."""

    job: Job
    plans: Sequence[TilePlan]
    array: SystolicArray

    def waves(self) -> Iterator[Wave]:
        """M19: the passes of the run's tiles in order, each waiting for what it needs."""
        load_left: dict[tuple[int, int], int] = defaultdict(lambda: self.job.rows)
        msb_ended: dict[int, int] = {}
        last_pass_ended = 0
        for tile, one in self.order():
            if self.job.gated and one.index == 1:
                yield from self.until_left(msb_ended[tile], tile)
            key = self.plans[tile].tile.group, self.plans[tile].tile.lane_group
            for wave in self.pass_waves(tile, one):
                yield wave
                load_left[key] -= wave.kind in STEADY
            if one.happens:
                last_pass_ended = self.array.entered
            if one.index == 0:
                msb_ended[tile] = self.array.entered
            while self.ends_residency(tile, one) and load_left[key] > 0:
                yield Wave("bubble", tile)
                load_left[key] -= 1
                last_pass_ended += 1  # M19: the run's last skew begins after this wait
            if self.sums_leave_after(one):
                yield from self.until_left(self.array.entered, tile)
        yield from self.until_left(last_pass_ended, len(self.plans) - 1)

    def order(self) -> Iterator[tuple[int, TilePass]]:
        """M19: MSB(i), LSB(i); or MSB(i + 1) before LSB(i) where a second buffer holds its sums,
        though not into the next lane group while the array still holds this one's operands."""
        overtakes = self.job.gated and self.job.arch["memory"]["double_buffered"]
        overtaken: list[tuple[int, TilePass]] = []
        for tile, plan in enumerate(self.plans):
            if self.job.operands_stay and plan.tile.opens_lane_group:
                yield from overtaken
                overtaken = []
            yield tile, plan.passes[0]
            later = [(tile, one) for one in plan.passes[1:]]
            yield from overtaken if overtakes else later
            overtaken = later if overtakes else []
        yield from overtaken

    def pass_waves(self, tile: int, one: TilePass) -> Iterator[Wave]:
        """The folds of one pass, then the port stalls that its steady cycles did not hide."""
        port_bits_left = self.port_bits(one)
        for number, fold in enumerate(one.folds):
            if self.isolated:  # M16: the last fold has left, and only now are the operands loaded
                if number > 0:
                    yield from self.until_left(self.array.entered, tile)
                for _ in range(self.job.rows if self.job.dataflow in ("ws", "is") else 0):
                    yield Wave("bubble", tile)
            shift_left = self.shift_cycles()
            for wave in self.steady_waves(tile, one, fold):
                yield wave
                shift_left -= 1
                port_bits_left -= self.port_width
            for _ in range(shift_left):
                yield Wave("bubble", tile)
        while port_bits_left > 0:
            yield Wave("port_stall", tile)
            port_bits_left -= self.port_width

    @property
    def isolated(self) -> bool:
        return self.job.arch["array"]["overlap"] == "none"

    # M17's convention, in one place: the column that drains the last sums (`os`) or shifts the next
    # operands into the shadow registers (`ws`, `is`) is busy for R cycles beside *every* fold, the
    # first and the last too, as if an endless row of equal folds surrounded it.
    def shift_cycles(self) -> int:
        """Cycles of the drain or load beside one fold."""
        if self.isolated:
            return 0
        if self.job.dataflow == "bitfusion" or self.job.operands_stay:
            return 0
        return self.job.rows

    def ends_residency(self, tile: int, one: TilePass) -> bool:
        """M17, M18: staying operands are replaced after the last pass, even an empty one, of the
        lane group's last tile; the next ones load beside all of its steady cycles."""
        return (
            self.job.operands_stay
            and self.job.dataflow != "bitfusion"
            and not self.isolated
            and self.plans[tile].tile.closes_lane_group
            and one.index == len(self.job.passes) - 1
        )

    def sums_leave_after(self, one: TilePass) -> bool:
        """Whether the array drains before it goes on: M16, or M19 with a single output buffer."""
        if self.isolated:
            return one.happens
        single = not self.job.arch["memory"]["double_buffered"]
        return self.job.gated and single and one.index == 1 and one.happens

    def steady_waves(self, tile: int, one: TilePass, fold: Fold) -> Iterator[Wave]:
        _, cycles = self.job.rate(one.index)
        for step in range(fold.steps):
            for cycle in range(cycles):
                yield Wave(STEADY[one.index], tile, fold, step, ends_step=cycle == cycles - 1)

    def until_left(self, entered: int, tile: int) -> Iterator[Wave]:
        """Bubbles until the first `entered` waves have passed the array's last PE."""
        while self.array.left < entered:
            yield Wave("bubble", tile)

    @property
    def port_width(self) -> int:
        name = "activation_sram" if self.job.slots_are_positions else "weight_sram"
        sram = self.job.arch["memory"][name]
        return sram["banks"] * sram["port_bits"]

    def port_bits(self, one: TilePass) -> int:
        """M21: bits that a pass reads of its slots' operand; under `ideal` no port limits it."""
        if self.job.passes[one.index].gated and self.job.arch["lsb"]["scheduler"] == "ideal":
            return 0
        return one.issue.vectors * self.job.layer.reduction * slot_bits(self.job, one.index)


def slot_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the slots, in one pass."""
    one = job.passes[index]
    return one.activation_bits if job.slots_are_positions else one.weight_bits


def step_run(
    job: Job, plans: Sequence[TilePlan], images: int, product: Product | None = None
) -> tuple[list[Counter[str]], Ledger]:
    """Steps one run: the cycles of every kind charged to each tile, and the ledger of its MACs."""
    outputs = images * job.layer.out_channels * job.layer.positions_per_step
    ledger = Ledger(outputs, job.layer.reduction, product)
    array = SystolicArray(job.rows, job.columns, ledger)
    cycles: list[Counter[str]] = [Counter() for _ in plans]
    for wave in Sequencer(job, plans, array).waves():
        array.cycle(wave)
        cycles[wave.tile][wave.kind] += 1
    ledger.check(plans)
    return cycles, ledger
