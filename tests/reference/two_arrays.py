"""M59: an array that predicts the next tile, and one that executes this one, in step.

Both are stepped PE by PE, cycle by cycle. In a cycle each takes a wave of its own, stands still for
its own ports, or has done its turn and waits. A turn is over when both have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .array import Ledger, Product, Sequencer, SystolicArray, Wave
from .mapping import Job, TilePass, TilePlan
from .sram import PARTIAL_SUM_BITS


@dataclass(frozen=True)
class Half:
    """One of both arrays: its name, and what feeds it."""

    name: str
    sequencer: Sequencer

    def takes(self, turn: int, plan: TilePlan | None) -> Iterator[Wave]:
        """The waves of a turn, until the array has nothing left to do in it."""
        if plan is None:
            return
        job, array = self.sequencer.job, self.sequencer.array
        opens = plan.tile.opens_lane_group
        for one in self._passes(plan):
            waves = self.sequencer.pass_waves(turn, one, opens)
            use = self.sequencer.use_of(plan, one, opens)
            yield from self.sequencer.through_ports(job, one, waves, use)
        decided = array.entered_to_work
        yield from self.sequencer.until_sums_left(turn)
        while self.name == "predictor" and array.answered < decided:
            yield Wave("bubble", turn)

    def _passes(self, plan: TilePlan) -> Sequence[TilePass]:
        leading = self.sequencer.job.leading
        return plan.passes[:leading] if self.name == "predictor" else plan.passes[leading:]


def step_halves(
    job: Job,
    plans: Sequence[TilePlan],
    images: int,
    product: Product | None = None,
    output_bits: int = PARTIAL_SUM_BITS,
) -> tuple[Counter[str], list[int], Ledger]:
    """Steps one run: the cycles of every kind over both arrays, those of each turn, and the ledger
    of all MACs."""
    outputs = images * job.layer.out_channels * job.layer.positions_per_step
    ledger = Ledger(len(job.passes), outputs, job.layer.reduction, product)
    rows = {"predictor": job.predictor_rows, "executor": job.rows - job.predictor_rows}
    halves = [
        Half(
            name,
            Sequencer(
                job,
                plans,
                SystolicArray(own, job.columns, job.gate_latency_cycles, ledger),
                output_bits,
            ),
        )
        for name, own in rows.items()
    ]
    kinds: Counter[str] = Counter()
    turns = []
    for turn in range(len(plans) + 1):
        tiles = (plans[turn] if turn < len(plans) else None, plans[turn - 1] if turn else None)
        turns.append(
            _turn(halves, [h.takes(turn, t) for h, t in zip(halves, tiles, strict=True)], kinds)
        )
    ledger.check(plans)
    return kinds, turns, ledger


def _turn(halves: Sequence[Half], feeds: Sequence[Iterator[Wave]], kinds: Counter[str]) -> int:
    """Step both arrays until both have done a turn; the cycles that it takes."""
    cycles = 0
    while True:
        waves = [next(feed, None) for feed in feeds]
        if not any(waves):
            return cycles
        cycles += 1
        kinds["both"] += all(waves)
        for half, wave in zip(halves, waves, strict=True):
            kinds[f"{half.name}_wait" if wave is None else wave.kind] += 1
            if wave is None or wave.kind != "port_stall":
                half.sequencer.array.cycle(wave or Wave("bubble", 0))
