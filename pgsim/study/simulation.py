"""The whole pipeline: a gate mask's way from a trace to a row of the results table.

trace -> passes (schemes) -> tiles (mapping) -> issued slots, cycles, traffic, events (model)
-> energy (cost) -> table (results). Each step is a call of the modules that stand below this one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import Costs, costs_of, energies, energy_prices, warn_of_clock
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.layer import simulate_layers
from pgsim.model.ledger import Ledger
from pgsim.model.mask_work import WorkStore
from pgsim.model.retention import retained
from pgsim.model.search import Goal, mapped
from pgsim.model.values import check_operands
from pgsim.results import LayerResult, Result, Row
from pgsim.schemes import ACTIVATIONS, Passes, Scheme, layer_passes, scheme_named
from pgsim.workload import GateTrace, load_trace, trace_with_operands


def simulate(
    trace: GateTrace | str | Path,
    arch: ArchConfig | str | Path,
    scheme: str | Scheme = "pg",
    *,
    per_image: bool = False,
    calibration_images: int | None = None,
    store: WorkStore | None = None,
    objective: str | None = None,
) -> Result:
    """Simulate a trace on an architecture under a scheme.

    Parameters
    ----------
    trace : GateTrace, str or Path
        Loaded, or the path or name of a shipped one.
    arch : ArchConfig, str or Path
        Likewise.
    scheme : str or Scheme
        A scheme, or the name of one of `pgsim.SCHEMES`.
    per_image : bool
        Keep images apart in `.layers`, which needs `batch: 1`.
    calibration_images : int, optional
        The trace's first images, on which `lane_order: density` measures channels and which are
        not simulated (default: none, or under that lane order a tenth of the images, at least one).
    store : WorkStore, optional
        What mask work and counts are shared through with other simulations (default: nothing is).
    objective : str, optional
        What loop nests are searched for to make least, one of `pgsim.OBJECTIVES` (M41). It turns
        the search on (default: what the design's `mapping` says).

    Returns
    -------
    Result
        `.layers`, a table of one row per layer, and `.summary`, of the network, under the columns
        of `pgsim.COLUMNS`. Of PEs that go by the values of operands it is of the images whose
        operands lie beside the trace (M58).

    Raises
    ------
    InputError
        Naming what is wrong and what was expected.

    Warns
    -----
    ClockWarning
        Where the design's clock is faster than a part of it (M45).

    Notes
    -----
    Source: MODEL.md, all of it.

    Examples
    --------
    >>> import pgsim
    >>> pgsim.simulate("digits_pg_4_2", "pg_ws").summary["images"]
    500
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch, scheme = load_arch(arch), scheme_named(scheme)
    if arch.pe.by_values:
        trace = trace_with_operands(trace)
    if objective is not None:
        arch = searching(arch, objective)
    jobs, costs = costed_jobs(trace, arch, scheme)
    arch = costs.arch
    warn_of_clock(arch, costs.paths)
    if per_image and arch.batch > 1:
        raise InputError(
            f"per_image keeps images apart, which needs batch 1, and {arch.name} has batch "
            f'{arch.batch}: pass arch.override({{"batch": 1}}), or --set batch=1'
        )
    calibration = calibration_count(trace, arch, calibration_images)
    layers = _layer_results(jobs, trace, costs, calibration, store or WorkStore(limit_bytes=0))
    return Result(trace, costs, scheme.name, calibration, per_image, layers)


def searching(arch: ArchConfig, objective: str) -> ArchConfig:
    """Return a design whose layers are searched for nests; raises InputError for no objective."""
    sought = {"mapping.kind": "search", "mapping.objective": objective}
    return arch.override({**sought, "name": arch.name})


def costed_jobs(trace: GateTrace, arch: ArchConfig, scheme: Scheme) -> tuple[list[Job], Costs]:
    """Return the layers of a trace on a design whose clock is a number, and what its parts cost.

    Raises InputError as `jobs_of` does.
    """
    jobs = jobs_of(trace, arch, scheme)
    costs = costs_of(arch, gated=any(job.gated for job in jobs))
    if costs.arch != arch:
        jobs = [replace(job, arch=costs.arch) for job in jobs]
    return jobs, costs


def jobs_of(trace: GateTrace, arch: ArchConfig, scheme: Scheme) -> list[Job]:
    """Return the layers of a trace under a scheme on a design, each with its passes.

    Outputs leave at the bits at which the next layer reads them (M23). Raises InputError where the
    scheme, or the design's dataflow or PE, cannot run a layer.
    """
    passes = [layer_passes(layer, scheme) for layer in trace.layers]
    for layer, own in zip(trace.layers, passes, strict=True):
        if refusal := arch.dataflow.refusal(layer.shape, own):
            raise InputError(
                f"layer {layer.shape.name!r} on {arch.name}, dataflow {arch.dataflow.name}: "
                f"{refusal}"
            )
    following = [*passes[1:], passes[-1]]
    jobs = [
        Job(layer, own, arch, _output_bits(arch, reader), arch.batch, first=index == 0)
        for index, (layer, own, reader) in enumerate(
            zip(trace.layers, passes, following, strict=True)
        )
    ]
    if arch.pe.by_values:
        check_operands(jobs)
    return jobs


def _output_bits(arch: ArchConfig, reader: Passes) -> int:
    return arch.output_bits or ACTIVATIONS.stored_bits(reader)


class _Counted(NamedTuple):
    """The layers of a network, each with what it is mapped by, its ledger and its row's counts."""

    mapped: list[dict[str, Any]]
    ledgers: list[Ledger]
    rows: list[Row]

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        return sum(ledger.size_bytes + _ROW_BYTES for ledger in self.ledgers)


_ROW_BYTES = 10_000
_MAPPED = ("nest", "window", "inputs_stay", "output_stays", "retained_bits")  # fields of a job


def _layer_results(
    jobs: Sequence[Job], trace: GateTrace, costs: Costs, calibration: int, store: WorkStore
) -> tuple[LayerResult, ...]:
    """Return the ledger and the energies of every layer."""
    prices = energy_prices(costs, any(job.gated for job in jobs))
    goal = Goal(costs.arch.mapping.goal, prices.totals)

    def count() -> _Counted:
        kept = retained(jobs, trace.producers)
        own = mapped(kept, goal, calibration, trace.images, store)
        ledgers = simulate_layers(own, calibration, trace.images, store)
        choices = [{name: getattr(job, name) for name in _MAPPED} for job in own]
        return _Counted(choices, ledgers, [{} for _ in own])

    key = _deciding(jobs, trace, costs.arch, goal, calibration) if store.keeps else None
    counted = store.shared(key, count, lambda found: found.size_bytes)
    return tuple(
        LayerResult(replace(job, **choice), ledger, energies(prices, ledger), row)
        for job, choice, ledger, row in zip(jobs, *counted, strict=True)
    )


def _deciding(
    jobs: Sequence[Job], trace: GateTrace, arch: ArchConfig, goal: Goal, calibration: int
) -> Hashable:
    """Return all that decides what layers are mapped by, and their counts.

    Layers stand for themselves, with their masks. Prices decide where a search weighs them.
    """
    weighed = tuple(goal.prices.items()) if arch.mapping.searches else None
    layers = tuple((job.layer, job.passes, job.output_bits) for job in jobs)
    return ("network", layers, trace.images, calibration, arch.but_for_prices, weighed)


def repriced(result: Result, costs: Costs) -> Result:
    """Return a result at other prices: the same counts, other energies and areas."""
    prices = energy_prices(costs, any(layer.gated for layer in result.layer_results))
    layers = tuple(
        replace(layer, energies=energies(prices, layer.ledger)) for layer in result.layer_results
    )
    return replace(result, costs=costs, layer_results=layers)


def calibration_count(trace: GateTrace, arch: ArchConfig, asked: int | None = None) -> int:
    """Return how many first images of a trace are for calibration only, and not simulated.

    Raises InputError where none would be left to simulate, or none to measure.
    """
    measured = arch.lsb.by_density
    count = asked if asked is not None else max(1, trace.images // 10) * measured
    if not measured <= count < trace.images:
        raise InputError(
            f"trace {trace.name}: {count} calibration images: expected {int(measured)} to "
            f"{trace.images - 1} of its {trace.images}"
            + (", because lane_order: density measures channels on them" if measured else "")
        )
    return count
