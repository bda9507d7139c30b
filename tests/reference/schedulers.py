"""M11-M14: the schedulers of gated passes, written as the hardware holds its state.

A mask is a list of slots, each a list of 0/1 per lane. What is issued is a list of issue slots,
each a dictionary from array column to the entry (slot, lane) that the column works on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Entry = tuple[int, int]
IssueSlot = dict[int, Entry]
Mask = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Issue:
    """The issue slots of a pass of a tile, in order, and the slots whose operand vectors each
    reads; a slot stands there as often as its vector is read."""

    slots: list[IssueSlot]
    members: list[list[int]]

    @property
    def vectors(self) -> int:
        """A of M11: the operand vectors that the pass reads."""
        return sum(map(len, self.members))


def active_lanes(mask: Mask, slot: int) -> list[int]:
    return [lane for lane, bit in enumerate(mask[slot]) if bit]


def active_slots(mask: Mask) -> list[int]:
    return [slot for slot in range(len(mask)) if active_lanes(mask, slot)]


def active_entries(mask: Mask) -> list[Entry]:
    return [(slot, lane) for slot in range(len(mask)) for lane in active_lanes(mask, slot)]


def _issue_slot(mask: Mask, members: Sequence[int]) -> IssueSlot:
    """The issue slot that its member slots share; no two of them may use one lane."""
    issue_slot: IssueSlot = {}
    for slot in members:
        for lane in active_lanes(mask, slot):
            assert lane not in issue_slot, "two entries of one lane in one issue slot"
            issue_slot[lane] = (slot, lane)
    return issue_slot


def singly(slots: Iterable[int]) -> list[list[int]]:
    """Issue slots that read a vector each."""
    return [[slot] for slot in slots]


def everything(slots: int, lanes: int) -> Issue:
    """A pass without a mask: every lane of every slot."""
    return Issue(
        [{lane: (s, lane) for lane in range(lanes)} for s in range(slots)], singly(range(slots))
    )


def dense(mask: Mask) -> Issue:
    return Issue([_issue_slot(mask, [slot]) for slot in range(len(mask))], singly(range(len(mask))))


def skip(mask: Mask) -> Issue:
    slots = active_slots(mask)
    return Issue([_issue_slot(mask, [slot]) for slot in slots], singly(slots))


def combine(mask: Mask, ways: int, open_slots: int) -> Issue:
    """M12. `held` is the table of open issue slots, oldest first, each its member slots."""
    held: list[list[int]] = []
    issued: list[list[int]] = []
    for slot in active_slots(mask):
        lanes = set(active_lanes(mask, slot))
        for members in held:
            free = all(lanes.isdisjoint(active_lanes(mask, member)) for member in members)
            if len(members) < ways and free:
                members.append(slot)
                break
        else:
            if len(held) == open_slots:
                issued.append(held.pop(0))
            held.append([slot])
    issued += held
    return Issue([_issue_slot(mask, members) for members in issued], issued)


def queue(mask: Mask, depth: int, scan: int) -> Issue:
    """M13. One FIFO per lane, filled by a scanner and drained of one entry in a slot time."""
    fifos: list[deque[Entry]] = [deque() for _ in mask[0]]
    unscanned = deque(active_slots(mask))
    issued: list[IssueSlot] = []
    while unscanned or any(fifos):
        for _ in range(scan):
            if not unscanned:
                break
            lanes = active_lanes(mask, unscanned[0])
            if any(len(fifos[lane]) == depth for lane in lanes):
                break
            slot = unscanned.popleft()
            for lane in lanes:
                fifos[lane].append((slot, lane))
        issued.append({lane: fifo.popleft() for lane, fifo in enumerate(fifos) if fifo})
    return Issue(issued, [[s for s, _ in each.values()] for each in issued])


def ideal(mask: Mask, columns: int) -> Issue:
    """Any entry on any column: the bound that no scheduler beats. A slot that goes on in the next
    pack has been read already."""
    entries = active_entries(mask)
    packs = [entries[i : i + columns] for i in range(0, len(entries), columns)]
    first_entries = {(slot, active_lanes(mask, slot)[0]) for slot in active_slots(mask)}
    members = [[slot for slot, lane in pack if (slot, lane) in first_entries] for pack in packs]
    return Issue([dict(enumerate(pack)) for pack in packs], members)


def schedule(mask: Mask, lsb: Mapping[str, Any], columns: int) -> Issue:
    """M11: what the configured scheduler issues for one tile, each mask bit exactly once."""
    scheduler = lsb["scheduler"]
    issue = {
        "dense": lambda: dense(mask),
        "skip": lambda: skip(mask),
        "combine": lambda: combine(mask, lsb["ways"], lsb["open"]),
        "queue": lambda: queue(mask, lsb["depth"], lsb["scan"]),
        "ideal": lambda: ideal(mask, columns),
    }[scheduler]()
    check_issue(mask, issue, lanes_keep_their_column=scheduler != "ideal")
    return issue


def check_issue(mask: Mask, issue: Issue, lanes_keep_their_column: bool) -> None:
    """Every mask bit is issued exactly once, and (but for `ideal`) on its own lane's column."""
    issued = [entry for issue_slot in issue.slots for entry in issue_slot.values()]
    assert sorted(issued) == active_entries(mask), "a mask bit is issued twice or not at all"
    if lanes_keep_their_column:
        for issue_slot in issue.slots:
            assert all(column == lane for column, (_, lane) in issue_slot.items())


def fullest_lane(mask: Mask) -> int:
    """Entries of the lane that has most: what a scheduler needs whose lanes never wait."""
    return max(sum(column) for column in zip(*mask, strict=True))
