"""What PEs behind Bit-Tactical's front end share, which skips weights that are zero (M58)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from pgsim.arch.pes.by_values import ByValues, run_ahead
from pgsim.arch.pes.pe import FoldWork
from pgsim.arch.pes.terms import Counts, Integers
from pgsim.arch.section import parameter


@dataclass(frozen=True)
class Tactical(ByValues):
    """Weights that are not zero, moved ahead of time to lanes that have none.

    Source: Bit-Tactical (Delmas Lascorz et al., ASPLOS 2019), whose T<lookahead, lookaside> this
    is: a lane takes weights of up to `lookahead` steps later, its own or those of other lanes.

    Parameters
    ----------
    lookahead : int
        Steps by which a weight is moved ahead at most.
    lookaside : int
        Wires to other lanes; none without `lookahead`.
    weight_registers : int
        Steps whose weights a row keeps for when it is ahead of the slowest row.
    """

    lookahead: int = parameter(default=2, least=0, most=16)
    lookaside: int = parameter(default=5, least=0, most=64)
    weight_registers: int = parameter(default=0, least=0, most=1024)

    def problems(self) -> dict[str, str]:
        """Return what no such PE can be: wires to other lanes of the same step lead nowhere."""
        found = super().problems()
        if self.lookaside and not self.lookahead:
            found["lookaside"] = (
                f"value {self.lookaside}: expected 0 where array.pe.lookahead is 0: a weight is "
                "moved to another lane of an earlier step."
            )
        return found

    def laid_out(self, weights: Integers) -> Integers:
        """Return what each step that is left takes, int64 (steps, columns, lanes), -1 for none.

        A weight is named by its place, step x lanes + lane, as before it was moved.
        """
        return np.stack(promoted(weights != 0, wires(self.lookahead, self.lookaside)))

    def work(
        self, activations: Integers, weights: Integers, activation_bits: int, weight_bits: int
    ) -> FoldWork:
        """Return what rows take for the weights that are left, and wait for each other."""
        folds, rows, steps, lanes = activations.shape
        turns = self.weight_turns(weight_bits)
        values = activations.reshape(folds, rows, steps * lanes)
        row_cycles, busy, terms = self.steps(values, weights)
        cycles = run_ahead(row_cycles * turns, self.weight_registers)
        read = np.full(folds, len(weights) * lanes, np.int64)
        return FoldWork(cycles, busy * turns, terms, read)

    def steps(self, values: Integers, places: Integers) -> tuple[Counts, Counts, Counts]:
        """Return what the steps take.

        values: activations, (folds, rows, elements). places: what `laid_out` returned, of which
        each lane multiplies the activation. Returns the cycles of each row, int64 (folds, rows,
        steps), and the busy cycles of all PEs and the terms that they add up, int64 (folds,) each.
        """
        raise NotImplementedError

    @property
    def ways(self) -> int:
        """How many activations each lane chooses from."""
        return 1 + self.lookahead + self.lookaside


def wires(lookahead: int, lookaside: int) -> list[tuple[int, int]]:
    """Return (steps ahead, lanes aside) of what a lane reaches beside its own weight.

    Straight ahead, and aside in the shape of a trident.

    >>> wires(2, 5)
    [(1, -1), (1, 0), (1, 1), (1, 3), (2, -2), (2, 0), (2, 2)]
    """
    straight = [(ahead, 0) for ahead in range(1, lookahead + 1)]
    aside = (
        (1 + index % lookahead, sign * (1 + index))
        for index in range(lookaside)
        for sign in (1, -1)
    )
    return sorted([*straight, *islice(aside, lookaside)])


def promoted(effectual: npt.NDArray[np.bool_], reach: list[tuple[int, int]]) -> list[Counts]:
    """Return the weights that each issued step takes, int64 (columns, lanes), -1 for none.

    effectual: bool (columns, steps, lanes), which weights are not zero. A weight is named by its
    place, step x lanes + lane. Of the lanes of a column that have no weight, the one with the most
    to choose from takes the first that it reaches; then the next. A step in which no column has a
    weight left is left out, but no more of them in a row than lanes reach ahead.
    """
    _, steps, lanes = effectual.shape
    places = np.arange(steps * lanes).reshape(steps, lanes)
    held = np.where(effectual, places, -1).astype(np.int64)
    lookahead = max((ahead for ahead, _ in reach), default=0)
    issued, skipped = [], 0
    for step in range(steps):
        if skipped < lookahead and (held[:, step] < 0).all():
            skipped += 1
            continue
        skipped = 0
        within = [(ahead, aside) for ahead, aside in reach if step + ahead < steps]
        if within and (held[:, step] < 0).any():
            _fill(held, step, within)
        issued.append(held[:, step])
    return issued or [held[:, -1]]


def _fill(held: Counts, step: int, reach: list[tuple[int, int]]) -> None:
    """Fill the empty lanes of a step, in all columns at once."""
    columns, _, lanes = held.shape
    every = np.arange(columns)
    ahead = np.array([step + each for each, _ in reach])[:, None]
    aside = (np.arange(lanes) + np.array([each for _, each in reach])[:, None]) % lanes
    while True:
        there = held[:, ahead, aside] >= 0  # (columns, reach, lanes)
        choices = there.sum(axis=1) * (held[:, step] < 0)
        lane = choices.argmax(axis=1)
        some = choices[every, lane] > 0
        if not some.any():
            return
        own, column = lane[some], every[some]
        first = there[column, :, own].argmax(axis=1)
        source = (column, ahead[first, 0], aside[first, own])
        held[column, step, own] = held[source]
        held[source] = -1
