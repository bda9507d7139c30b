"""The layers of a network with the nest of each: given, searched for, or the fixed order (M41)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pgsim.arch import ArchConfig, Memory
from pgsim.errors import InputError, nearest
from pgsim.mapping import Nest, given_nest
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.layer import simulate_block
from pgsim.model.mask_work import WorkStore
from pgsim.model.search.dense import dense_nest
from pgsim.model.search.fixed_order import best_window
from pgsim.model.search.gated import gated_nest
from pgsim.model.search.geometry import Geometry, geometry_key
from pgsim.model.search.goal import Goal

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost


def mapped(
    jobs: Sequence[Job], goal: Goal, calibration: int, images: int, store: WorkStore
) -> list[Job]:
    """Return the layers of a network, each with its nest.

    Layers without a mask that differ in nothing but their names are searched once. Raises
    InputError where the design gives a nest to a layer that there is not, or that cannot have it.
    Source: MODEL.md M41.
    """
    if not jobs:
        return []
    mapping = jobs[0].arch.mapping
    names = [job.shape.name for job in jobs]
    for given in mapping.nests:
        if given.layer is not None and given.layer not in names:
            raise InputError(
                f"{jobs[0].arch.name}: mapping.nests: layer {given.layer!r}: the trace has no such "
                f"layer.{nearest(given.layer, names)}"
            )
    alike: dict[Hashable, Choice] = {}
    geometries: dict[Hashable, Geometry] = {}
    found = []
    for job in jobs:
        keys = mapping.given(job.shape.name)
        if keys is not None:
            found.append(replace(job, nest=given_nest(keys, job.shape, job.batch)))
            continue
        if not mapping.searches or job.demand_bits or not job.flow.takes_nests:
            found.append(job)
            continue
        if job.alike not in alike:
            alike[job.alike] = searched(job, goal, calibration, images, store, geometries)
        chosen = alike[job.alike]
        found.append(replace(job, nest=chosen.nest, window=chosen.window))
    return found


class Choice(NamedTuple):
    """What a layer is mapped by: a nest, or else the fixed order.

    window: slots of its windows, None where they are as many as there is room for.
    """

    nest: Nest | None = None
    window: int | None = None


def searched(
    job: Job,
    goal: Goal,
    calibration: int,
    images: int,
    store: WorkStore,
    geometries: dict[Hashable, Geometry] | None = None,
) -> Choice:
    """Return what costs a layer least.

    geometries: those of layers that were searched before on the design, to which its own is added.
    Source: MODEL.md M41.
    """
    block = sample(job, calibration, images)
    own = replace(job, batch=block.batch, arch=_by_ports(job.arch))
    store = store if store.keeps else WorkStore()  # many choices share what they ask of the masks
    known = {} if geometries is None else geometries
    geometry = known.setdefault(geometry_key(own), Geometry(own, goal))
    best, choice = goal.cost(simulate_block(own, block, store)), Choice()
    search = gated_nest if job.gated else _dense
    found = search(own, geometry, best, block, store)
    if found is not None:
        nest, best = found
        choice = Choice(nest.of_batch(job.batch))
    window = best_window(own, geometry, best, block, store)
    return choice if window is None else Choice(window=window)


def _dense(
    job: Job, geometry: Geometry, fixed: Cost, block: Block, store: WorkStore
) -> tuple[Nest, Cost] | None:
    """Return the nest that costs a batch least, and what; None where the fixed order costs less."""
    goal = geometry.goal
    nest = dense_nest(job, geometry.problem, goal, fixed)
    if nest is None:
        return None
    cost = goal.cost(simulate_block(replace(job, nest=nest), block, store))  # no estimate
    return (nest, cost) if cost.value <= fixed.value else None


def sample(job: Job, calibration: int, images: int) -> Block:
    """Return the batches on which a layer's nest is chosen: the first, or one without a mask."""
    batch, batches = min(job.batch, images - calibration), 1
    if job.gated:
        asked = min(job.arch.mapping.images, images - calibration)
        batches = max(1, min(-(-asked // batch), (images - calibration) // batch))
    return Block(calibration, batch, batches, calibration)


def _by_ports(arch: ArchConfig) -> ArchConfig:
    """Return the design with accesses counted at its ports, as a search weighs them (M47)."""
    usual = {"counting": Memory.model_fields["counting"].default}
    return arch.model_copy(update={"memory": arch.memory.model_copy(update=usual)})
