"""pgsim trace synth: synthetic traces, of asked statistics or like a real trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.table import Table

from pgsim.arch import LANES, SCHEDULERS, ArchConfig, load_arch
from pgsim.cli.output import masks_of, show, table
from pgsim.cli.streams import say
from pgsim.errors import InputError
from pgsim.masks import fitted_trace, synthetic_trace
from pgsim.results.numbers import percent, whole
from pgsim.workload import (
    NETWORKS,
    GateTrace,
    check_trace_path,
    load_trace,
    save_trace,
)
from pgsim.workload import network as network_layers

_DESIGN = "pg_os"  # on which a fitted trace is compared with the real one


def _check_output(ctx: click.Context, param: click.Parameter, path: Path) -> Path:
    return check_trace_path(path)


@click.command("synth")
@click.argument("network", type=click.Choice(list(NETWORKS)), required=False)
@click.option(
    "--like", metavar="TRACE",
    help="Instead of NETWORK and its statistics: take them from TRACE, and compare the savings.",
)  # fmt: skip
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE",
    callback=_check_output, help="The trace; .safetensors is appended where it is missing.",
)  # fmt: skip
@click.option("--images", type=int, help="[default: 16, or with --like those of TRACE]")
@click.option("--density", type=float, help="Expected fraction of outputs whose gate is 1.")
@click.option(
    "--clustering", type=float, help="Correlation of neighbouring positions, below 1.  [default: 0]"
)
@click.option(
    "--channel-spread", type=float,
    help="Standard deviation of the channels' densities.  [default: 0]",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--activation-bits", type=int, help="[default: 4]")
@click.option("--msb-bits", type=int, help="[default: 2]")
@click.option("--weight-bits", type=int, help="[default: 8]")
@click.option("--shards", type=int, default=1, show_default=True, help="Files to cut it into.")
@click.option(
    "--arch", metavar="ARCH",
    help=f"With --like: the design that the savings are compared on.  [default: {_DESIGN}]",
)  # fmt: skip
def synth(
    network: str | None,
    like: str | None,
    output: Path,
    images: int | None,
    seed: int,
    shards: int,
    arch: str | None,
    **statistics: float | None,
) -> None:
    """Write a synthetic trace, and label it so.

    Either of a published NETWORK's true shapes, with --density and what else is asked for; or
    --like TRACE, of its layers, with masks fitted to its masks (M36). Then a table compares what
    every scheduler saves on both.
    """
    given = {name: value for name, value in statistics.items() if value is not None}
    if like is None:
        if network is None:
            raise InputError("give a NETWORK and its --density, or --like TRACE")
        if arch is not None:
            raise InputError("--arch compares a fitted trace with a real one: it needs --like")
        made = _of_network(network, 16 if images is None else images, seed, given)
        _save(made, output, shards)
        return
    if network is not None or given:
        extra = network or "--" + min(given).replace("_", "-")
        raise InputError(
            f"--like takes layers and statistics from {like}: leave out {extra}, or leave out "
            "--like"
        )
    design = load_arch(arch or _DESIGN)
    real = load_trace(like)
    made = fitted_trace(real, images=images, seed=seed)
    _save(made, output, shards)
    if any(layer.shape.gates_inputs for layer in real.layers):
        say("savings are not compared: no scheduler packs the outputs of gated inputs")
    else:
        show(saving_table(real, made, design))


def _of_network(network: str, images: int, seed: int, given: dict[str, Any]) -> GateTrace:
    if "density" not in given:
        raise InputError(f"give --density, the fraction of {network}'s outputs whose gate is 1")
    bits = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8}
    asked = {name: given.pop(name) for name in list(given) if name in bits}
    layers = network_layers(network, **(bits | asked))
    return replace(synthetic_trace(layers, images=images, seed=seed, **given), model=network)


def _save(trace: GateTrace, output: Path, shards: int) -> None:
    for path in save_trace(trace, output, shards):
        say(f"{path}: {masks_of(trace)}")


def saving_table(real: GateTrace, fitted: GateTrace, arch: ArchConfig) -> Table:
    """Return what every scheduler saves of the LSB slots on both traces, and how far apart it is.

    Cycles are those of the whole network, an image. Both kinds of lanes where the design can have
    them.
    """
    designs = _designs(arch)
    both = [[_saving(trace, design) for design in designs] for trace in (real, fitted)]
    slots, cycles = ([[each[place] for each in one] for one in both] for place in (0, 1))
    columns: dict[str, Sequence[str]] = {
        "lanes": [design.lanes.name for design in designs],
        "scheduler": [design.scheduler.label for design in designs],
        "saved slots\nreal %": percent(slots[0]),
        "\nfitted %": percent(slots[1]),
        "\ndifference %": _apart(*slots),
        "cycles\nreal": whole(cycles[0]),
        "\nfitted": whole(cycles[1]),
        "cycles\ndifference %": _apart(*cycles),
    }
    return table(columns, words=("scheduler",))


def _designs(arch: ArchConfig) -> list[ArchConfig]:
    """Return the design with every lane kind that it can have, and every scheduler that packs."""
    ordered = arch.lsb.lane_order
    return [
        arch.override(
            {
                "array.lanes": name if len(arch.dataflow.lanes) > 1 else arch.array.lanes,
                "lsb.lane_order": ordered if LANES[name].can_be_ordered else "raster",
                "lsb.scheduler": scheduler,
            }
        )
        for name in arch.dataflow.lanes
        for scheduler, kind in SCHEDULERS.items()
        if kind.packs
    ]


class _Saving(NamedTuple):
    """The part of the LSB slots that is not issued, and the cycles of an image."""

    slots: float
    cycles: float


def _saving(trace: GateTrace, design: ArchConfig) -> _Saving:
    from pgsim.study.simulation import simulate

    rows = simulate(trace, design).rows
    dense, issued, cycles = (
        sum(row[column] for row in rows)
        for column in ("lsb_slots_dense", "lsb_slots_issued", "cycles")
    )
    images = rows[0]["images"]  # without those for calibration
    return _Saving(1 - issued / dense if dense else float("nan"), cycles / images)


def _apart(real: Sequence[float], fitted: Sequence[float]) -> list[str]:
    return [f"{100 * (b / a - 1):+.1f}" if a else "-" for a, b in zip(real, fitted, strict=True)]
