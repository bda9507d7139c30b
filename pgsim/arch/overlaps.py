"""What goes on at once: folds of a pass, and the transfers of a nest behind its work."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.kinds import by_name


@dataclass(frozen=True)
class FoldOverlap:
    """Whether a fold begins while the one before drains (M16, M17)."""

    name: str
    description: str
    overlaps: bool


@dataclass(frozen=True)
class TransferOverlap:
    """What hides the transfers of a nest's blocks where buffers are doubled (M40, M47).

    whole_run: whether all of a run's work does, and not only the block before.
    """

    name: str
    description: str
    whole_run: bool


FOLD_OVERLAPS = by_name(
    (
        FoldOverlap("folds", "a fold begins while the one before drains", overlaps=True),
        FoldOverlap("none", "a fold runs alone, until it has drained", overlaps=False),
    )
)

TRANSFER_OVERLAPS = by_name(
    (
        TransferOverlap(
            "turns", "transfers of a block hide behind the block before it", whole_run=False
        ),
        TransferOverlap("runs", "transfers hide behind all of the run's work", whole_run=True),
    )
)
