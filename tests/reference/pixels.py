"""M52, M53: what tiles do under a mask of input pixels, fold by fold or in one sweep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .by_values import Fold
from .folds import OperandStationaryFold, VariableFold
from .layers import bits_of
from .mapping import Job, LayerMask, Tile, TilePass, TilePlan, folds_of, outputs_of
from .schedulers import Issue, everything, schedule


@dataclass(frozen=True)
class FoldByFold(TilePass):
    """M52: a pass under a mask of pixels, each of whose folds issues slots of its own.

    `issue` has those of all folds, one fold after the other.
    """

    elements: list[list[int]]  # of the reduction, in each fold that happens
    issues: list[Issue]  # of these
    every_mask: list[list[list[int]]]  # of all folds, those that do not happen too
    touched: int  # outputs that any fold adds to

    @property
    def read_elements(self) -> int:
        both = zip(self.issues, self.elements, strict=True)
        return sum(issue.vectors * len(own) for issue, own in both)

    @property
    def lane_elements(self) -> int:
        return sum(map(len, self.elements))

    @property
    def done_macs(self) -> int:
        both = zip(self.issues, self.elements, strict=True)
        return sum(sum(map(len, issue.slots)) * len(own) for issue, own in both)

    def visits(self, folds: int) -> int:
        return 1

    def masks(self, mask: list[list[int]] | None, everything: list[list[int]]) -> Iterator[Any]:
        yield from self.every_mask


def plan_of_pixels(job: Job, tile: Tile, masks: LayerMask) -> TilePlan:
    """M52: the same under a mask of the input pixels, which each fold asks on its own."""
    all_of_it = everything(len(tile.slots), len(tile.lanes))
    passes: list[TilePass] = []
    for index, one in enumerate(job.passes):
        if one.parts:
            passes.append(_pass_of_parts(job, tile, masks, index))
        elif one.gated:
            passes.append(_pass_of_pixels(job, tile, masks, index))
        else:
            folds = folds_of(job, tile, index, all_of_it)
            passes.append(TilePass(index, all_of_it, folds, job.reduction))
    places = {
        tile.output(s, n)[::2] for s in range(len(tile.slots)) for n in range(len(tile.lanes))
    }
    taps = range(job.layer.taps)
    pixels = {
        place: [job.is_important(tile.run, masks, place, tap) for tap in taps] for place in places
    }
    return TilePlan(tile, None, passes, pixels)


@dataclass(frozen=True)
class OneSweep(TilePass):
    """M53: several passes, step by step: bits of the slots' operand that short steps read, and how
    many more long ones do."""

    bits: tuple[int, int]
    mac_bits: Mapping[str, int]  # M47: by operand
    later_macs: int  # of all its passes but the first


def _pass_of_parts(job: Job, tile: Tile, masks: LayerMask, index: int) -> OneSweep:
    """M53: every fold streams all slots; a PE with an important pixel works in all cycles."""
    one = job.passes[index]
    all_of_it = everything(len(tile.slots), len(tile.lanes))
    outputs, short = outputs_of(job, tile, all_of_it), job.short_cycles(index)
    folds: list[Fold] = []
    for chunks in job.chunks[index]:
        masks_of_rows = [tile.mask_of_fold(job, masks, chunk) for chunk in chunks]
        folds.append(VariableFold(outputs, all_of_it.members, chunks, masks_of_rows, short))
    useful = sum(sum(map(sum, tile.mask_of_fold(job, masks, [k]))) for k in job.reduction)
    done = len(outputs) * len(tile.lanes) * len(job.reduction)
    later_macs = sum(useful if part.gated else done for part in one.parts[1:])
    widths, mac_bits = {}, {}
    for operand in ("activation", "weight"):
        dense = bits_of([part for part in one.parts if not part.gated], operand)
        widths[operand] = len(dense), len(bits_of(one.parts, operand) - dense)
        mac_bits[operand] = done * widths[operand][0] + useful * widths[operand][1]
    read = widths["activation" if job.slots_are_positions else "weight"]
    return OneSweep(index, all_of_it, folds, job.reduction, read, mac_bits, later_macs)


def _pass_of_pixels(job: Job, tile: Tile, masks: LayerMask, index: int) -> FoldByFold:
    held = [[job.reduction]] if job.dataflow == "os" else job.chunks[index]
    folds: list[Fold] = []
    elements, issues, every_mask, touched = [], [], [], set()
    for chunks in held:
        own = [k for chunk in chunks for k in chunk]
        mask = tile.mask_of_fold(job, masks, own)
        every_mask.append(mask)
        scheduled = schedule(mask, job.arch["lsb"], job.columns)
        # All lanes of a slot want the same vector, which is read once for them.
        issue = Issue(scheduled.slots, [sorted(set(own)) for own in scheduled.members])
        if not issue.slots:
            continue
        elements.append(own)
        issues.append(issue)
        touched |= {entry for issue_slot in issue.slots for entry in issue_slot.values()}
        if job.dataflow == "os":
            folds += folds_of(job, tile, index, issue)
        else:
            outputs = outputs_of(job, tile, issue)
            folds.append(OperandStationaryFold(outputs, issue.members, chunks))
    slots = [issue_slot for issue in issues for issue_slot in issue.slots]
    members = [own for issue in issues for own in issue.members]
    whole = Issue(slots, members)
    return FoldByFold(
        index, whole, folds, job.reduction, elements, issues, every_mask, len(touched)
    )
