"""The layers of a network with the nest of each: given, searched for, or the fixed order (M41)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pgsim.arch import ArchConfig, Memory
from pgsim.errors import InputError, nearest
from pgsim.lazy import lazy
from pgsim.mapping import Nest, given_nest
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.layer import design_in, simulate_block, simulate_layer
from pgsim.model.search.bounds import may_be_held
from pgsim.model.search.dense import dense_nest
from pgsim.model.search.fixed_order import best_window
from pgsim.model.search.gated import gated_nest
from pgsim.model.search.geometry import Geometry, geometry_key
from pgsim.model.search.goal import Goal
from pgsim.model.search.mapped_by import Choice
from pgsim.model.search.problem import holds_a_channel
from pgsim.model.search.remembered import Remembered, nests_folder
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import Known, WorkStore

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost

_CHOICE_BYTES = 1_000


def mapped(jobs: Sequence[Job], search: Search) -> list[Job]:
    """Return the layers of a network, each with its nest.

    Raises InputError where the design gives a nest to a layer that there is not, or that cannot
    have it. Source: MODEL.md M41.
    """
    names = [job.shape.name for job in jobs]
    for given in jobs[0].arch.mapping.nests if jobs else ():
        if given.layer is not None and given.layer not in names:
            raise InputError(
                f"{jobs[0].arch.name}: mapping.nests: layer {given.layer!r}: the trace has no such "
                f"layer.{nearest(given.layer, names)}"
            )
    return [search.mapped(job) for job in jobs]


@dataclass(frozen=True)
class Search:
    """Maps layers on one design over the images of a trace, by what is to be least.

    Layers without a mask that differ in nothing but their names are searched once, and once for all
    simulations that share `store`. Layers of one geometry share all that no mask decides.
    """

    arch: ArchConfig
    goal: Goal
    calibration: int
    images: int
    store: WorkStore
    _chosen: dict[Hashable, Choice] = field(default_factory=dict)
    _geometries: dict[Hashable, Geometry] = field(default_factory=dict)

    def mapped(self, job: Job) -> Job:
        """Return a layer with its nest: given, searched for, or none for the fixed order.

        Raises InputError where it cannot have the nest that is given. Source: MODEL.md M41.
        """
        mapping = self.arch.mapping
        keys = mapping.given(job.shape.name)
        if keys is not None:
            return replace(job, nest=given_nest(keys, job.shape, job.batch))
        if not mapping.searches or job.demand_bits or not job.flow.takes_nests:
            return job
        key = job.alike
        if key not in self._chosen:
            self._chosen[key] = self._shared(job)
        chosen = self._chosen[key]
        return job.by(chosen.nest, chosen.window)

    def _shared(self, job: Job) -> Choice:
        block, images, left = sample(job, self.calibration, self.images), self.images, None
        if last_images(job, self.calibration, images):  # all batches decide
            left = (self.calibration, images)
        else:
            images = block.stop
        about = (block if job.gated else block.batch, left)
        make = partial(self._searched, job, images, about)
        if not self.store.keeps:
            return make()
        key = ("searched", job.alike, job.batch, *about, self._decides)
        return self.store.shared(key, make, lambda _: _CHOICE_BYTES)

    def _searched(self, job: Job, images: int, about: Hashable) -> Choice:
        """Return what was chosen for a layer in an earlier run, or what a search chooses now.

        images: the first, whose masks may decide. about: what decides beside layer and design.
        """
        search = partial(
            chosen,
            job,
            self.goal,
            self.calibration,
            self.images,
            self.store,
            design=self._design,
            geometries=self._geometries,
        )
        return self._remembered.choice(job, images, about, search)

    @lazy
    def _remembered(self) -> Remembered:
        goal = (self.goal.objective, tuple(self.goal.prices.items()))
        decides = (self.arch.but_for_prices, *goal, _kinds(self.arch))
        return Remembered(decides, nests_folder())

    @lazy
    def _decides(self) -> Known:
        """What of the design, and of its prices, decides what is chosen."""
        prices = tuple(self.goal.prices.items())
        return Known((self.arch.but_for_prices, self.goal.objective.powers, prices))

    @lazy
    def _design(self) -> object:
        return design_in(self.store, _by_ports(self.arch))


def chosen(
    job: Job, goal: Goal, calibration: int, images: int, store: WorkStore, **shared: Any
) -> Choice:
    """Return what costs a layer least, over all its batches where the last one is smaller.

    Weighed are what is best for a whole batch, what is best for the last one, and the fixed order.
    shared: as `searched` takes it. Source: MODEL.md M41.
    """
    of_whole = searched(job, goal, calibration, images, store, **shared)
    last = last_images(job, calibration, images)
    if not last:
        return of_whole
    smaller = replace(job, batch=last)
    of_last = searched(smaller, goal, calibration, calibration + last, store, **shared)
    nest = None if of_last.nest is None else of_last.nest.repeated(job.batch)
    own = replace(job, arch=_by_ports(job.arch))
    repeated = Choice(nest, of_last.window)
    if not may_be_held(own.by(*repeated)):
        repeated = of_whole
    choices = dict.fromkeys((of_whole, repeated, Choice()))
    if len(choices) == 1:
        return of_whole

    def cost(choice: Choice) -> tuple[float, ...]:
        ledger = simulate_layer(own.by(*choice), calibration, images, store)
        return goal.cost(ledger)[:3]

    return min(choices, key=cost)


def last_images(job: Job, calibration: int, images: int) -> int:
    """Return the images of a last batch that is smaller than the ones before it, 0 without one."""
    simulated = images - calibration
    return simulated % job.batch if simulated > job.batch else 0


def searched(
    job: Job,
    goal: Goal,
    calibration: int,
    images: int,
    store: WorkStore,
    *,
    design: object = None,
    geometries: dict[Hashable, Geometry] | None = None,
) -> Choice:
    """Return what costs a layer least.

    design: what stands in `store` for the job's with accesses counted at its ports, as
    `simulate_block` takes it. geometries: those of layers that were searched before on the design,
    to which its own is added. Source: MODEL.md M41.
    """
    known = {} if geometries is None else geometries
    if job.gated_inputs:
        return _searched_ungated(job, goal, calibration, images, store)
    block = sample(job, calibration, images)
    own = replace(job, batch=block.batch, arch=_by_ports(job.arch))
    geometry = known.setdefault(geometry_key(own), Geometry(own, goal))
    best, choice = goal.cost(simulate_block(own, block, store, design)), Choice()
    # Many choices share what they ask of the masks.
    asked = store if store.keeps or not job.gated else WorkStore()
    masks = Windows(own, goal, block, asked, geometry.paid)
    found = None
    if holds_a_channel(own):
        dense = partial(_dense, own, geometry, best, block, store, design)
        found = gated_nest(geometry, masks, best) if job.gated else dense()
    if found is not None:
        nest, best = found
        choice = Choice(nest.of_batch(job.batch))
    window = best_window(geometry, masks, best)
    return choice if window is None else Choice(window=window)


def _searched_ungated(
    job: Job, goal: Goal, calibration: int, images: int, store: WorkStore
) -> Choice:
    """Return the same under a mask of input pixels: what suits its passes if all were dense.

    It is taken where it costs the masked layer less than the fixed order does, and where what its
    masks need is held. Source: M52.
    """
    passes = tuple(replace(each, gate=None) for each in job.passes)
    asked = searched(replace(job, passes=passes), goal, calibration, images, store)
    if not may_be_held(job.by(*asked)):
        return Choice()
    block = sample(job, calibration, images)
    own = replace(job, batch=block.batch, arch=_by_ports(job.arch))
    nest = None if asked.nest is None else asked.nest.of_batch(block.batch)
    fixed, found = (
        goal.cost(simulate_block(each, block, store)) for each in (own, own.by(nest, asked.window))
    )
    return asked if found[:3] < fixed[:3] else Choice()


def _dense(
    job: Job, geometry: Geometry, fixed: Cost, block: Block, store: WorkStore, design: object
) -> tuple[Nest, Cost] | None:
    """Return the nest that costs a batch least, and what; None where the fixed order costs less."""
    goal = geometry.goal
    found = dense_nest(job, geometry.problem, goal, fixed)
    if found is None or job.arch.few_dram_parts == job.arch.dram_parts:
        return found
    nest, _ = found
    cost = goal.cost(simulate_block(job.by(nest), block, store, design))
    return (nest, cost) if cost[:3] <= fixed[:3] else None  # of equal values the rest decides


def sample(job: Job, calibration: int, images: int) -> Block:
    """Return the batches on which a layer's nest is chosen: the first, or one without a mask."""
    batch, batches = min(job.batch, images - calibration), 1
    if job.gated:
        asked = min(job.arch.mapping.images, images - calibration)
        batches = max(1, min(-(-asked // batch), (images - calibration) // batch))
    return Block(calibration, batch, batches, calibration)


def _kinds(arch: ArchConfig) -> tuple[object, ...]:
    """Return the kinds that a design is of: nothing is remembered of kinds that are not pgsim's."""
    return arch.lanes, arch.dataflow, arch.first_dataflow, arch.pe, arch.scheduler


def _by_ports(arch: ArchConfig) -> ArchConfig:
    """Return the design with accesses counted at its ports, as a search weighs them (M47)."""
    if arch.memory.counting == Memory.model_fields["counting"].default:
        return arch
    usual = {"counting": Memory.model_fields["counting"].default}
    return arch.model_copy(update={"memory": arch.memory.model_copy(update=usual)})
