"""The whole pipeline: a gate mask's way from a trace to a row of the results table.

trace -> passes (schemes) -> tiles (mapping) -> issued slots, cycles, traffic, events (model)
-> energy (cost) -> table (results). Each step is a call of the modules that stand below this one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import Costs, costs_of, energies, energies_of, energy_prices, warn_of_clock
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.work_store import WorkStore
from pgsim.results import LayerResult, Result
from pgsim.schemes import Scheme, scheme_named
from pgsim.study.counting import Network
from pgsim.study.jobs import NO_STORE, any_scheduled, jobs_of, split, taken
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
    Masks of 16 MiB and more are simulated by as many threads as the process may use cores; a worker
    of a sweep uses one. Source: MODEL.md, all of it.

    Examples
    --------
    >>> import pgsim
    >>> pgsim.simulate("digits_pg_4_2", "pg_ws").summary["images"]
    500
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch, scheme = load_arch(arch), scheme_named(scheme)
    if objective is not None:
        arch = searching(arch, objective)
    store = store or NO_STORE
    if arch.pe.by_values:
        trace = _with_operands(trace, store)
    found = split(trace, scheme, store)
    scheduled = any_scheduled(taken(found, arch))
    costs = costs_of(arch, gated=scheduled)
    warn_of_clock(costs.arch, costs.paths)
    arch = costs.arch
    if per_image and arch.batch > 1:
        raise InputError(
            f"per_image keeps images apart, which needs batch 1, and {arch.name} has batch "
            f'{arch.batch}: pass arch.override({{"batch": 1}}), or --set batch=1'
        )
    calibration = calibration_count(trace, arch, calibration_images)
    return result_of(
        Network(trace, found, costs, scheduled, calibration, store), per_image=per_image
    )


def _with_operands(trace: GateTrace, store: WorkStore) -> GateTrace:
    """Return a trace with the operands beside it, read once for all simulations of a store."""
    return store.shared(("operands", trace), partial(trace_with_operands, trace), _operand_bytes)


def _operand_bytes(trace: GateTrace) -> int:
    """Return how much memory the operands of a trace take."""
    return sum(layer.operands.size_bytes for layer in trace.layers if layer.operands)


def searching(arch: ArchConfig, objective: str) -> ArchConfig:
    """Return a design whose layers are searched for nests; raises InputError for no objective."""
    sought = {"mapping.kind": "search", "mapping.objective": objective}
    return arch.override({**sought, "name": arch.name})


def costed_jobs(
    trace: GateTrace, arch: ArchConfig, scheme: Scheme, store: WorkStore | None = None
) -> tuple[list[Job], Costs]:
    """Return the layers of a trace on a design whose clock is a number, and what its parts cost.

    Raises InputError as `jobs_of` does.
    """
    jobs = jobs_of(trace, arch, scheme, store)
    costs = costs_of(arch, gated=any(job.scheduled for job in jobs))
    if costs.arch is not arch:
        jobs = [job.on(costs.arch) for job in jobs]
    return jobs, costs


def result_of(network: Network, *, per_image: bool = False) -> Result:
    """Return what a network takes, with images apart or not."""
    counted, arch, prices = network.counted(), network.arch, network.prices
    every = zip(counted.jobs, counted.ledgers, energies_of(prices, counted.priced), strict=True)
    layers = tuple(LayerResult(job.on(arch), ledger, own) for job, ledger, own in every)
    trace, scheme = network.trace, network.split.scheme
    calibration = network.calibration
    return Result(trace, network.costs, scheme, calibration, per_image, layers, counted.columns)


def repriced(result: Result, costs: Costs) -> Result:
    """Return a result at other prices: the same counts, other energies and areas."""
    prices = energy_prices(costs, result.gated)
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
