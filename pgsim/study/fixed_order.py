"""The fixed order of a layer as loops: tiles, and what each buffer holds of them (M9, M23)."""

from __future__ import annotations

from pgsim.mapping.explained import loop, nested, times
from pgsim.model.fetches import FETCHES
from pgsim.model.holding import fetched_once
from pgsim.model.job import Job
from pgsim.schemes import Operand


def fixed_order(job: Job) -> list[str]:
    """Return the tiles of one run and group as nested loops, outermost first.

    job: of a layer without a nest. What is held stands inside the loops that fill it, with how
    often it is filled in a run and group.
    """
    slots, lanes = job.arch.lanes.slots_and_lanes("positions", "channels")
    groups, windows = job.cuts
    loops = [
        loop(groups.total, groups.largest, f"lane groups of {{}} {lanes}"),
        loop(windows.total, windows.largest, f"windows of {{}} {slots}"),
    ]
    held: list[list[str]] = [[], [], []]
    for place, line in (*_of_slots(job), *_of_lanes(job)):
        held[place].append(line)
    held[2].append(f"hold sums, filled {times(groups.pieces * windows.pieces)}")
    tile = (
        f"one tile: {windows.largest} {slots}, {groups.largest} {lanes}, "
        f"{job.shape.in_channels_per_group} input channels"
    )
    return nested(loops, held, tile)


def _of_slots(job: Job) -> list[tuple[int, str]]:
    """Return what the slots' operand fills, and inside of how many loops (M23)."""
    operand, (groups, windows) = job.slot_operand, job.cuts
    fetch, tiles = FETCHES[operand.name], groups.pieces * windows.pieces
    if not fetch.comes(job):
        return []
    rows = fetch.row_fetches(job)
    each_row = f", each row {times(rows)}" if rows > 1 else ""
    if fetch.slots_resident(job):
        return [(0, _held(job, operand, 1) + each_row)]
    if fetch.windows_held(job).all():
        return [(2, _held(job, operand, tiles) + each_row)]
    return [(2, _again(job, operand, tiles))]


def _of_lanes(job: Job) -> list[tuple[int, str]]:
    """Return what the lanes' operand fills, and inside of how many loops (M23)."""
    operand, once = job.lane_operand, fetched_once(job)
    if not FETCHES[operand.name].comes(job):
        return []
    if once.all():
        return [(1, _held(job, operand, once.size))]
    again = _again(job, operand, int((~once).sum()) * job.cuts[1].pieces)
    if not once.any():
        return [(2, again)]
    last = f"hold {operand.name}s of the last lane group, filled once"
    return [(1, last), (2, f"{again}, those of other lane groups")]


def _held(job: Job, operand: Operand, fills: int) -> str:
    """Return that what a loop fills stays until the next time."""
    first = job.shape.runs_per_batch > 1 and FETCHES[operand.name].only_in_first_run(job)
    when = " in the first time step, and then not again" if first else ""
    return f"hold {operand.name}s, filled {times(fills)}{when}"


def _again(job: Job, operand: Operand, tiles: int) -> str:
    """Return that passes fetch anew what no buffer has room for: all that take place."""
    passes = len(job.passes)
    each, most = ("pass", "up to ") if job.gated else ("pass" if passes > 1 else "tile", "")
    return f"fetch {operand.name}s again in every {each}, {most}{times(tiles * passes)}"
