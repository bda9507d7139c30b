"""The whole pipeline: a gate mask's way from a trace to a row of the results table.

trace -> passes (scheme) -> tiles (mapping) -> issued slots (scheduler) -> cycles -> traffic ->
stalls -> energy -> table. Each step is a call of the modules that stand below this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgsim.arch import ArchConfig, load_arch
from pgsim.energy import costs_of, energy
from pgsim.errors import InputError
from pgsim.mapping import Counts, Tiling, Words, lane_rows, scheduler_rows, tile
from pgsim.schemes import Pass, scheme_named
from pgsim.tables import LayerResult, Result
from pgsim.timing.cycles import PassTiming, time_pass
from pgsim.timing.dram import Transfers, dram_bursts
from pgsim.timing.edges import bubble_cycles, turn_cycles
from pgsim.timing.issue import dense_issue, sparse_issue
from pgsim.timing.ports import slot_reads
from pgsim.timing.sram import sram_words
from pgsim.timing.stalls import dram_stall_cycles
from pgsim.workload import GateTrace, LayerShape, LayerTrace, load_trace

_BLOCK_BITS = 2**28  # mask bits of one layer that are simulated together: 32 MiB of words


def simulate(
    trace: GateTrace | str | Path,
    arch: ArchConfig | str | Path,
    scheme: str = "pg",
    *,
    per_image: bool = False,
    calibration_images: int | None = None,
) -> Result:
    """Simulate a trace on an architecture under a scheme.

    trace, arch: loaded, or paths or names of shipped ones. scheme: one of `schemes.SCHEMES`.
    per_image: keep images apart in `.layers`, which needs `batch: 1`. calibration_images: the
    trace's first images, on which `lane_order: density` measures channels and which are not
    simulated (default: none, or under that lane order a tenth of the images, at least one).
    Raises InputError naming what is wrong and what was expected. Source: MODEL.md, all of it.
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = load_arch(arch)
    costs = costs_of(arch)
    if per_image and arch.batch > 1:
        raise InputError(
            f"per_image keeps images apart, which needs batch 1, and {arch.name} has batch "
            f'{arch.batch}: pass arch.override({{"batch": 1}}), or --set batch=1'
        )
    calibration = calibration_count(trace, arch, calibration_images)
    passes = [scheme_named(scheme)(layer) for layer in trace.layers]
    gated = any(own[-1].gated for own in passes)
    results = []
    for layer, own, following in zip(trace.layers, passes, [*passes[1:], passes[-1]], strict=True):
        output_bits = arch.output_bits or sum(each.activation_bits for each in following)
        blocks = [
            simulate_block(layer, arch, own, output_bits, block)
            for block in _blocks(layer, arch, calibration, trace.images)
        ]
        counts = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
        energies = energy(layer.shape, own, counts, costs, network_gated=gated)
        results.append(LayerResult(layer, own, counts, energies))
    return Result(trace, costs, scheme, calibration, per_image, tuple(results))


def calibration_count(trace: GateTrace, arch: ArchConfig, asked: int | None = None) -> int:
    """Return how many first images of a trace are for calibration only, and not simulated.

    Raises InputError where none would be left to simulate, or none to measure.
    """
    measured = arch.lsb.lane_order == "density"
    count = asked if asked is not None else max(1, trace.images // 10) * measured
    if not measured <= count < trace.images:
        raise InputError(
            f"trace {trace.name}: {count} calibration images: expected {int(measured)} to "
            f"{trace.images - 1} of its {trace.images}"
            + (", because lane_order: density measures channels on them" if measured else "")
        )
    return count


@dataclass(frozen=True)
class Block:
    """Images of a trace simulated together: `batches` alike, of `batch` images, from `start` on.

    calibration: how many first images of the trace are for calibration.
    """

    start: int
    batch: int
    batches: int
    calibration: int


def simulate_block(
    layer: LayerTrace,
    arch: ArchConfig,
    scheme_passes: tuple[Pass, ...],
    output_bits: int,
    block: Block,
) -> dict[str, Counts]:
    """Return one layer's integer counts by name, int64 (batches,) each, for a block of images."""
    shape, tiling = layer.shape, tile(layer.shape, arch, block.batch, len(scheme_passes))
    lanes, rows = np.empty(0, np.int64), None
    if scheme_passes[-1].gated:
        mask = layer.mask_words(block.start, block.start + block.batch * block.batches)
        rows = scheduler_rows(mask, shape, tiling)
        lanes = lane_rows(layer, arch, tiling, block.calibration)
    batches = 1 if rows is None else block.batches  # without a mask all batches are alike
    tiles = tiling.tiles(batches)
    passes = _time_passes(shape, arch, tiling, scheme_passes, rows, lanes)
    bursts = dram_bursts(Transfers(shape, arch, tiling, tiles, passes, output_bits), rows, lanes)
    counts = _pass_counts(tiling, passes) | bursts
    counts |= sram_words(shape, arch, tiling, passes, output_bits)
    counts = {name: np.broadcast_to(count, tiles) for name, count in counts.items()}
    turns = turn_cycles(arch, tiles, passes)  # and from here on counts are of runs
    counts["bubble_cycles"] = bubble_cycles(turns, tiles, passes)
    counts["dram_stall_cycles"] = dram_stall_cycles(arch.memory, tiles, turns, passes, bursts)
    return {
        name: np.repeat(count.reshape(batches, -1).sum(axis=1), block.batches // batches)
        for name, count in counts.items()
    }


def _time_passes(
    shape: LayerShape,
    arch: ArchConfig,
    tiling: Tiling,
    scheme_passes: tuple[Pass, ...],
    rows: Words | None,
    lanes: Counts,
) -> tuple[PassTiming, ...]:
    """Return the passes of a layer; rows, lanes: the mask as schedulers take it, or None."""
    timings = []
    for pass_ in scheme_passes:
        rates = slot_reads(shape, arch, pass_).rates
        if pass_.gated and rows is not None:
            issue = sparse_issue(rows, lanes, tiling, arch, rates)
        else:
            issue = dense_issue(tiling, arch.array.columns, rates)
        timings.append(time_pass(shape, arch, pass_, issue))
    return tuple(timings)


def _pass_counts(tiling: Tiling, passes: tuple[PassTiming, ...]) -> dict[str, Counts]:
    """Return what the passes count in every tile; a layer of one pass has no LSB pass."""
    first, none = passes[0], np.zeros((1, 1, 1, 1), np.int64)
    second = passes[1] if len(passes) > 1 else None
    return {
        "outputs": tiling.outputs,
        "msb_cycles": first.steady_cycles,
        "lsb_cycles": second.steady_cycles if second else none,
        "port_stall_cycles": sum((each.port_stall_cycles for each in passes), start=none),
        "lsb_slots_dense": tiling.window_slots if second else none,
        "lsb_slots_issued": second.issue.slots if second else none,
        "lsb_slots_ideal": second.issue.ideal if second else none,
        "lsb_slots_fullest_lane": second.issue.fullest_lane if second else none,
        "lsb_active_slots": second.issue.active_slots if second else none,
        "lsb_outputs": second.issue.entries if second else none,
        "msb_busy_pe_cycles": first.busy_pe_cycles,
        "lsb_busy_pe_cycles": second.busy_pe_cycles if second else none,
    }


def _blocks(layer: LayerTrace, arch: ArchConfig, calibration: int, images: int) -> Iterator[Block]:
    """Cut the images to simulate into blocks that fit in memory, a smaller last batch apart."""
    step = max(1, _BLOCK_BITS // (layer.shape.outputs * arch.batch))
    whole, rest = divmod(images - calibration, arch.batch)
    for done in range(0, whole, step):
        start = calibration + done * arch.batch
        yield Block(start, arch.batch, min(step, whole - done), calibration)
    if rest:
        yield Block(images - rest, rest, 1, calibration)
