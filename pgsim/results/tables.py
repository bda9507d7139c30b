"""Results as tables: the counts of layers and batches become rows under `columns.COLUMNS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.cost import PARTS, Costs, area_mm2, logic_area_mm2
from pgsim.mapping.nest import FIXED_CELLS
from pgsim.model.job import Job
from pgsim.model.layer import LEDGER
from pgsim.model.ledger import Ledger
from pgsim.results.columns import LAYER_COLUMNS, SUMMED
from pgsim.results.mask_sources import mask_source_of
from pgsim.schemes import Pass, Passes
from pgsim.text import writable
from pgsim.workload import GateTrace, LayerShape, LayerTrace

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]  # column name -> int, float or str, as `columns.COLUMNS` says


@dataclass(frozen=True)
class LayerResult:
    """One layer's passes, its ledger and its energies, (batches,) each, in the order simulated.

    counted: the layer's row but for names and prices, once it was made; results that differ in
    nothing else may have it in common.
    """

    job: Job
    ledger: Ledger
    energies: Mapping[str, npt.NDArray[np.float64]]
    counted: Row = field(default_factory=dict, compare=False, repr=False)

    @property
    def trace(self) -> LayerTrace:
        """The layer with its masks."""
        return self.job.layer

    @property
    def shape(self) -> LayerShape:
        """The layer's geometry and widths."""
        return self.job.shape

    @property
    def passes(self) -> Passes:
        """The passes that it made."""
        return self.job.passes

    @property
    def gated(self) -> bool:
        """Whether a mask steered any of them."""
        return self.job.gated

    @property
    def cycles(self) -> npt.NDArray[np.int64]:
        """Cycles of every batch, int64 (batches,)."""
        return self.ledger.cycles

    def computed(self, part: slice = slice(None)) -> list[tuple[Pass, int]]:
        """Return each pass with the outputs that it computed in some batches."""
        return [
            (plan, int(own.outputs[part].sum()))
            for plan, own in zip(self.passes, self.ledger.passes, strict=True)
        ]

    def useful(self, part: slice = slice(None)) -> list[int]:
        """Return the useful bit operations of each pass in some batches (M27, M58)."""
        pe, reduction = self.job.arch.pe, self.shape.reduction
        if pe.by_values:
            return [
                int(own.terms[part].sum()) * pe.term_bits(plan.activation_bits, plan.weight_bits)
                for plan, own in zip(self.passes, self.ledger.passes, strict=True)
            ]
        return [
            reduction * each.activation_bits * each.weight_bits * done
            for each, done in self.computed(part)
        ]


@dataclass(frozen=True, repr=False)
class Result:
    """What `simulate` found, as a table of layers and a summary of the network.

    Attributes
    ----------
    layers : DataFrame
        One row per layer or, with `per_image`, per layer and image, under `pgsim.COLUMNS`.
    summary : dict of str to int, float or str
        The network's row: sums over layers, and what only a network has (M31).
    rows : list of dict
        One row per layer over all images, as plain dicts; they need no pandas.
    cycles, images : int
        Cycles of all layers and images, and images simulated.
    trace : GateTrace
        What ran.
    arch : ArchConfig
        On which design.
    costs : Costs
        What the design's parts cost (M28, M29).
    scheme : str
        The name of the scheme.
    calibration_images : int
        The trace's first images, which were not simulated.
    per_image : bool
        Whether `layers` keeps images apart.
    layer_results : tuple of LayerResult
        Each layer's ledger, from which all tables are made.

    Examples
    --------
    >>> from pgsim import simulate
    >>> result = simulate("digits_pg_4_2", "pg_os")
    >>> result.layers["layer"].tolist()
    ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'fc']
    >>> result.cycles == result.summary["cycles"] == sum(row["cycles"] for row in result.rows)
    True
    """

    trace: GateTrace
    costs: Costs
    scheme: str
    calibration_images: int
    per_image: bool
    layer_results: tuple[LayerResult, ...]

    def __repr__(self) -> str:
        return f"<Result of {self.trace.name} on {self.arch.name} under {self.scheme}>"

    @property
    def arch(self) -> ArchConfig:
        """The architecture simulated."""
        return self.costs.arch

    @property
    def images(self) -> int:
        """Images simulated."""
        return self.trace.images - self.calibration_images

    @property
    def cycles(self) -> int:
        """Cycles of all layers and images."""
        return sum(int(layer.cycles.sum()) for layer in self.layer_results)

    @cached_property
    def rows(self) -> list[Row]:
        """One row per layer over all images: what tables and the summary are made of."""
        return [row_of(self, layer) for layer in self.layer_results]

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer, or per layer and image; columns as `columns.COLUMNS` explains."""
        import pandas as pd

        if not self.per_image:
            return pd.DataFrame(self.rows)
        images = range(self.calibration_images, self.trace.images)
        return pd.DataFrame(
            [row_of(self, layer, image) for layer in self.layer_results for image in images]
        )

    @property
    def area_mm2(self) -> float:
        """Area of the design, without what gates if no layer was gated (M31)."""
        return sum(area_mm2(self.costs, gated=self.gated).values())

    @property
    def gated(self) -> bool:
        """Whether a mask steered any layer, so that the design needs logic for it."""
        return any(layer.gated for layer in self.layer_results)

    @cached_property
    def summary(self) -> Row:
        """The network's row: sums over layers, and what only a network has (`columns.SUMMARY`)."""
        return _summary(self)

    @property
    def rows_and_network(self) -> list[Row]:
        """The rows of all layers and, last, the network's under the same names."""
        summary = self.summary
        network = {
            "layer": "network",
            "mask_density": summary["gated_density"],
            "average_bits": summary["mac_average_bits"],
        }
        return [*self.rows, summary | network]


def row_of(result: Result, layer: LayerResult, image: int | None = None) -> Row:
    """Return one layer's row over all simulated images, or of one image of a batch of one."""
    if image is not None:
        row = _counted_row(result, layer, image)
        first = image - result.calibration_images
        part = slice(first, first + 1)
    else:
        if not layer.counted:
            layer.counted.update(_counted_row(result, layer))
        row, part = dict(layer.counted), slice(None)
    row["arch"], row["trace"] = writable(result.arch.name), writable(result.trace.name)
    row["mask_source"] = mask_source_of(result.trace).name
    row["scheme"] = writable(result.scheme)
    row["time_us"] = row["cycles"] / result.arch.mhz
    for name, values in layer.energies.items():
        own = values[part]
        row[name] = float(own[0] if own.size == 1 else own.sum())
    return row


_NAMES_AND_PRICES: Row = dict.fromkeys(
    ("arch", "trace", "mask_source", "scheme", "time_us", *PARTS, "energy_pj")
)


def _counted_row(result: Result, layer: LayerResult, image: int | None = None) -> Row:
    """Return a row, in the order of columns, that still lacks what names and prices decide."""
    first, images = result.calibration_images, result.images
    part, masks = slice(None), slice(first, result.trace.images)
    row = _NAMES_AND_PRICES | {"layer": writable(layer.shape.name)}
    row |= _mapping_cells(layer.job, result.images)
    if image is not None:
        part, masks, images = slice(image - first, image - first + 1), slice(image, image + 1), 1
        row["image"] = image
    count = layer.ledger.total(part)
    row |= counted(count, result.arch)
    row |= _derived(layer, count, part, result.arch)
    row["images"] = images
    row["macs"] = layer.shape.macs * images
    has_mask = bool(layer.trace.shards)
    row["mask_density"] = layer.trace.density(masks.start, masks.stop) if has_mask else float("nan")
    return {name: row[name] for name in LAYER_COLUMNS if name in row}


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
    computed, reduction, useful = layer.computed(part), layer.shape.reduction, layer.useful(part)
    operations = [each.activation_bits * each.weight_bits * done for each, done in computed]
    later = sum(done for _, done in computed[1:])
    return {
        "average_bits": sum(operations) / (layer.job.weight_bits * count["outputs"]),
        "weight_bits": layer.job.weight_bits,
        "stall_cycles": count["port_stall_cycles"] + count["dram_stall_cycles"],
        "msb_macs": count["outputs"] * reduction,
        "lsb_macs": later * reduction,
        "pe_utilization": _utilization(sum(useful), count["cycles"], arch),
        "msb_pe_utilization": _utilization(useful[0], count["msb_cycles"], arch),
        "lsb_pe_utilization": _utilization(sum(useful[1:]), count["lsb_cycles"], arch),
    }


def _utilization(operations: int, cycles: int, arch: ArchConfig) -> float:
    """Useful bit operations over the array's peak in these cycles, NaN for none (M27)."""
    if not cycles:
        return float("nan")
    pe = arch.pe
    if pe.by_values:
        widest = pe.term_bits(pe.max_activation_bits, pe.max_weight_bits)
        lanes, _ = pe.macs_and_cycles(pe.max_activation_bits, pe.max_weight_bits)
        return operations / (arch.pes * lanes * widest * cycles)
    macs, turns = pe.macs_and_cycles(pe.max_activation_bits, pe.max_weight_bits)
    peak = arch.pes * pe.max_activation_bits * pe.max_weight_bits * macs
    return operations * turns / (peak * cycles)


def _summary(result: Result) -> Row:
    """Return a network's sums over layers, its averages, area, and figures per image (M31)."""
    rows = result.rows
    row: Row = {name: rows[0][name] for name in ("arch", "trace", "mask_source", "scheme")}
    row |= {"images": result.images} | {name: sum(each[name] for each in rows) for name in SUMMED}
    gated = [
        each for each, layer in zip(rows, result.layer_results, strict=True) if layer.shape.gated
    ]
    macs_bits = [each["macs"] * each["weight_bits"] for each in rows]
    operations = sum(
        macs * each["average_bits"] for macs, each in zip(macs_bits, rows, strict=True)
    )
    useful = round(operations)
    if result.arch.pe.by_values:
        useful = sum(sum(layer.useful()) for layer in result.layer_results)
    spread = _cycles_of_images(result)
    return row | {
        "gated_average_bits": _mean(gated, "average_bits", "outputs"),
        "mac_average_bits": _mean(rows, "average_bits", "macs"),
        "gated_density": _mean(gated, "mask_density", "outputs"),
        "pe_utilization": _utilization(useful, row["cycles"], result.arch),
        "area_mm2": result.area_mm2,
        "logic_area_mm2": logic_area_mm2(result.costs, gated=result.gated),
        "cycles_per_image": row["cycles"] / result.images,
        "energy_pj_per_image": row["energy_pj"] / result.images,
        "energy_delay_product_pj_s": row["energy_pj"] * row["time_us"] * 1e-6 / result.images**2,
        "cycles_per_image_p5": float(np.percentile(spread, 5)),
        "cycles_per_image_median": float(np.median(spread)),
        "cycles_per_image_p95": float(np.percentile(spread, 95)),
    }


def _mean(rows: list[Row], column: str, weight: str) -> float:
    total = sum(row[weight] for row in rows)
    return sum(row[column] * row[weight] for row in rows) / total if total else float("nan")


def _cycles_of_images(result: Result) -> npt.NDArray[np.float64]:
    """Return the cycles of every image; the images of a batch share its cycles equally."""
    batch = result.arch.batch
    of_batches = np.sum([layer.cycles for layer in result.layer_results], axis=0)
    sizes = np.full(of_batches.size, batch)
    sizes[-1] = result.images - batch * (of_batches.size - 1)
    return np.repeat(of_batches / sizes, sizes)
