"""What choices of block sizes cost at least, and which may cost no more than so much (M41)."""

from __future__ import annotations

import numpy as np

from pgsim.kernels.compiled import kernel
from pgsim.kernels.nest_bursts import ROUNDED
from pgsim.kernels.nest_fits import (
    LAST,
    LAST_SIZE,
    OF_GROUP_CYCLES,
    OF_GROUP_PJ,
    OF_LANE_CYCLES,
    OF_LANE_PJ,
    OPENING,
    PICKS,
    SIZE,
    WAIT,
    WORK,
)
from pgsim.kernels.nest_paths import least_bits, moved_of, room_of_paths
from pgsim.kernels.nest_problem import (
    ARRAY_CYCLES,
    LEAST_BURSTS,
    LEAST_CYCLES,
    LEAST_PJ,
    OWN_PJ,
    WAIT_CYCLES,
    WORK_CYCLES,
    C,
    K,
    N,
)
from pgsim.kernels.nest_traffic import pick, room_of_choice
from pgsim.kernels.nest_value import cycles_of, moves, parts_of, value_of
from pgsim.kernels.nest_wasted import wasted_bits
from pgsim.kernels.nests import Widths

_COLUMNS = OWN_PJ + 1


@kernel
def least_of(problem, choices, terms):
    """Return what choices cost at least, float64 (choices, 7), as `Choices.least` has it.

    choices: `Choices`. terms: `Terms` of the problem. Source: MODEL.md M41.
    """
    least = np.empty((choices.places.size, _COLUMNS))
    machine, turns = problem.machine, problem.order
    bits = _bits_of(problem.loops, problem.widths)
    pixels, weights, last, most = _every_edge(machine, bits, choices.extents)
    for number in range(choices.places.size):
        at, row = _at(choices, choices.places[number]), least[number]
        one, two, three = at
        _set_work(choices.takes, terms, at, row)
        edges = (pixels[one, two] + weights[one, three], last[two, three], most[two, three])
        _add_edges(machine, turns, choices.takes, terms, (at, edges), row)
        _move(machine, terms, np.int64(terms.bursts), row)
    return least


@kernel
def likely(problem, choices, terms, compulsory, most_value):
    """Return the choices that may cost no more than so much, and what each costs at least.

    choices, terms: as `least_of` takes them. compulsory: float64 (4,), bits that any nest moves in
    a group. Returns int64 (choices, 5), picks, and float64 (choices, 7), with the bursts of the
    best order of each. Source: MODEL.md M41.
    """
    count, found, extents = choices.places.size, 0, choices.extents
    picks, least = np.empty((count, 5), np.int64), np.empty((count, _COLUMNS))
    loops, machine, widths, turns = problem.loops, problem.machine, problem.widths, problem.order
    moved, room, own = moved_of(problem, compulsory), room_of_paths(), room_of_choice()
    sizes = _bits_of(loops, widths)
    for number in range(count):
        row, picked = least[found], picks[found]
        at = _at(choices, choices.places[number])
        _set_work(choices.takes, terms, at, row)
        _set_picks(extents, at, picked)
        pick(loops, picked, own)
        bits = least_bits(moved, loops.sides, picked, own, False, room)
        _move(machine, terms, bursts_of(machine, widths.burst, bits, (0, 0)), row)
        if _value(terms, row) > most_value:
            continue  # most are: what follows takes longer
        one, two, three = at
        opening = _pixels(machine, sizes, extents, one, two)
        opening += _weights(machine, sizes, extents, one, three)
        edges = (opening, *_written(machine, sizes, extents, two, three))
        _add_edges(machine, turns, choices.takes, terms, (at, edges), row)
        wasted = wasted_bits(loops, widths, picked, own, False)
        _move(machine, terms, bursts_of(machine, widths.burst, bits, wasted), row)
        if _value(terms, row) > most_value:
            continue
        found += 1
    return picks[:found].copy(), least[:found].copy()


@kernel
def refined(problem, choices, compulsory, innermost):
    """Return the bursts that choices of block sizes move at least in the best order of each.

    choices: integers (choices, 5), picks. compulsory: as `likely` takes it. innermost: whether only
    orders are looked at in which the loop of input channels is innermost, or has one block, as
    layers need that a mask steers. Returns int64 (choices,), of a batch. Source: MODEL.md M41.
    """
    least, picks = np.empty(choices.shape[0], np.int64), np.empty(5, np.int64)
    loops, machine, widths = problem.loops, problem.machine, problem.widths
    moved, room, own = moved_of(problem, compulsory), room_of_paths(), room_of_choice()
    for number in range(choices.shape[0]):
        for loop in range(5):
            picks[loop] = choices[number, loop]
        pick(loops, picks, own)
        bits = least_bits(moved, loops.sides, picks, own, innermost, room)
        wasted = wasted_bits(loops, widths, picks, own, innermost)
        least[number] = bursts_of(machine, widths.burst, bits, wasted)
    return least


@kernel(inner=True)
def bursts_of(machine, burst, bits, wasted):
    """Return bursts of a batch, of so many bits each.

    bits: that a run and group moves. wasted: as `wasted_bits` has it.
    """
    of_weights, of_others = wasted
    runs = machine.groups * machine.runs
    if machine.weights_stay:  # later runs move less than the first
        more = of_weights * machine.groups + of_others * runs
        return np.int64(np.ceil((bits * runs + more) / burst * ROUNDED))
    return runs * np.int64(np.ceil((bits + of_weights + of_others) / burst * ROUNDED))


@kernel(inner=True)
def _value(terms, row):
    """Return what is to be least, of a row of costs."""
    return value_of(terms, row[LEAST_CYCLES], row[LEAST_BURSTS], row[LEAST_PJ])


@kernel(inner=True)
def _at(choices, place):
    """Return the places of a choice on its sides."""
    positions = choices.extents.positions.shape[1]
    both, three = divmod(place, choices.extents.channels.shape[1])
    return both // positions, both % positions, three


@kernel(inner=True)
def _set_picks(extents, at, picks):
    """Write which of its sizes the block of each loop has."""
    one, two, three = at
    for loop in range(3):
        picks[N + loop] = extents.positions[PICKS + loop, two]
    picks[K], picks[C] = extents.channels[PICKS, three], extents.inputs[PICKS, one]


@kernel(inner=True)
def _set_work(takes, terms, at, row):
    """Write what the array, and what is beside DRAM, takes of a choice at least."""
    ours, theirs = takes
    one, two, three = at
    work = ours[WORK, one, two] * theirs[WORK, one, three] * terms.groups
    work -= ours[WAIT, one, two] * theirs[WAIT, one, three]  # the first, or last, tile has none
    behind = ours[OF_GROUP_CYCLES, one, two] * theirs[OF_GROUP_CYCLES, one, three]
    behind += ours[OF_LANE_CYCLES, one, two] * theirs[OF_LANE_CYCLES, one, three]
    work = max(work, behind * terms.groups)
    own_pj = ours[OF_GROUP_PJ, one, two] * theirs[OF_GROUP_PJ, one, three]
    own_pj += ours[OF_LANE_PJ, one, two] * theirs[OF_LANE_PJ, one, three]
    row[:] = 0
    row[ARRAY_CYCLES] = work * terms.runs + terms.skew_cycles
    row[WORK_CYCLES] = work
    row[OWN_PJ] = own_pj * (terms.groups * terms.runs)


@kernel(inner=True)
def _add_edges(machine, turns, takes, terms, place, row):
    """Add what DRAM moves before the first block and after the last, and when it rests beside.

    place: of the choice on its sides, and parts of a cycle in which its first block is fetched, its
    last one leaves, and any one may leave.
    """
    if turns.one_buffer:
        return
    (one, two, three), (opening, closing, longest) = place
    first, last, most = (
        cycles_of(machine, opening),
        cycles_of(machine, closing),
        cycles_of(machine, longest),
    )
    row[ARRAY_CYCLES] += first * (terms.runs == 1) + last * terms.runs  # later runs may fetch less
    if not turns.run_ahead:
        ours, theirs = takes
        last_cycles = ours[LAST, one, two] * theirs[LAST, one, three]
        row[WAIT_CYCLES] = max(0.0, last_cycles + (terms.skew_cycles - most))


@kernel(inner=True)
def _move(machine, terms, bursts, row):
    """Write what a choice costs at least that moves so many bursts, or as many as it did."""
    bursts = max(bursts, np.int64(row[LEAST_BURSTS]))
    moved = moves(machine, bursts)
    if terms.in_turn:
        cycles = row[ARRAY_CYCLES] + moved
    else:
        cycles = max(row[ARRAY_CYCLES], row[WAIT_CYCLES] + moved)
    more_pj = (bursts - terms.bursts) * terms.burst_pj
    energy_pj = row[OWN_PJ] + terms.moved_pj + cycles * terms.cycle_pj + more_pj
    row[LEAST_CYCLES], row[LEAST_BURSTS] = cycles, bursts
    row[LEAST_PJ] = energy_pj * terms.rounded


@kernel(inner=True)
def _bits_of(loops, widths):
    """Return the bits of each element that a block moves, a weight with its taps, and of a burst."""
    weight = loops.taps * widths.weight
    return Widths(widths.activation, weight, widths.sums, widths.output, widths.burst)


@kernel(inner=True)
def _every_edge(machine, bits, extents):
    """Return what follows, for all pairs of sides: of many choices, as dividing takes long."""
    inputs, positions = extents.inputs.shape[1], extents.positions.shape[1]
    channels = extents.channels.shape[1]
    pixels = np.empty((inputs, positions), np.int64)
    weights = np.empty((inputs, channels), np.int64)
    last = np.empty((positions, channels), np.int64)
    most = np.empty((positions, channels), np.int64)
    for one in range(inputs):
        for two in range(positions):
            pixels[one, two] = _pixels(machine, bits, extents, one, two)
        for three in range(channels):
            weights[one, three] = _weights(machine, bits, extents, one, three)
    for two in range(positions):
        for three in range(channels):
            last[two, three], most[two, three] = _written(machine, bits, extents, two, three)
    return pixels, weights, last, most


@kernel(inner=True)
def _pixels(machine, bits, extents, one, two):
    """Return the parts of a cycle in which the first block fetches its activations."""
    pixels = extents.inputs[SIZE, one] * extents.positions[OPENING, two]
    return _parts(machine, bits.burst, pixels * bits.activation)


@kernel(inner=True)
def _weights(machine, bits, extents, one, three):
    """Return the same of its weights."""
    kernels = extents.inputs[SIZE, one] * extents.channels[SIZE, three]
    return _parts(machine, bits.burst, kernels * bits.weight)


@kernel(inner=True)
def _written(machine, bits, extents, two, three):
    """Return the parts of a cycle in which the last block writes, and the most that one takes."""
    positions, channels = extents.positions, extents.channels
    last = positions[LAST_SIZE, two] * channels[LAST_SIZE, three] * bits.output
    most = positions[SIZE, two] * channels[SIZE, three] * bits.sums
    return _parts(machine, bits.burst, last), _parts(machine, bits.burst, most)


@kernel(inner=True)
def _parts(machine, burst, bits):
    """Return the parts of a cycle that a stream of so many bits takes."""
    return parts_of(machine, burst, -(-bits // burst))
