"""M15-M21: the array, stepped PE by PE and cycle by cycle, and the sequencer that feeds it.

Once a cycle a wave enters the array at PE (0, 0) and moves one diagonal on, so that PE (r, c) works
on the wave that entered r + c cycles before. A wave holds one cycle of one step of a fold, or
nothing: then it is a bubble. A wave may start something that goes on behind it for R cycles: the
sums of a fold leave on the columns' buses, or operands come in on them. While memory is late no
wave enters and nothing moves: the array is frozen.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .by_values import Fold, SteppedFold
from .mapping import Job, TilePass, TilePlan
from .ports import BufferUse, ports_of
from .sram import PARTIAL_SUM_BITS, reads_lanes, sum_visits, tile_accesses
from .turns import Ask

# (pass, output of the run, reduction index) -> one product
Product = Callable[[int, int, int], int]
Wanted = Callable[[int, int], bool]  # (output of the run, reduction index)


def steady_kind(index: int) -> str:
    """M15: what a pass's steady cycles are called: msb in the first pass, lsb in all others."""
    return "lsb" if index else "msb"


@dataclass(frozen=True)
class Wave:
    """What enters the array in one cycle, and the turn that the cycle is charged to."""

    kind: str  # "msb" | "lsb" | "bubble"; "port_stall" is a cycle in which nothing enters
    turn: int
    fold: Fold | None = None
    step: int = 0
    pass_index: int = 0
    cycle: int = 0  # of the step
    ends_step: bool = False
    begins_fold: bool = False
    loads: bool = False  # operands come in behind this wave
    known: bool = False  # of a wave that only asks for what is on demand: since the turn began
    drains: bool = False  # the sums of a fold leave their PEs behind it, its last wave


@dataclass
class Ledger:
    """Every MAC of one run, so that none is done twice or left out, and the sums if asked for."""

    passes: int
    outputs: int
    reduction: int
    product: Product | None = None
    wanted: Sequence[Wanted | None] = ()  # by pass: under a mask of pixels, what counts (M52)
    done: list[bytearray] = field(default_factory=list)  # by pass
    sums: list[list[int]] = field(default_factory=list)  # by pass
    macs: Counter[str] = field(default_factory=Counter)
    busy_pe_cycles: Counter[str] = field(default_factory=Counter)
    pe_macs: Counter[tuple[int, int, int]] = field(default_factory=Counter)  # pass, row, column

    def __post_init__(self) -> None:
        for _ in range(self.passes):
            self.done.append(bytearray(self.outputs * self.reduction))
            self.sums.append([0] * self.outputs)

    def multiply(self, index: int, output: int, chunk: Sequence[int]) -> None:
        done, base = self.done[index], output * self.reduction
        for k in chunk:
            assert not done[base + k], "a MAC is done twice"
            done[base + k] = 1
            if self.product:
                self.sums[index][output] += self.product(index, output, k)
        wanted = self.wanted[index] if self.wanted else None
        counted = chunk if wanted is None else [k for k in chunk if wanted(output, k)]
        self.macs[steady_kind(index)] += len(counted)

    def check(self, plans: Sequence[TilePlan]) -> None:
        """Every issued output has its whole reduction, and no MAC is done beside those."""
        for index, done in enumerate(self.done):
            wanted = self.wanted[index] if self.wanted else None
            if wanted is not None:
                for place, is_done in enumerate(done):
                    assert is_done or not wanted(*divmod(place, self.reduction)), (
                        "a MAC is left out"
                    )
                continue
            issued = sum(plan.passes[index].entries for plan in plans)
            assert sum(done) == issued * self.reduction, "a MAC is left out"


class SystolicArray:
    """R x C PEs under moving waves, and what the columns' buses and the gates are busy with.

    Of the `entered` waves, `left` have passed the last PE, and `answered` the gate behind it.
    """

    def __init__(self, rows: int, columns: int, gate_latency_cycles: int, ledger: Ledger) -> None:
        self.rows, self.columns, self.ledger = rows, columns, ledger
        self.in_flight: deque[Wave] = deque(maxlen=rows + columns - 1)
        self.in_gate: deque[Wave] = deque(maxlen=gate_latency_cycles + 1)
        self.entered = 0
        self.entered_to_work = 0  # as many as had entered when the last step did
        self.left = 0
        self.answered = 0
        self.sums_to_leave = 0  # on the bus of column 0, one in a cycle
        self.rows_to_load = 0  # of column 0, one in a cycle

    def cycle(self, wave: Wave) -> None:
        """One clock cycle: a wave enters, the others move on, and every PE does its own step."""
        self.in_flight.appendleft(wave)
        self.entered += 1
        self.entered_to_work = self.entered if wave.fold is not None else self.entered_to_work
        for diagonal, moving in enumerate(self.in_flight):
            if moving.fold is not None:
                self._work(diagonal, moving, moving.fold)
        self._use_buses(wave)
        if len(self.in_flight) == self.in_flight.maxlen:
            self.left += 1
            self.in_gate.appendleft(self.in_flight[-1])
            self.answered += len(self.in_gate) == self.in_gate.maxlen

    def _use_buses(self, wave: Wave) -> None:
        """M17: row 0 of column 0 begins with the wave, and one row follows in every cycle."""
        if wave.drains:
            assert self.sums_to_leave == 0, "two sums on one bus"
            self.sums_to_leave = self.rows
        if wave.loads:
            assert self.rows_to_load == 0, "two loads on one bus"
            self.rows_to_load = self.rows
        self.sums_to_leave = max(0, self.sums_to_leave - 1)
        self.rows_to_load = max(0, self.rows_to_load - 1)

    def _work(self, diagonal: int, wave: Wave, fold: Fold) -> None:
        for row in range(max(0, diagonal - self.columns + 1), min(self.rows, diagonal + 1)):
            output, chunk = fold.work(row, diagonal - row, wave.step)
            if output is not None and chunk:
                works = fold.works(row, diagonal - row, wave.step, wave.cycle)
                self.ledger.busy_pe_cycles[wave.kind] += works
            if isinstance(fold, SteppedFold):
                chunk = fold.finished(row, diagonal - row, wave.step)
            if output is not None and chunk and wave.ends_step:
                self.ledger.multiply(wave.pass_index, output, chunk)
                self.ledger.pe_macs[wave.pass_index, row, diagonal - row] += len(chunk)


@dataclass(frozen=True)
class Sequencer:
    """Feeds one run to the array: decides from its state what enters it in every cycle."""

    job: Job
    plans: Sequence[TilePlan]
    array: SystolicArray
    output_bits: int

    def waves(self) -> Iterator[Wave]:
        """M19: the passes of the run's tiles in order, each waiting for what it needs."""
        array, turn, begun, known = self.array, 0, -1, 0
        decided: dict[int, int] = {}  # by tile, the wave behind which its mask follows
        for tile, one in self.order():
            trails = one.index >= self.job.leading
            turn = tile + 1 if trails and self.job.interleaved else tile  # M25
            if turn != begun:
                begun, known = turn, array.answered
            gated = self.job.gated and self.job.passes[one.index].gated
            while gated and array.answered < decided[tile]:
                yield Wave("bubble", turn)
            if one.index == self.job.leading:
                earlier = self.job.interleaved and decided[tile] <= known
                yield Wave("asks", turn, known=earlier)
            plan, opens = self.plans[tile], self.plans[tile].tile.opens_lane_group
            waves = self.pass_waves(turn, one, opens)
            yield from self.through_ports(self.job, one, waves, self.use_of(plan, one, opens))
            if one.index == self.job.leading - 1:
                decided[tile] = array.entered_to_work
            if self.shares_one_buffer and one is self.plans[tile].passes[-1]:
                yield from self.until_sums_left(turn)
        yield from self.until_sums_left(turn)

    def order(self) -> Iterator[tuple[int, TilePass]]:
        """M19: L(i), T(i), the leading and the trailing passes of each tile; or L(i + 1) before
        T(i) where a second buffer holds its sums, though not into the next lane group while the
        array still holds this one's operands."""
        overtaken: list[tuple[int, TilePass]] = []
        for tile, plan in enumerate(self.plans):
            if self.operands_stay and plan.tile.opens_lane_group:
                yield from overtaken
                overtaken = []
            passes = [(tile, one) for one in plan.passes]
            leading, trailing = passes[: self.job.leading], passes[self.job.leading :]
            yield from leading
            yield from overtaken if self.job.interleaved else trailing
            overtaken = trailing if self.job.interleaved else []
        yield from overtaken

    def pass_waves(self, turn: int, one: TilePass, opens: bool) -> Iterator[Wave]:
        """M16, M17: the folds of one pass. Each waits for the buses; an isolated one loads before
        its first step, not behind it, and drains before anything else begins."""
        for number, fold in enumerate(one.folds):
            loads = self.loads(one, number, opens)
            if self.isolated and loads:
                yield Wave("bubble", turn, loads=True)
            while self.buses_are_late_for(one, fold, loads):
                yield Wave("bubble", turn)
            yield from self.fold_waves(turn, one, fold, loads and not self.isolated)
            if self.isolated:
                yield from self.until_sums_left(turn)

    def fold_waves(self, turn: int, one: TilePass, fold: Fold, loads: bool) -> Iterator[Wave]:
        """The steady cycles of one fold."""
        _, cycles = self.job.rate(one.index)
        drains = self.job.dataflow == "os"
        for step in range(fold.steps):
            own_cycles = fold.cycles_of(step, cycles)
            for cycle in range(own_cycles):
                yield Wave(
                    steady_kind(one.index),
                    turn,
                    fold,
                    step,
                    one.index,
                    cycle,
                    ends_step=cycle == own_cycles - 1,
                    begins_fold=step == cycle == 0,
                    loads=loads and step == cycle == 0,
                    drains=drains and step == fold.steps - 1 and cycle == own_cycles - 1,
                )

    def buses_are_late_for(self, one: TilePass, fold: Fold, loads: bool) -> bool:
        """Whether a fold that began now would find, at its end, sums of another on its bus, or, at
        its beginning, operands of another."""
        _, cycles = self.job.rate(one.index)
        before_its_end = fold.steps * cycles - 1
        load_is_late = loads and self.array.rows_to_load > 0
        return load_is_late or self.array.sums_to_leave > before_its_end

    def loads(self, one: TilePass, fold: int, opens: bool) -> bool:
        """M16, M18: whether a fold brings the operands that its PEs hold, in a tile that opens a
        lane group or does not."""
        if self.job.dataflow not in ("ws", "is"):
            return False
        return (opens and one.index == fold == 0) or self.isolated or not self.operands_stay

    @property
    def operands_stay(self) -> bool:
        """M18: whether only the tile that opens a lane group loads."""
        return self.job.operands_stay

    def use_of(self, plan: TilePlan, one: TilePass, opens: bool) -> BufferUse:
        """M22: what a pass moves of the lanes' operand, and through the output buffer."""
        visits = [sum_visits(self.job, plan, each.index) for each in plan.passes]
        moved = tile_accesses(self.job, plan, visits, self.output_bits)
        return BufferUse(
            len(plan.tile.lanes) * reads_lanes(one, self.operands_stay, opens),
            sum(bits for index, _, bits in moved if index == one.index),
        )

    def through_ports(
        self, job: Job, one: TilePass, waves: Iterator[Wave], use: BufferUse
    ) -> Iterator[Wave]:
        """M21, M43: the array's own waves of one pass, frozen while a port has not moved what must
        have moved by the end of the wave that would enter."""
        ports = ports_of(job, one, use)
        for wave in waves:
            ports.enter(wave)
            if ports.begun:
                ports.cycle()
            while ports.late:
                yield Wave("port_stall", wave.turn)
                ports.cycle()
            yield wave
        if one.happens:
            ports.check()

    def until_sums_left(self, turn: int) -> Iterator[Wave]:
        """Bubbles until the last step has passed the array's last PE."""
        while self.array.left < self.array.entered_to_work:
            yield Wave("bubble", turn)

    @property
    def isolated(self) -> bool:
        return self.job.arch["array"]["overlap"] == "none"

    @property
    def shares_one_buffer(self) -> bool:
        """M19: whether a tile's sums must have left before the next tile begins."""
        return not self.job.arch["memory"]["double_buffered"]


def wanted_of(job: Job, plans: Sequence[TilePlan]) -> list[Wanted | None]:
    """M52: of each pass, the MACs on important pixels; None where all of an output's count."""
    if not job.gated_inputs:
        return []
    layer, taps = job.layer, {}
    for plan in plans:
        taps.update(plan.pixels or {})

    def wanted(output: int, k: int) -> bool:
        rest, position = divmod(output, layer.positions_per_step)
        return taps[rest // layer.out_channels, position][k // layer.group_in_channels]

    return [wanted if one.gated and not one.parts else None for one in job.passes]


def step_run(
    job: Job,
    plans: Sequence[TilePlan],
    images: int,
    product: Product | None = None,
    output_bits: int = PARTIAL_SUM_BITS,
) -> tuple[list[Counter[str]], list[Ask | None], Ledger]:
    """Steps one run: the cycles of every kind in each turn (M25), when its trailing passes could
    begin, and the ledger of its MACs."""
    outputs = images * job.layer.out_channels * job.layer.positions_per_step
    ledger = Ledger(len(job.passes), outputs, job.layer.reduction, product, wanted_of(job, plans))
    array = SystolicArray(job.rows_of(0), job.columns, job.gate_latency_cycles, ledger)
    cycles: list[Counter[str]] = [Counter() for _ in range(len(plans) + job.interleaved)]
    asks: list[Ask | None] = [None for _ in cycles]
    for wave in Sequencer(job, plans, array, output_bits).waves():
        if wave.kind == "asks":  # which takes no time
            asks[wave.turn] = Ask(sum(cycles[wave.turn].values()), wave.known)
            continue
        if wave.kind != "port_stall":
            array.cycle(wave)
        cycles[wave.turn][wave.kind] += 1
    ledger.check(plans)
    return cycles, asks, ledger
