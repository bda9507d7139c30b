"""Each window of a gated layer, with the best nest found for it (MODEL.md M40, M41)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import PriceTable, energies, energy_prices, warn_of_clock
from pgsim.errors import InputError, nearest
from pgsim.mapping import Nest, given_nest
from pgsim.model import zeros
from pgsim.model.blocks import Block
from pgsim.model.bounds import check_counts
from pgsim.model.job import Job
from pgsim.model.layer import simulate_block
from pgsim.model.retention import retained
from pgsim.model.search import Choice, Goal, sample, searched
from pgsim.model.work_store import WorkStore
from pgsim.schemes import Scheme, scheme_named
from pgsim.study.simulation import calibration_count, costed_jobs, searching
from pgsim.study.window_nests import WindowNests
from pgsim.study.window_trade import Point, WindowTrade
from pgsim.workload import GateTrace, load_trace


def windows(
    trace: GateTrace | str | Path,
    arch: ArchConfig | str | Path,
    layer: str | None = None,
    scheme: str | Scheme = "pg",
    *,
    objective: str | None = None,
    calibration_images: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> WindowTrade:
    """Ask what each window costs a gated layer, with the best nest found for it.

    Deep windows pack better, and leave room for fewer channels. Every window that blocks can have
    is looked at, on the masks on which the search chooses (`mapping.images`).

    Parameters
    ----------
    trace, arch, scheme, calibration_images
        As `simulate` has them.
    layer : str, optional
        A gated layer (default: the one with most outputs).
    objective : str, optional
        What is to be least, one of `pgsim.OBJECTIVES` (default: what the design's `mapping` says).
    progress : callable, optional
        Called after each window with how many are done and how many there are.

    Returns
    -------
    WindowTrade
        `.points`, `.fixed`, `.chosen`, `.table` and `.finding`.

    Raises
    ------
    InputError
        As `simulate` does; for a layer that is not there, or that no mask steers; and where layers
        keep the fixed order (M41).

    Notes
    -----
    For each window the order, the blocks of the other loops and the split of the window over its
    loops are bettered one after the other, from as many channels as fit. What the search chooses
    stands at its window where it is better. Source: MODEL.md M40, M41.

    Examples
    --------
    >>> trade = windows("digits_pg_4_2", "pg_os", "conv5")
    >>> min(trade.cycles(point) for point in trade.points) == trade.cycles(trade.chosen)
    True
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch, scheme = load_arch(arch), scheme_named(scheme)
    if objective is not None:
        arch = searching(arch, objective)
    jobs, costs = costed_jobs(trace, arch, scheme)
    warn_of_clock(costs.arch, costs.paths)
    job = _chosen_job(retained(jobs, trace.producers), trace, layer, scheme)
    _check_free(job)
    calibration = calibration_count(trace, costs.arch, calibration_images)
    check_counts([job], trace.images - calibration)
    zeros.check_known([job])
    prices = energy_prices(costs, True)
    goal = Goal(costs.arch.mapping.goal, prices.totals)
    block, store = sample(job, calibration, trace.images), WorkStore()
    point = partial(_point, block=block, goal=goal, prices=prices, store=store)
    given = costs.arch.mapping.given(job.shape.name)
    if given is None:
        choice = searched(job, goal, calibration, trace.images, store)
    else:
        choice = Choice(given_nest(given, job.shape, job.batch))
    mapped = replace(job, nest=choice.nest, window=choice.window).of_batch(block.batch)
    job = job.of_batch(block.batch)
    fixed = point(job)
    chosen = fixed if choice == Choice() else point(mapped)
    return WindowTrade(
        trace, costs.arch, scheme.name, job.shape.name, range(block.start, block.stop),
        goal.objective, _points(job, point, chosen, progress), fixed, chosen, given is not None,
    )  # fmt: skip


def _chosen_job(jobs: Sequence[Job], trace: GateTrace, layer: str | None, scheme: Scheme) -> Job:
    """Return the layer of that name, or the gated one with most outputs."""
    gated = {job.shape.name: job for job in jobs if job.decides}
    if not gated:
        raise InputError(
            f"trace {trace.name}: scheme {scheme.name} gates no layer of it by its outputs"
        )
    if layer is None:
        return max(gated.values(), key=lambda job: job.shape.outputs)
    if layer not in gated:
        there = layer in (job.shape.name for job in jobs)
        problem = f"is not gated under scheme {scheme.name}" if there else "is not in it"
        hint = nearest(layer, gated) or f" Its gated layers are {', '.join(gated)}."
        raise InputError(f"trace {trace.name}: layer {layer!r} {problem}.{hint}")
    return gated[layer]


def _check_free(job: Job) -> None:
    """Refuse a layer that no nest can have (M40)."""
    where = f"layer {job.shape.name!r} on {job.arch.name} keeps the fixed order"
    if job.demand_bits:
        raise InputError(f"{where}: expected memory.lsb_fetch: with_msb")
    if not job.flow.takes_nests:
        raise InputError(f"{where}: dataflow {job.flow.name} has an order of its own")
    if job.arch.array.counted_by.by_tiles:
        raise InputError(f"{where}: array.convention {job.arch.array.convention} knows no other")
    if share := job.arch.array.predictor_share:
        raise InputError(
            f"{where}: array.predictor_share: value {share:.12g}: expected 0, for no loop nest is "
            "counted on two arrays (M59)"
        )


def _points(
    job: Job,
    point: Callable[[Job], Point],
    chosen: Point,
    progress: Callable[[int, int], object] | None,
) -> tuple[Point, ...]:
    """Return the best nest of each window, what is chosen among them where it costs no more."""
    known: dict[Nest, Point] = {}

    def of_nest(nest: Nest) -> Point:
        if nest not in known:
            known[nest] = point(replace(job, nest=nest))
        return known[nest]

    nests, points = WindowNests(job), {}
    for done, window in enumerate(nests.splits, start=1):
        nest = nests.best(window, lambda nest: of_nest(nest).cost)
        if nest is not None:
            points[window] = of_nest(nest)
        if progress is not None:
            progress(done, len(nests.splits))
    own = points.get(chosen.slots)
    searched_for = chosen.nest is not None or chosen.job.window is not None
    if searched_for and (own is None or chosen.cost <= own.cost):
        points[chosen.slots] = chosen
    return tuple(points[window] for window in sorted(points))


def _point(job: Job, *, block: Block, goal: Goal, prices: PriceTable, store: WorkStore) -> Point:
    """Return what a job costs in a block of images."""
    ledger = simulate_block(job, block, store)
    cost = goal.cost(ledger)
    tie = () if job.nest is None else job.nest.tie
    decides = (cost.value, cost.bursts, cost.cycles, cost.energy_pj, *tie)
    parts = {name: float(each.sum()) for name, each in energies(prices, ledger).items()}
    return Point(job, decides, ledger, parts)
