"""What happens in every turn of a layer's runs, and what each of its cycles is spent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.model.events import of_passes, of_runs, order_of, transfers_of
from pgsim.model.layer import BlockRun

if TYPE_CHECKING:
    from pgsim.kernels.timeline import Order, Transfers

STEPS = ("msb_cycles", "lsb_cycles")
WAITS = ("bubble_cycles", "port_stall_cycles", "dram_stall_cycles")
MOVED = ("dram_read_bytes", "dram_write_bytes")


@dataclass(frozen=True)
class Held:
    """One pass in every turn, from the turn's begin on; all 0 where a turn does not hold it.

    name: MSB and LSB of two passes, else its number. behind: turns from the one in which a tile
    leads to the one in which this pass takes it.
    begins, ends, steady_cycles, port_stall_cycles: int64 (runs, turns); ends are after the stall.
    """

    name: str
    behind: int
    begins: Counts
    ends: Counts
    steady_cycles: Counts
    port_stall_cycles: Counts

    @property
    def bubble_cycles(self) -> Counts:
        """Cycles within the pass in which no step enters, and no port is waited for (M16, M17)."""
        return self.ends - self.begins - self.steady_cycles - self.port_stall_cycles


@dataclass(frozen=True)
class Moved:
    """One of a turn's transfers, from the turn's begin on; without cycles where there is none.

    ahead: the tile that it reads, less the turn. behind: the turn, less the tile that it writes.
    begins, cycles, read_bytes, write_bytes: int64 (runs, turns).
    """

    ahead: int
    behind: int
    begins: Counts
    cycles: Counts
    read_bytes: Counts
    write_bytes: Counts


@dataclass(frozen=True)
class Turns:
    """The turns of some runs of a layer (M25), each from its begin on.

    A turn begins with the transfer that its array waits for, and ends where the next begins.
    begins: int64 (runs, turns + 1), since the run began; the last is when the run ends.
    work_begins, work_ends: of the array's work, int64 (runs, turns).
    axes: how the tiles of a run are nested, outermost first: the name and the size of each loop.
    """

    begins: Counts
    work_begins: Counts
    work_ends: Counts
    passes: tuple[Held, ...]
    transfers: tuple[Moved, ...]
    axes: Mapping[str, int]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.begins)

    @property
    def turns(self) -> int:
        """How many turns each of them has."""
        return len(self.work_begins[0])

    @cached_property
    def cycles(self) -> Counts:
        """Of every turn, int64 (runs, turns)."""
        return np.diff(self.begins, axis=1)

    @cached_property
    def counts(self) -> Mapping[str, Counts]:
        """What every turn adds to columns of the result table, int64 (runs, turns) each."""
        none = np.zeros_like(self.cycles)
        steady = [each.steady_cycles for each in self.passes]
        work = self.work_ends - self.work_begins
        ports = sum((each.port_stall_cycles for each in self.passes), none)
        return {
            "msb_cycles": steady[0],
            "lsb_cycles": sum(steady[1:], none),
            "bubble_cycles": work - ports - sum(steady, none),
            "port_stall_cycles": ports,
            "dram_stall_cycles": self.cycles - work,
            "dram_read_bytes": sum((each.read_bytes for each in self.transfers), none),
            "dram_write_bytes": sum((each.write_bytes for each in self.transfers), none),
        }

    @cached_property
    def looks(self) -> tuple[Counts, ...]:
        """All that decides how a turn is drawn, int64 (runs, turns) each."""
        return (
            self.cycles,
            self.work_begins,
            self.work_ends,
            *(
                part
                for each in self.passes
                for part in (each.begins, each.ends, each.steady_cycles, each.port_stall_cycles)
            ),
            *(
                part
                for each in self.transfers
                for part in (each.cycles, each.read_bytes, each.write_bytes)
            ),
        )


def turns_of(run: BlockRun) -> Turns:
    """Return the turns of a block's runs. Source: MODEL.md M19, M25."""
    tiles, events = run.batches.tiles, run.events
    order = order_of(run.job, tiles)
    around = transfers_of(run.job, order, tiles, run.traffic)
    begins = np.concatenate([events.turn_begins - around.before, events.ends[:, None]], axis=1)
    return Turns(
        begins=begins,
        work_begins=events.turn_begins - begins[:, :-1],
        work_ends=events.turn_ends - begins[:, :-1],
        passes=_passes(run, order, begins),
        transfers=_transfers(run, order, around, begins),
        axes=dict(zip(("group", "lane_group", "window"), tiles[1:], strict=True)),
    )


def _passes(run: BlockRun, order: Order, begins: Counts) -> tuple[Held, ...]:
    """Return every pass, turn by turn."""
    tiles, events, turns = run.batches.tiles, run.events, begins.shape[1] - 1
    steady = of_passes([each.steady_cycles for each in run.timings], tiles)
    ports = of_passes([each.port_stall_cycles for each in run.timings], tiles)
    count = len(run.timings)
    names = ("MSB", "LSB") if count == 2 else [f"pass {index + 1}" for index in range(count)]
    passes = []
    for index, name in enumerate(names):
        behind = int(order.interleaved and index >= order.leading)
        own_begins, own_ends, own_steady, own_ports = (
            _in_turns(each[index], behind, turns)
            for each in (events.pass_begins, events.pass_ends, steady, ports)
        )
        happens = own_steady > 0
        passes.append(
            Held(
                name,
                behind,
                np.where(happens, own_begins - begins[:, :-1], 0),
                np.where(happens, own_ends - begins[:, :-1], 0),
                own_steady,
                own_ports,
            )
        )
    return tuple(passes)


def _transfers(run: BlockRun, order: Order, around: Transfers, begins: Counts) -> tuple[Moved, ...]:
    """Return what is moved before, beside and after the work of every turn (M25)."""
    burst_bytes, turns = run.job.arch.memory.dram.burst_bytes, begins.shape[1] - 1
    read, written = (
        of_runs(run.traffic[f"dram_{way}_bursts"], run.batches.tiles) * burst_bytes
        for way in ("read", "write")
    )
    none, late = np.zeros_like(around.before), np.diff(begins, axis=1) - around.after
    if order.one_buffer:
        return (
            Moved(0, 0, none, around.before, read, none),
            Moved(0, 0, late, around.after, none, written),
        )
    behind = int(order.interleaved)
    first, last = np.zeros(turns, bool), np.zeros(turns, bool)
    first[0] = last[-1] = True
    return (
        Moved(0, 0, none, around.before, _in_turns(read, 0, turns) * first, none),
        Moved(
            ahead=1,
            behind=behind + 1,
            begins=around.before,
            cycles=around.beside,
            read_bytes=_in_turns(read, -1, turns),
            write_bytes=_in_turns(written, behind + 1, turns),
        ),
        Moved(0, behind, late, around.after, none, _in_turns(written, behind, turns) * last),
    )


def _in_turns(of_tiles: Counts, behind: int, turns: int) -> Counts:
    """Return counts of tiles (runs, tiles) by the turns so far behind them, 0 where there is none.

    Returns int64 (runs, turns).
    """
    found = np.zeros((of_tiles.shape[0], turns), np.int64)
    early, last = max(0, -behind), min(of_tiles.shape[1], turns - behind)
    found[:, early + behind : last + behind] = of_tiles[:, early:last]
    return found
