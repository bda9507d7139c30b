"""What a result's layers were mapped by, in words (MODEL.md M40)."""

from __future__ import annotations

from math import prod

from pgsim.errors import InputError, nearest
from pgsim.mapping.explained import explained
from pgsim.model.nests import blocks_of_nest
from pgsim.results import Result


def explain(result: Result, layer: str) -> list[str]:
    """Return the loop nest of a layer as lines: loops, what each buffer holds, how often it fills.

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
        lines = [
            f"{head}: the fixed order: lane groups, and in each the windows (MODEL.md M9, M23)"
        ]
        if job.window is not None:
            few = f"  windows of {job.window} slots, fewer than the output buffer has room for"
            lines.append(few)
        return lines
    held = blocks_of_nest(job).holding.held
    trips = [job.nest.trips[loop] for loop in job.nest.depths]
    depths = {"activations": held.activation, "weights": held.weight, "sums": held.sums}
    if job.inputs_stay:
        del depths["activations"]
    fills = {name: prod(trips[:depth]) for name, depth in depths.items()}
    lines = [f"{head}:", *(f"  {line}" for line in explained(job.nest, depths, fills))]
    if job.nest.unheld:
        unheld = " and ".join(f"{name}s" for name in job.nest.unheld)
        lines.append(f"  of {unheld} no more than a block is held, whatever fits")
    if job.inputs_stay:
        lines.append("  activations are on chip already")
    if job.output_stays:
        lines.append("  outputs stay on chip")
    return lines
