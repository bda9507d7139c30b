"""Rows of the results table: a layer's counts under `columns.COLUMNS`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.cost import PARTS
from pgsim.mapping.nest import FIXED_CELLS
from pgsim.model.job import Job
from pgsim.model.layer import LEDGER
from pgsim.model.ledger import Ledger, summed
from pgsim.results.columns import LAYER_COLUMNS
from pgsim.results.layer_results import LayerResult
from pgsim.results.operations import bit_operations, useful_of, utilization
from pgsim.text import writable
from pgsim.workload import GateTrace

Row = dict[str, Any]  # column name -> int, float or str, as `columns.COLUMNS` says
Columns = dict[str, list[Any]]  # the same of several rows, which all have the same columns


class Simulated(Protocol):
    """What rows are made of, as `tables.Result` has it."""

    @property
    def trace(self) -> GateTrace:
        """What ran."""

    @property
    def arch(self) -> ArchConfig:
        """On which design."""

    @property
    def names(self) -> Row:
        """The columns that name what ran, on what and how."""

    @property
    def layer_results(self) -> tuple[LayerResult, ...]:
        """Each layer's ledger."""

    @property
    def calibration_images(self) -> int:
        """The trace's first images, which were not simulated."""

    @property
    def images(self) -> int:
        """Images simulated."""

    @property
    def counted(self) -> Columns:
        """The columns but for what names and prices decide; empty until they are made."""


def columns_of(result: Simulated) -> Columns:
    """Return the columns of all layers over all simulated images."""
    if not result.counted:
        every = [_counted_row(result, layer) for layer in result.layer_results]
        result.counted.update({name: [row[name] for row in every] for name in every[0]})
    columns, layers, mhz = dict(result.counted), len(result.layer_results), result.arch.mhz
    columns |= {name: [value] * layers for name, value in result.names.items()}
    columns["time_us"] = [cycles / mhz for cycles in columns["cycles"]]
    energies = [layer.energies for layer in result.layer_results]
    for name in energies[0]:
        columns[name] = [_total(own[name]) for own in energies]
    return columns


def rows_in(columns: Columns) -> list[Row]:
    """Return the same row by row."""
    every = zip(*columns.values(), strict=True)
    return [dict(zip(columns, values, strict=True)) for values in every]


def row_of_image(result: Simulated, layer: LayerResult, image: int) -> Row:
    """Return one layer's row of one image, of batches of one."""
    row = _counted_row(result, layer, image) | result.names
    row["time_us"] = row["cycles"] / result.arch.mhz
    first = image - result.calibration_images
    return row | {name: float(each[first]) for name, each in layer.energies.items()}


def _total(energies: npt.NDArray[np.float64]) -> float:
    return float(energies.item() if energies.size == 1 else energies.sum())


_NAMES_AND_PRICES: Row = dict.fromkeys(
    ("arch", "trace", "mask_source", "scheme", "time_us", *PARTS, "energy_pj")
)


def _counted_row(result: Simulated, layer: LayerResult, image: int | None = None) -> Row:
    """Return a row, in the order of columns, that still lacks what names and prices decide."""
    first, images = result.calibration_images, result.images
    part, masks = slice(None), range(first, result.trace.images)
    row = _NAMES_AND_PRICES | {"layer": writable(layer.shape.name)}
    row |= _mapping_cells(layer.job, result.images)
    if image is not None:
        part, masks, images = slice(image - first, image - first + 1), range(image, image + 1), 1
        row["image"] = image
    count = layer.ledger.total(part)
    row |= counted(count, result.arch)
    row |= _derived(layer, count, part, result.arch)
    row["images"] = images
    row["macs"] = layer.shape.macs * images
    row["mask_density"] = _density(layer, part, masks)
    return {name: row[name] for name in LAYER_COLUMNS if name in row}


def _density(layer: LayerResult, part: slice, images: range) -> float:
    """Return the mean of a layer's mask over some images, which are some batches.

    What a gate of outputs has computed are the bits of its mask, so that nobody reads them again.
    """
    if not layer.job.decides:
        return layer.trace.density(images.start, images.stop)
    ones = summed(layer.ledger.passes[layer.job.leading].outputs[part])
    return ones / (layer.shape.outputs * len(images))


def _mapping_cells(job: Job, images: int) -> Row:
    """Return what a layer is mapped by: a nest, or the fixed order and its window.

    images: that are simulated; a batch is no larger.
    """
    if job.nest is not None:
        return {**job.nest.cells, "window_slots": float("nan")}
    return {**FIXED_CELLS, "window_slots": job.of_batch(min(job.batch, images)).largest_window}


def counted(count: Mapping[str, int], arch: ArchConfig) -> Row:
    """Return the columns that show counts of the ledger, in their own units."""
    return {each.column: count[each.name] * each.each(arch) for each in LEDGER if each.column}


def _derived(
    layer: LayerResult,
    count: Mapping[str, int],
    part: slice,
    arch: ArchConfig,
) -> Row:
    """Return the columns that follow from counts and from what each pass computed (M4, M27)."""
    computed, useful = layer.computed(part), useful_of(layer.job, layer.ledger, part)
    rows, steady_rows = arch.array.rows, _steady_rows(layer, part)
    macs = count["outputs"] * layer.shape.reduction
    return {
        **_clocked(count, sum(useful), arch),
        "average_bits": sum(bit_operations(computed)) / (layer.job.weight_bits * macs),
        "weight_bits": layer.job.weight_bits,
        "msb_macs": macs,
        "lsb_macs": sum(done for _, done in computed[1:]),
        "msb_pe_utilization": utilization(rows * useful[0], steady_rows[0], arch),
        "lsb_pe_utilization": utilization(rows * sum(useful[1:]), sum(steady_rows[1:]), arch),
    }


def _steady_rows(layer: LayerResult, part: slice) -> list[int]:
    """Return the steady cycles of each pass, times the rows of the array that takes it (M59)."""
    return [
        summed(own.steady_cycles[part]) * layer.job.array_of(index).rows
        for index, own in enumerate(layer.ledger.passes)
    ]


def _clocked(count: Mapping[str, int], useful: int, arch: ArchConfig) -> Row:
    """Return the columns that follow from when transfers of DRAM end (M20, M25, M27).

    useful: bit operations.
    """
    cycles, waited = count["cycles"], count["dram_stall_cycles"]
    return {
        "cycles": cycles,
        "dram_stall_cycles": waited,
        "bubble_cycles": count["bubble_cycles"],
        "stall_cycles": count["port_stall_cycles"] + waited,
        "pe_utilization": utilization(useful, cycles, arch),
    }


def columns_at(
    ledgers: Sequence[Ledger], useful: Sequence[int], arch: ArchConfig, other: Columns
) -> Columns:
    """Return the columns of layers, as `Result.counted`, from those at another speed of DRAM.

    useful: of `useful_operations`, which are the same.
    """
    names = ("cycles", "dram_stall_cycles", "bubble_cycles")
    found = {name: [summed(each.counts[name]) for each in ledgers] for name in names}
    counts = rows_in(found | {"port_stall_cycles": other["port_stall_cycles"]})
    every = [_clocked(count, own, arch) for count, own in zip(counts, useful, strict=True)]
    return other | {name: [row[name] for row in every] for name in every[0]}
