"""What a result's layers were mapped by, in words (MODEL.md M40)."""

from __future__ import annotations

from math import prod

from pgsim.errors import InputError, nearest
from pgsim.mapping import Nest
from pgsim.mapping.explained import explained
from pgsim.model.job import Job
from pgsim.model.nests import blocks_of_nest
from pgsim.results import Result
from pgsim.study.fixed_order import fixed_order


def explain(result: Result, layer: str) -> list[str]:
    """Return the loops of a layer as lines: what each buffer holds of them, how often it fills.

    A layer in the fixed order is cut into lane groups, and each into windows of slots.

    Parameters
    ----------
    result : Result
        Of `simulate`.
    layer : str
        Its name.

    Returns
    -------
    list of str
        One a line.

    Raises
    ------
    InputError
        Where there is no such layer.

    Examples
    --------
    >>> from pgsim import simulate
    >>> print(explain(simulate("digits_pg_4_2", "pg_os"), "fc")[0].partition(":")[0])
    layer fc on pg-os-16x16, for each batch
    """
    names = [each.shape.name for each in result.layer_results]
    if layer not in names:
        raise InputError(
            f"trace {result.trace.name}: no layer {layer!r}.{nearest(layer, names)} It has "
            f"{', '.join(names)}"
        )
    job = result.layer_results[names.index(layer)].job
    each = "batch" if job.shape.kind.shares_weights else "image"
    head = f"layer {layer} on {result.arch.name}, for each {each}"
    if job.shape.runs_per_batch > 1:
        head += " and time step"
    if job.shape.groups > 1:
        head += " and group"
    if job.nest is None:
        lines = [f"{head}: the fixed order (MODEL.md M9, M23):"]
        lines += [f"  {line}" for line in fixed_order(job)]
        if job.window is not None:
            few = f"  windows of {job.window} slots, fewer than the output buffer has room for"
            lines.append(few)
        if job.demand_bits:
            late = f"{job.demand_bits} of {job.activation_bits} bits"
            lines.append(f"  {late} of an activation come where gates open (M24)")
    else:
        lines = [f"{head}:", *(f"  {line}" for line in _of_nest(job, job.nest))]
    if job.inputs_stay:
        lines.append("  activations are on chip already")
    if job.output_stays:
        lines.append("  outputs stay on chip")
    return lines


def _of_nest(job: Job, nest: Nest) -> list[str]:
    """Return the loops of a nest, what the buffers hold of it, and what they might."""
    held = blocks_of_nest(job).holding.held
    trips = [nest.trips[loop] for loop in nest.depths]
    depths = {"activations": held.activation, "weights": held.weight, "sums": held.sums}
    if job.inputs_stay:
        del depths["activations"]
    lines = explained(nest, depths, {name: prod(trips[:at]) for name, at in depths.items()})
    if nest.unheld:
        unheld = " and ".join(f"{name}s" for name in nest.unheld)
        lines.append(f"of {unheld} no more than a block is held, whatever fits")
    return lines
