"""Results as tables: the counts of layers and batches become rows under `columns.COLUMNS`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.cost import Costs, area_mm2, logic_area_mm2
from pgsim.results.columns import SUMMED
from pgsim.results.layer_results import LayerResult
from pgsim.results.mask_sources import mask_source_of
from pgsim.results.operations import useful_operations, utilization
from pgsim.results.rows import Columns, Row, columns_of, row_of_image, rows_in
from pgsim.text import writable
from pgsim.workload import GateTrace

if TYPE_CHECKING:
    import pandas as pd


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
    columns : dict of str to list
        The same by column.
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
    counted : dict of str to list
        The columns but for what names and prices decide, once they were made: results that differ
        in nothing else may have them in common.

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
    counted: Columns = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        return f"<Result of {self.trace.name} on {self.arch.name} under {self.scheme}>"

    @property
    def arch(self) -> ArchConfig:
        """The architecture simulated."""
        return self.costs.arch

    @cached_property
    def names(self) -> Row:
        """The columns that name what ran, on what and how."""
        return {
            "arch": writable(self.arch.name),
            "trace": writable(self.trace.name),
            "mask_source": mask_source_of(self.trace).name,
            "scheme": writable(self.scheme),
        }

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
        """One row per layer over all images."""
        return rows_in(self.columns)

    @cached_property
    def columns(self) -> Columns:
        """The same by column: what tables and the summary are made of."""
        return columns_of(self)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer, or per layer and image; columns as `columns.COLUMNS` explains."""
        import pandas as pd

        if not self.per_image:
            return pd.DataFrame(self.columns)
        images = range(self.calibration_images, self.trace.images)
        return pd.DataFrame(
            [row_of_image(self, layer, image) for layer in self.layer_results for image in images]
        )

    @property
    def area_mm2(self) -> float:
        """Area of the design, without what gates if no layer was gated (M31)."""
        return sum(area_mm2(self.costs, gated=self.gated).values())

    @property
    def gated(self) -> bool:
        """Whether passes of any layer were scheduled, so that the design needs logic for it."""
        return any(layer.job.scheduled for layer in self.layer_results)

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


def _summary(result: Result) -> Row:
    """Return a network's sums over layers, its averages, area, and figures per image (M31)."""
    columns = result.columns
    row: Row = result.names | {"images": result.images}
    row |= {name: sum(columns[name]) for name in SUMMED}
    every = [True] * len(result.layer_results)
    gated = [layer.shape.gated for layer in result.layer_results]
    weighed = zip(columns["macs"], columns["weight_bits"], columns["average_bits"], strict=True)
    useful = round(sum(macs * weight_bits * bits for macs, weight_bits, bits in weighed))
    if result.arch.pe.by_values:
        useful = sum(useful_operations(each.job, each.ledger) for each in result.layer_results)
    low, median, high = _spread(_cycles_of_images(result))
    return row | {
        "gated_average_bits": _mean(columns, "average_bits", "outputs", gated),
        "mac_average_bits": _mean(columns, "average_bits", "macs", every),
        "gated_density": _mean(columns, "mask_density", "outputs", gated),
        "pe_utilization": utilization(useful, row["cycles"], result.arch),
        "area_mm2": result.area_mm2,
        "logic_area_mm2": logic_area_mm2(result.costs, gated=result.gated),
        "cycles_per_image": row["cycles"] / result.images,
        "energy_pj_per_image": row["energy_pj"] / result.images,
        "energy_delay_product_pj_s": row["energy_pj"] * row["time_us"] * 1e-6 / result.images**2,
        "cycles_per_image_p5": low,
        "cycles_per_image_median": median,
        "cycles_per_image_p95": high,
    }


def _mean(columns: Columns, column: str, weight: str, which: Sequence[bool]) -> float:
    """Return the mean of a column over some layers, weighted by another one."""
    weights = list(compress(columns[weight], which))
    values = compress(columns[column], which)
    total = sum(weights)
    return sum(map(mul, values, weights)) / total if total else float("nan")


def _spread(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the 5th percentile, the median and the 95th percentile."""
    if values.size == 1:  # as of many points of sweeps
        return (float(values.item()),) * 3
    low, high = np.percentile(values, (5, 95)).tolist()
    return low, float(np.median(values)), high


def _cycles_of_images(result: Result) -> npt.NDArray[np.float64]:
    """Return the cycles of every image; the images of a batch share its cycles equally."""
    batch = result.arch.batch
    of_batches = np.sum([layer.cycles for layer in result.layer_results], axis=0)
    sizes = np.full(of_batches.size, batch)
    sizes[-1] = result.images - batch * (of_batches.size - 1)
    return np.repeat(of_batches / sizes, sizes)
