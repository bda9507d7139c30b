"""M58: PEs whose cycles depend on the values of operands, stepped cycle by cycle.

A fold is stepped on its own, in its own cycles, by queues of terms: what each lane of each PE adds
up in a cycle, and when a row may go on. The array's waves then carry one cycle of it each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .folds import OperandStationaryFold, OutputRow, OutputStationaryFold
from .layers import Layer, Pass, plane_of

Values = Sequence[Sequence[int]]  # [row or column of the fold][place in the reduction]
Terms = list[tuple[int, int]]  # (power of two, sign), the lowest power first
Slot = tuple[int, int]  # (step, lane) of a weight


def terms_of(value: int, signed_digits: bool) -> Terms:
    """The essential terms of an operand: the 1s of its magnitude, or the digits of its
    non-adjacent form, each with the operand's sign."""
    sign, rest, power, terms = (-1 if value < 0 else 1), abs(value), 0, []
    while rest:
        digit = 0
        if rest % 2:
            digit = 1 if not signed_digits or rest % 4 == 1 else -1
        if digit:
            terms.append((power, sign * digit))
        rest = (rest - digit) // 2
        power += 1
    assert sum(digit * 2**power for power, digit in terms) == value
    return terms


@dataclass(frozen=True)
class Operands:
    """The integers of the simulated images: [image][in channel][pixel], or [..][time step], and
    [out channel][place in the reduction]."""

    activations: Sequence[Sequence[Sequence[int]]]
    weights: Sequence[Sequence[int]]

    def row(self, layer: Layer, one: Pass, image: int, position: int, channel: int) -> list[int]:
        """What a pass takes of the activations of one output, 0 in the padding."""
        depth = layer.group_in_channels
        first = channel // layer.group_channels * depth
        pixels = [position] if layer.op == "recurrent" else layer.window_pixels(position)
        of_image = self.activations[image]
        values = [
            0 if pixel is None else of_image[first + d][pixel]
            for pixel in pixels
            for d in range(depth)
        ]
        return [plane_of(value, one.activation, layer.activation_bits) for value in values]

    def column(self, layer: Layer, one: Pass, channel: int) -> list[int]:
        """What a pass takes of the weights of a channel."""
        return [plane_of(w, one.weight, layer.weight_bits) for w in self.weights[channel]]


@dataclass
class SteppedFold:
    """What one fold does in each of its cycles.

    busy: by cycle, the PEs (row, column) that work. done: by cycle, what each PE has finished with:
    (row, column) to places of the reduction. sums: of every PE. terms: that all lanes added up.
    weights_read: elements of each column's weights that are read, at most all.
    """

    issue: Sequence[OutputRow]
    members: Sequence[Sequence[int]]
    chunks: Sequence[Sequence[int]]
    busy: list[set[tuple[int, int]]] = field(default_factory=list)
    done: list[dict[tuple[int, int], list[int]]] = field(default_factory=list)
    sums: dict[tuple[int, int], int] = field(default_factory=dict)
    terms: int = 0
    weights_read: int = 0

    @property
    def reduction(self) -> int:
        return sum(map(len, self.chunks))

    @property
    def steps(self) -> int:
        """A wave holds a cycle, so that a cycle is its step."""
        return len(self.busy)

    def work(self, row: int, column: int, step: int) -> tuple[int | None, Sequence[int]]:
        """The output of a PE, and something where it is busy."""
        output = self.issue[row].get(column) if row < len(self.issue) else None
        return output, range((row, column) in self.busy[step])

    def finished(self, row: int, column: int, step: int) -> Sequence[int]:
        """The places of the reduction that a PE is done with at the end of a cycle."""
        return self.done[step].get((row, column), [])

    def cycles_of(self, step: int, cycles: int) -> int:
        """Of a step, which is one of the fold's own cycles."""
        return cycles

    def works(self, row: int, column: int, step: int, cycle: int) -> bool:
        """Whether a PE that has work in a step does it in one of the step's cycles."""
        return True

    def elements(self, step: int) -> int:
        """All that the fold reads of the slots' operand, at its last cycle."""
        if step < self.steps - 1:
            return 0
        return sum(map(len, self.members)) * self.reduction


Fold = OutputStationaryFold | OperandStationaryFold | SteppedFold


def stepped_fold(
    pe: Mapping[str, Any],
    turns: int,
    fold: SteppedFold,
    activations: Values,
    weights: Values,
) -> SteppedFold:
    """Step a fold, whose rows hold so many positions and whose columns so many channels.

    turns: those in which weights wider than the PE enter.
    """
    laid = _Laid(pe, fold.chunks, activations, weights)
    machine = {
        "zero_skip": _zero_skip,
        "pragmatic": _pragmatic,
        "laconic": _laconic,
        "tactical_essential": _tactical,
        "tactical_precision": _tactical,
    }[pe["kind"]]
    fold.weights_read = fold.reduction
    machine(laid, fold, turns)
    for row in range(laid.rows):
        for column in range(laid.columns):
            expected = sum(a * w for a, w in zip(activations[row], weights[column], strict=True))
            assert fold.sums.get((row, column), 0) == expected, "the terms are not the product"
            places = [k for cycle in fold.done for k in cycle.get((row, column), [])]
            skipped = set(range(len(activations[row]))) - set(places)
            assert all(activations[row][k] * weights[column][k] == 0 for k in skipped)
            fold.done[-1].setdefault((row, column), []).extend(sorted(skipped))
    return fold


class _Laid:
    """Operands laid out by step and lane; the short step comes first, its first lanes empty."""

    def __init__(
        self,
        pe: Mapping[str, Any],
        chunks: Sequence[Sequence[int]],
        activations: Values,
        weights: Values,
    ) -> None:
        self.pe, self.lanes = pe, pe["terms"]
        self.rows, self.columns, self.steps = len(activations), len(weights), len(chunks)
        self.activations, self.weights = activations, weights
        ends, place = [], 0
        for chunk in chunks:
            empty = self.lanes - len(chunk)
            ends.append([None] * empty + [place + k for k in range(len(chunk))])
            place += len(chunk)
        self.places: list[list[int | None]] = ends

    def activation(self, row: int, step: int, lane: int) -> int:
        place = self.places[step][lane]
        return 0 if place is None else self.activations[row][place]

    def weight(self, column: int, step: int, lane: int) -> int:
        place = self.places[step][lane]
        return 0 if place is None else self.weights[column][place]

    def of_step(self, step: int) -> list[int]:
        return [place for place in self.places[step] if place is not None]


def _add(fold: SteppedFold, pe: tuple[int, int], product: int) -> None:
    fold.sums[pe] = fold.sums.get(pe, 0) + product
    fold.terms += 1


def _zero_skip(laid: _Laid, fold: SteppedFold, turns: int) -> None:
    """Lanes hold queues of what is no zero in every row, and wait for each other at the end."""
    queues = [
        deque(
            (step, place)
            for step in range(laid.steps)
            if (place := laid.places[step][lane]) is not None
            and any(laid.activations[row][place] for row in range(laid.rows))
        )
        for lane in range(laid.lanes)
    ]
    fold.weights_read = sum(map(len, queues))
    pes = [(row, column) for row in range(laid.rows) for column in range(laid.columns)]
    while True:
        taken = [queue.popleft()[1] for queue in queues if queue]
        for turn in range(turns):
            fold.busy.append({*pes})
            fold.done.append({})
            if turn == turns - 1:
                for row, column in pes:
                    fold.done[-1][row, column] = list(taken)
                    for place in taken:
                        activation, weight = (
                            laid.activations[row][place],
                            laid.weights[column][place],
                        )
                        if activation:
                            _add(fold, (row, column), activation * weight)
        if not any(queues):
            return


class _Row:
    """A row of PEs that has its own step, and within it its own queues of terms."""

    def __init__(self) -> None:
        self.step = 0
        self.cycles_left: deque[Any] = deque()  # what it does in the cycles left of its step
        self.begun = False


def _run_rows(laid: _Laid, fold: SteppedFold, steps: int, plan: Any, registers: int) -> None:
    """Rows go from step to step. One begins a step if all have ended the step `registers` + 1
    before it; plan(row, step): a list of what the row does cycle by cycle."""
    rows = [_Row() for _ in range(laid.rows)]
    while any(row.step < steps for row in rows):
        slowest = min(row.step for row in rows)
        busy: set[tuple[int, int]] = set()
        done: dict[tuple[int, int], list[int]] = {}
        ended = []
        for number, row in enumerate(rows):
            if row.step == steps or row.step > slowest + registers:
                continue
            if not row.begun:
                row.cycles_left, row.begun = deque(plan(number, row.step)), True
            working, finished, products = row.cycles_left.popleft()
            busy |= {(number, column) for column in working}
            for column, places in finished.items():
                done.setdefault((number, column), []).extend(places)
            for column, product in products:
                _add(fold, (number, column), product)
            if not row.cycles_left:
                ended.append(row)
        for row in ended:
            row.step, row.begun = row.step + 1, False
        fold.busy.append(busy)
        fold.done.append(done)


def _pragmatic(laid: _Laid, fold: SteppedFold, turns: int) -> None:
    """Each lane takes its terms one by one, those within reach of the lowest that is left."""
    reach = 2 ** laid.pe["first_stage_bits"] - 1
    signed_digits = laid.pe["signed_digits"]
    columns = range(laid.columns)

    def plan(row: int, step: int) -> list[Any]:
        queues = [
            deque(terms_of(laid.activation(row, step, lane), signed_digits))
            for lane in range(laid.lanes)
        ]
        cycles = []
        while True:
            lowest = min((queue[0][0] for queue in queues if queue), default=0)
            products = []
            for lane, queue in enumerate(queues):
                if queue and queue[0][0] <= lowest + reach:
                    power, sign = queue.popleft()
                    products += [
                        (column, sign * 2**power * laid.weight(column, step, lane))
                        for column in columns
                    ]
            cycles += [(columns, {}, []) for _ in range(turns - 1)]
            cycles.append((columns, {}, products))
            if not any(queues):
                break
        cycles[-1] = (columns, dict.fromkeys(columns, laid.of_step(step)), cycles[-1][2])
        return cycles

    _run_rows(laid, fold, laid.steps, plan, laid.pe["weight_registers"])


def _laconic(laid: _Laid, fold: SteppedFold, turns: int) -> None:
    """Each lane takes the products of terms of both operands, one a cycle; all wait for all."""
    assert turns == 1
    signed_digits = laid.pe["signed_digits"]
    pes = [(row, column) for row in range(laid.rows) for column in range(laid.columns)]
    for step in range(laid.steps):
        queues = {
            (row, column): [
                deque(
                    a_sign * w_sign * 2 ** (a_power + w_power)
                    for a_power, a_sign in terms_of(laid.activation(row, step, lane), signed_digits)
                    for w_power, w_sign in terms_of(laid.weight(column, step, lane), signed_digits)
                )
                for lane in range(laid.lanes)
            ]
            for row, column in pes
        }
        first = True
        while first or any(queue for lanes in queues.values() for queue in lanes):
            fold.busy.append({pe for pe in pes if first or any(queues[pe])})
            fold.done.append({})
            for pe in pes:
                for queue in queues[pe]:
                    if queue:
                        _add(fold, pe, queue.popleft())
            first = False
        fold.done[-1] = {pe: laid.of_step(step) for pe in pes}


def promoted(
    weights: Sequence[Sequence[Sequence[int]]], lookahead: int, lookaside: int
) -> list[list[list[Slot | None]]]:
    """The front end of Bit-Tactical: by issued step, column and lane the weight that is taken.

    weights: [column][step][lane]. A lane without a weight takes one of those that its wires reach,
    which lie up to `lookahead` steps ahead. Of the lanes of a column the one that has the most to
    choose from takes the nearest, again and again.
    """
    columns, steps, lanes = len(weights), len(weights[0]), len(weights[0][0])
    held: list[list[list[Slot | None]]] = [
        [
            [(step, lane) if weights[column][step][lane] else None for lane in range(lanes)]
            for column in range(columns)
        ]
        for step in range(steps)
    ]
    issued, skipped = [], 0
    for step in range(steps):
        if skipped < lookahead and not any(any(lane) for lane in held[step]):
            skipped += 1
            continue
        skipped = 0
        for column in range(columns):
            while True:
                choices = {
                    lane: found
                    for lane in range(lanes)
                    if held[step][column][lane] is None
                    and (found := _reached(held, step, column, lane, wires(lookahead, lookaside)))
                }
                if not choices:
                    break
                lane = max(choices, key=lambda each: (len(choices[each]), -each))
                ahead, other = choices[lane][0]
                held[step][column][lane] = held[ahead][column][other]
                held[ahead][column][other] = None
        issued.append(held[step])
    return issued or held[-1:]  # a fold has a step, if only to end


def wires(lookahead: int, lookaside: int) -> list[tuple[int, int]]:
    """How many steps ahead and lanes aside a lane reaches: straight, and like a trident."""
    found, ahead, aside = [(steps, 0) for steps in range(1, lookahead + 1)], 1, 1
    while len(found) < lookahead + lookaside:
        found.append((ahead, aside))
        if aside < 0:
            ahead, aside = ahead % lookahead + 1, -aside + 1
        else:
            aside = -aside
    return sorted(found)


def _reached(
    held: Sequence[Sequence[Sequence[Slot | None]]],
    step: int,
    column: int,
    lane: int,
    reach: Sequence[tuple[int, int]],
) -> list[Slot]:
    lanes = len(held[0][0])
    return [
        (step + ahead, (lane + aside) % lanes)
        for ahead, aside in reach
        if step + ahead < len(held) and held[step + ahead][column][(lane + aside) % lanes]
    ]


def _tactical(laid: _Laid, fold: SteppedFold, turns: int) -> None:
    """Weights that are zero are skipped ahead of time; a row takes bits of what is left."""
    pe, columns = laid.pe, range(laid.columns)
    weights = [
        [
            [laid.weight(column, step, lane) for lane in range(laid.lanes)]
            for step in range(laid.steps)
        ]
        for column in columns
    ]
    issued = promoted(weights, pe["lookahead"], pe["lookaside"])
    fold.weights_read = min(fold.reduction, len(issued) * laid.lanes)
    cycles_of = _essential_cycles if pe["kind"] == "tactical_essential" else _precision_cycles

    def plan(row: int, step: int) -> list[Any]:
        taken = {
            column: [
                (
                    laid.activation(row, *slot),
                    weights[column][slot[0]][slot[1]],
                    laid.places[slot[0]][slot[1]],
                )
                for slot in issued[step][column]
                if slot is not None
            ]
            for column in columns
        }
        once = cycles_of(taken, pe["signed_digits"])
        cycles: list[Any] = []
        for working, products in once:
            cycles += [(working, {}, []) for _ in range(turns - 1)]
            cycles.append((working, {}, products))
        places = {column: [place for _, _, place in taken[column]] for column in columns}
        cycles[-1] = (cycles[-1][0], places, cycles[-1][2])
        return cycles

    _run_rows(laid, fold, len(issued), plan, pe["weight_registers"])


def _essential_cycles(taken: Mapping[int, Any], signed_digits: bool) -> list[Any]:
    """The columns of a row that work in each cycle of a step, and their products."""
    queues = {
        column: [
            (deque(terms_of(activation, signed_digits)), weight) for activation, weight, _ in pairs
        ]
        for column, pairs in taken.items()
    }
    cycles: list[Any] = []
    while not cycles or any(queue for lanes in queues.values() for queue, _ in lanes):
        working = [c for c, lanes in queues.items() if not cycles or any(q for q, _ in lanes)]
        products = []
        for column, lanes in queues.items():
            for queue, weight in lanes:
                if queue:
                    power, sign = queue.popleft()
                    products.append((column, sign * 2**power * weight))
        cycles.append((working, products))
    return cycles


def _precision_cycles(taken: Mapping[int, Any], signed_digits: bool) -> list[Any]:
    """The same a bit a cycle: from the lowest 1 of any magnitude to the highest, and a sign."""
    values = [activation for pairs in taken.values() for activation, _, _ in pairs]
    used = 0
    for value in values:
        used |= abs(value)
    powers = [power for power in range(used.bit_length()) if power >= _lowest(used)]
    cycles = []
    for power in powers:
        products = [
            (column, (1 if activation > 0 else -1) * 2**power * weight)
            for column, pairs in taken.items()
            for activation, weight, _ in pairs
            if abs(activation) >> power & 1
        ]
        cycles.append((list(taken), products))
    if any(value < 0 for value in values) or not cycles:
        cycles.append((list(taken), []))
    return cycles


def _lowest(used: int) -> int:
    return (used & -used).bit_length() - 1
