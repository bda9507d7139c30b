"""What a network counts, shared between simulations that agree on all that decides it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pgsim.arch import ArchConfig
from pgsim.cost import Costs, energy_prices, priced_counts
from pgsim.cost.energy import Floats, PriceTable
from pgsim.lazy import lazy
from pgsim.model.any_speed import AnySpeed, at_any_speed
from pgsim.model.job import Job
from pgsim.model.layer import check_layers, design_in, simulate_layer, simulate_layers
from pgsim.model.ledger import Ledger, summed
from pgsim.model.retention import retained
from pgsim.model.search import Goal, Search, mapped
from pgsim.model.work_store import WorkStore
from pgsim.results import Columns
from pgsim.results.operations import useful_operations
from pgsim.results.rows import columns_at
from pgsim.study.jobs import Split, jobs_in
from pgsim.workload import GateTrace

_ROW_BYTES = 10_000


@dataclass(frozen=True)
class Counted:
    """The layers of a network as they are mapped, their ledgers, and the columns of their counts.

    jobs: on a design that differs at most in what decides no count. columns: once they are made.
    """

    jobs: Sequence[Job]
    ledgers: list[Ledger]
    columns: Columns = field(default_factory=dict)

    @lazy
    def priced(self) -> Floats:
        """What costs energy, as `cost.energies_of` takes it."""
        return priced_counts(self.ledgers)

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        return self.priced.nbytes + sum(each.size_bytes + _ROW_BYTES for each in self.ledgers)


@dataclass(frozen=True)
class Network:
    """The layers of a trace under a scheme on a design, and the images that are simulated.

    split: its layers under the scheme. costs: of the design's parts. scheduled: whether a scheduler
    steers any pass. calibration: first images of the trace, that are not simulated. on_chip: bit by
    bit, the weight planes that a layer finds on chip, by its name, where weights stay there (M55).
    """

    trace: GateTrace
    split: Split
    costs: Costs
    scheduled: bool
    calibration: int
    store: WorkStore
    on_chip: Mapping[str, int] | None = None

    @property
    def arch(self) -> ArchConfig:
        """The design, whose clock is a number."""
        return self.costs.arch

    @lazy
    def prices(self) -> PriceTable:
        """What each count costs."""
        return energy_prices(self.costs, self.scheduled)

    @lazy
    def goal(self) -> Goal:
        """What a search for nests makes least."""
        return Goal(self.arch.mapping.goal, self.prices.totals)

    def counted(self) -> Counted:
        """Return what it counts; raises InputError where it cannot be mapped, or counted."""
        if not self.store.keeps:
            return self._simulated()
        searches = self.arch.mapping.searches
        weighed = tuple(self.goal.prices.items()) if searches else None  # a search weighs prices
        key = ("network", self._deciding, self._but_for_prices, weighed)
        count = self._simulated if searches else self._at_its_speed
        return self.store.shared(key, count, lambda found: found.size_bytes)

    @lazy
    def _but_for_prices(self) -> tuple[Hashable, Hashable]:
        return self.arch.but_for_prices

    @lazy
    def _deciding(self) -> Hashable:
        """What decides its counts beside the design: layers stand for themselves, with masks."""
        on_chip = None if self.on_chip is None else tuple(self.on_chip.items())
        return self.split.known, self.trace.images, self.calibration, on_chip

    def check(self) -> None:
        """Raise InputError where a layer cannot be simulated, as `check_layers` does."""
        check_layers(self.kept, self.trace.images - self.calibration)

    def cycles(self, job: Job) -> int:
        """Return the cycles of one of `kept` over all images; others do not change them."""
        own, images = self._search.mapped(job), self.trace.images
        ledger = simulate_layer(own, self.calibration, images, self.store, self._design)
        return summed(ledger.cycles)

    @lazy
    def kept(self) -> list[Job]:
        """The layers, each knowing which of its tensors stay on chip."""
        jobs = jobs_in(self.split, self.arch)
        if self.on_chip is not None:
            jobs = [self._knowing(job, self.on_chip) for job in jobs]
        return retained(jobs, self.trace.producers)

    def _knowing(self, job: Job, on_chip: Mapping[str, int]) -> Job:
        """Return a layer that knows which of its weights are on chip, if it has any of its own."""
        if not job.shape.kind.shares_weights:
            return job
        return replace(job, weights_on_chip=on_chip.get(job.shape.name, 0))

    @lazy
    def _search(self) -> Search:
        return Search(self.arch, self.goal, self.calibration, self.trace.images, self.store)

    @lazy
    def _design(self) -> object:
        return design_in(self.store, self.arch)

    def _mapped(self) -> list[Job]:
        return mapped(self.kept, self._search)

    def _simulated(self) -> Counted:
        own = self._mapped()
        ledgers = simulate_layers(own, self.calibration, self.trace.images, self.store)
        return Counted(own, ledgers)

    def _at_its_speed(self) -> Counted:
        """Return the same where another speed of DRAM changes no nest, and so shares the rest."""
        but_for_dram_speed, _ = self._but_for_prices
        key = ("any speed", self._deciding, but_for_dram_speed)
        shared = self.store.shared(key, self._at_any_speed, lambda found: found.size_bytes)
        if shared.network is None:
            return self._simulated()
        counted = Counted(shared.network.jobs, shared.network.at(self.arch))
        if not shared.columns:  # these are the first
            shared.columns.append(counted.columns)
        elif other := shared.columns[0]:
            columns = columns_at(counted.ledgers, shared.useful, self.arch, other)
            return replace(counted, columns=columns)
        return counted

    def _at_any_speed(self) -> _Shared:
        own = self._mapped()
        network = at_any_speed(own, self.calibration, self.trace.images, self.store)
        return _Shared(network, _useful(network), [])


class _Shared(NamedTuple):
    """What designs share that differ in the speed of DRAM: nothing if the network is too large.

    useful: operations of each layer. columns: those of the design that was simulated first, once
    it was.
    """

    network: AnySpeed | None
    useful: list[int]
    columns: list[Columns]

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        return 0 if self.network is None else self.network.size_bytes


def _useful(network: AnySpeed | None) -> list[int]:
    """Return the useful operations of each layer."""
    if network is None:
        return []
    ledgers = [network.ledgers[layer] for layer in network.layers]
    return list(map(useful_operations, network.jobs, ledgers))
