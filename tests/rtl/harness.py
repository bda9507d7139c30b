"""Runs cases on a built design, and says what it computed and counted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from reference import output_bits_of
from reference.layers import layer_of
from reference.mapping import Job, Run, TilePlan, runs_of, tiles_of
from reference.memory import Dram
from reference.plans import plan_tile
from reference.ports import bits_a_cycle, name_of_lanes
from reference.sram import sum_visits, tile_accesses

from rtl.arithmetic import Integers, leading_passes, pass_sums
from rtl.cases import Case
from rtl.nest_registers import nest_registers, open_tiles

COUNTS = (
    "msb_cycles",
    "lsb_cycles",
    "bubble_cycles",
    "port_stall_cycles",
    "dram_stall_cycles",
    "lsb_slots_issued",
)
MOVED = (
    "dram_activation_read_bytes",
    "dram_weight_read_bytes",
    "dram_sum_read_bytes",
    "dram_write_bytes",
)


@dataclass(frozen=True)
class Observed:
    """What the RTL did with a case: COUNTS and MOVED, and, (images, channels, positions), outputs
    and masks."""

    counts: dict[str, int]
    outputs: Integers
    mask: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RtlRun:
    """One batch, or one time step of it: its numbers for the testbench, and its images."""

    run: Run
    stimulus: list[int]
    groups: int
    slots: int
    lanes: int


def run(program: Path, cases: Sequence[Case], folder: Path) -> list[Observed]:
    """Run cases on a built design; a failed assertion in it raises RuntimeError with its text."""
    stimulus = folder / "cases.txt"
    runs = write_stimulus(cases, stimulus)
    done = subprocess.run([str(program), f"+cases={stimulus}"], capture_output=True, text=True)
    if done.returncode or "%Error" in done.stdout + done.stderr:
        raise RuntimeError(f"{cases[0].build.name}: {(done.stdout + done.stderr)[-2000:]}")
    lines = iter(done.stdout.splitlines())
    return [_observed(case, own, lines) for case, own in zip(cases, runs, strict=True)]


def write_stimulus(cases: Sequence[Case], path: Path) -> list[list[RtlRun]]:
    """Write the file that the testbench reads, and return the runs of each case."""
    runs = [list(_runs(case)) for case in cases]
    with path.open("w") as file:
        file.write(f"{sum(map(len, runs))}\n")
        for one in (each for own in runs for each in own):
            file.write(" ".join(map(str, one.stimulus)) + "\n")
    return runs


@dataclass(frozen=True)
class Expected:
    """What PG's arithmetic gives, (images, channels, positions); no mask where nothing is gated."""

    outputs: Integers
    mask: npt.NDArray[np.bool_]


def expected_outputs(case: Case) -> Expected:
    """Return a case's outputs and mask, by whole-number arithmetic on its planes."""
    passes = case.passes
    if case.pixels is not None:
        return _expected_of_pixels(case)
    leading = leading_passes(passes)
    by_pass = [pass_sums(one, case.activations, case.weights, case.layer) for one in passes]
    mask = sum(by_pass[:leading]) > case.thresholds[None, :, None]
    if leading == len(passes):
        mask = np.zeros_like(mask)
    computed = [mask if one.gated else True for one in passes]
    return Expected(sum(np.multiply(*pair) for pair in zip(by_pass, computed, strict=True)), mask)


def _expected_of_pixels(case: Case) -> Expected:
    """The same of a layer whose input pixels are gated, and of its outputs none (M52)."""
    important = case.pixels.reshape(len(case.activations), 1, *case.activations.shape[2:])
    taken = [case.activations * important if one.gated else case.activations for one in case.passes]
    outputs = sum(
        pass_sums(one, own, case.weights, case.layer)
        for one, own in zip(case.passes, taken, strict=True)
    )
    return Expected(outputs, np.zeros(outputs.shape, bool))


def mask_of(case: Case) -> npt.NDArray[np.bool_]:
    """Return the mask that steers a case's passes, (images, channels, positions)."""
    return expected_outputs(case).mask if case.pixels is None else case.pixels[:, None]


def _runs(case: Case) -> Iterator[RtlRun]:
    shape = layer_of(case.layer)
    job = Job(shape, case.passes, case.arch)
    output_bits = output_bits_of(case.layer, case.arch, case.scheme)
    mask = mask_of(case)
    for run in runs_of(job, len(case.activations)):
        if case.nest:
            opens = list(open_tiles(job, run, case.nest, mask))
            registers = nest_registers(job, run, case.nest, output_bits)
            moved = [*registers, len(opens), *opens]
        else:
            masks = mask.astype(int).tolist()
            plans = [plan_tile(job, tile, masks) for tile in tiles_of(job, run, None)]
            moved = list(_window_numbers(job, run, plans, output_bits))
        yield _rtl_run(case, job, run, moved)


def _rtl_run(case: Case, job: Job, run: Run, moved: Sequence[int]) -> RtlRun:
    """Write one run as the testbench reads it (`read_case` in testbench.sv)."""
    shape, layer, arch = case.shape, case.layer, case.arch
    activations = case.activations[run.first_image : run.first_image + run.images]
    if layer["op"] == "recurrent":
        activations = activations[:, :, run.step : run.step + 1]
    positions = run.images * job.layer.positions_per_step
    slots, lanes = positions, shape.channels
    if not job.slots_are_positions:
        slots, lanes = lanes, slots
    sram = arch["memory"]["activation_sram" if job.slots_are_positions else "weight_sram"]
    numbers = [slots, lanes, shape.groups, shape.reduction]
    window = slots if case.nest else min(job.window, slots)
    numbers += [window, layer["activation_bits"], layer["weight_bits"]]
    numbers += [sram["banks"], sram["port_bits"], arch["memory"]["dram"]["bytes_per_cycle"]]
    numbers += [int(arch["memory"].get("ports") == "all")]
    numbers += [shape.depth]
    numbers += [bits_a_cycle(job, name_of_lanes(job)), bits_a_cycle(job, "output_sram")]
    numbers += [int(layer["signed"]), len(job.passes), int(case.nest is not None)]
    numbers += [int(job.gated_inputs)]
    for one in job.passes:
        for plane in (one.activation, one.weight):
            numbers += [plane.low, plane.bits]
        numbers.append(int(one.gated))
    numbers += [len(activations), *activations.shape[2:]]
    for pair in (shape.kernel, shape.stride, *zip(*shape.margins, strict=True), shape.dilation):
        numbers += pair
    numbers += activations.ravel().tolist() + case.weights.ravel().tolist()
    numbers += case.thresholds.tolist()
    pixels: list[int] = []
    if job.gated_inputs:
        own = case.pixels[run.first_image : run.first_image + run.images]
        pixels = (
            own[:, run.step : run.step + 1].ravel() if layer["op"] == "recurrent" else own.ravel()
        )
        pixels = pixels.astype(int).tolist()
    return RtlRun(run, [*numbers, *moved, *pixels], shape.groups, slots, lanes)


def _window_numbers(
    job: Job, run: Run, plans: Sequence[TilePlan], output_bits: int
) -> Iterator[int]:
    """What each tile moves, which the host tells the RTL (`read_transfers`)."""
    dram = Dram(job, run, output_bits)
    for plan in plans:
        streams = dram.streams(plan)
        late = job.gated and job.arch["memory"].get("ports") == "all"
        ahead = 0 if late else streams.demand
        yield from (streams.activations + ahead, streams.weights, streams.outputs)
        yield streams.demand if late else 0
        visits = [sum_visits(job, plan, index) for index in range(len(job.passes))]
        moved = list(tile_accesses(job, plan, visits, output_bits))
        for one in plan.passes:
            yield sum(bits for own, _, bits in moved if own == one.index)


def _observed(case: Case, runs: Iterable[RtlRun], lines: Iterator[str]) -> Observed:
    counts = dict.fromkeys((*COUNTS, *MOVED), 0)
    channels = case.shape.groups * case.shape.channels
    positions = case.shape.out_size[0] * case.shape.out_size[1]
    outputs = np.zeros((len(case.activations), channels, positions), np.int64)
    mask = np.zeros(outputs.shape, bool)
    for own in runs:
        *found, values = map(int, next(lines).split())
        for name, count in zip(counts, found, strict=True):
            counts[name] += count
        pairs = np.array([next(lines).split() for _ in range(values)], np.int64)
        grid = pairs.reshape(own.groups, own.slots, own.lanes, 2)
        if case.build.lanes_are_channels:
            grid = grid.swapaxes(1, 2)  # groups, channels, positions of the run
        grid = grid.reshape(channels, own.run.images, -1, 2).swapaxes(0, 1)
        images = slice(own.run.first_image, own.run.first_image + own.run.images)
        where = slice(None)
        if case.layer["op"] == "recurrent":
            where = slice(own.run.step, own.run.step + 1)
        outputs[images, :, where] = grid[..., 0]
        mask[images, :, where] = grid[..., 1]
    return Observed(counts, outputs, mask)


def differences(case: Case, observed: Observed, simulated: dict[str, Any]) -> dict[str, Any]:
    """Return what differs: outputs and masks from PG's arithmetic, counts from `simulate`."""
    right = expected_outputs(case)
    found: dict[str, Any] = {
        name: {"rtl": observed.counts[name], "pgsim": simulated[name]}
        for name in simulated
        if observed.counts[name] != simulated[name]
    }
    for name in ("outputs", "mask"):
        own, wanted = getattr(observed, name), getattr(right, name)
        if not np.array_equal(own, wanted):
            found[name] = f"{np.count_nonzero(own != wanted)} of {wanted.size} differ"
    return found
