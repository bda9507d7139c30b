"""A gated design beside the designs a user would build instead, and where its saving goes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pgsim.arch import ArchConfig, PEKind, load_arch, load_technology
from pgsim.errors import InputError
from pgsim.model.mask_work import WorkStore
from pgsim.results import Result
from pgsim.results.mask_sources import mask_source_of
from pgsim.study.findings import saving_in_words
from pgsim.study.simulation import calibration_count, simulate
from pgsim.study.waterfalls import STEPS, waterfall
from pgsim.text import writable
from pgsim.workload import GateTrace, LayerShape, load_trace

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TRACE = "resnet20_pg_4_2"
DEFAULT_ARCH = "pg_os"

BASELINE = "uniform 8,8"
GATED = "PG"
UNGATED = "ungated, all bits"
EQUAL_AREA = "uniform 8,8, equal PE area"


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` found: a gated design beside its alternatives.

    Attributes
    ----------
    results : mapping of str to Result
        By design, the gated one first, its baseline of 8-bit operands second.
    warnings : tuple of str
        What a reader must know, such as that masks are synthetic.
    gated, baseline : Result
        The first two of `results`.
    designs : DataFrame
        One row per design: its `design` and summary, `speedup` and `energy_ratio` over the
        baseline.
    layers : DataFrame
        The layer tables of all designs, with a first column `design`.
    waterfall : DataFrame
        Where the promised saving goes: for each layer, and for `network`, the steps from the
        baseline to the gated design, as `step`, `total_cycles`, `change_cycles`, `meaning` (M30).
    promise : dict of str to float
        What bit counting promises, as a speed-up: by activation bits alone, and with weight bits
        (M30).
    finding : str
        One line that says what was found.

    Examples
    --------
    >>> comparison = compare("digits_pg_4_2", "pg_ws")
    >>> comparison.designs["design"].tolist()[:2]
    ['PG', 'uniform 8,8']
    >>> steps = comparison.waterfall[comparison.waterfall["layer"] == "network"]
    >>> int(steps["total_cycles"].iloc[-1]) == comparison.gated.cycles
    True
    """

    results: Mapping[str, Result]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Comparison of {self.gated.trace.name} on {self.gated.arch.name}>"

    @property
    def gated(self) -> Result:
        """The result of the gated design."""
        return self.results[GATED]

    @property
    def baseline(self) -> Result:
        """The result of 8-bit activations and weights on the same array."""
        return self.results[BASELINE]

    @cached_property
    def designs(self) -> pd.DataFrame:
        """One row per design: the network's summary, beside its gain over the baseline."""
        import pandas as pd

        base = self.baseline.summary
        rows = [
            {
                "design": design,
                **result.summary,
                "speedup": base["time_us"] / result.summary["time_us"],
                "energy_ratio": base["energy_pj"] / result.summary["energy_pj"],
            }
            for design, result in self.results.items()
        ]
        return pd.DataFrame(rows)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The layer tables of all designs, with a first column `design`."""
        import pandas as pd

        frames = {design: result.layers for design, result in self.results.items()}
        joined = pd.concat(frames, names=["design"]).reset_index(level="design")
        return joined.reset_index(drop=True)

    @cached_property
    def waterfall(self) -> pd.DataFrame:
        """Where the promised saving goes, in cycles: by layer, and for the network (M30)."""
        import pandas as pd

        totals = waterfall(self.baseline, self.gated)
        return pd.DataFrame(
            {
                "layer": writable(layer),
                "step": step,
                "total_cycles": float(steps[index]),
                "change_cycles": float(steps[index] - steps[index - 1]) if index else 0.0,
                "meaning": meaning,
            }
            for layer, steps in totals.items()
            for index, (step, meaning) in enumerate(STEPS.items())
        )

    @cached_property
    def promise(self) -> dict[str, float]:
        """What bit counting promises: by activation bits alone, and with weight bits (M30)."""
        layers = self.gated.layers
        macs, bits = layers["macs"], layers["average_bits"]
        return {
            "8 / average bits": float(8 * macs.sum() / (macs * bits).sum()),
            "64 / (average bits x w)": float(
                64 * macs.sum() / (macs * bits * layers["weight_bits"]).sum()
            ),
        }

    @property
    def finding(self) -> str:
        """One line that says what was found."""
        if not any(layer.gated for layer in self.gated.layer_results):
            return f"No layer of {self.gated.trace.name} is gated: there is nothing to compare."
        totals = map(float, waterfall(self.baseline, self.gated)["network"])
        account = dict(zip(STEPS, totals, strict=True))
        line = saving_in_words(self.gated.arch.name, BASELINE, account)
        last = self.gated.cycles
        ungated = self.results[UNGATED].cycles / last
        line += f". The same network ungated takes {ungated:.2f}x the cycles of PG"
        for design, result in self.results.items():
            if design.startswith(EQUAL_AREA):
                shape = design.removeprefix(EQUAL_AREA)
                line += f", fixed 8-bit PEs of equal area{shape} take {result.cycles / last:.2f}x"
        return f"{line}."


def compare(
    trace: GateTrace | str | Path = DEFAULT_TRACE,
    arch: ArchConfig | str | Path = DEFAULT_ARCH,
    *,
    calibration_images: int | None = None,
) -> Comparison:
    """Simulate a trace on a gated design and on what one would build instead.

    All designs simulate the same images.

    Parameters
    ----------
    trace : GateTrace, str or Path
        Loaded, or the path or name of a shipped one.
    arch : ArchConfig, str or Path
        The gated design, likewise.
    calibration_images : int, optional
        As `simulate` has it.

    Returns
    -------
    Comparison
        `.designs`, `.layers`, `.waterfall`, `.promise` and `.finding`.

    Raises
    ------
    InputError
        As `simulate` does.

    Notes
    -----
    Source: MODEL.md M30 for the account, M33 for the designs.

    Examples
    --------
    >>> compare("digits_pg_4_2", "pg_ws").gated
    <Result of digits_pg_4_2 on pg-ws-16x16 under pg>
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = load_arch(arch)
    _check_gates(trace)
    count = calibration_count(trace, arch, calibration_images)
    results, store = {}, WorkStore()
    for design, variants in alternatives(arch).items():
        shaped = [
            simulate(trace, variant, scheme, calibration_images=count, store=store)
            for variant, scheme in variants
        ]
        if shaped:
            fastest = min(shaped, key=lambda result: result.cycles)
            array = fastest.arch.array
            shape = f" ({array.rows}x{array.columns})" if design == EQUAL_AREA else ""
            results[design + shape] = fastest
    return Comparison(results, tuple(_warnings(trace, arch)))


def _check_gates(trace: GateTrace) -> None:
    """Raise InputError for a trace that gates inputs: half of the designs could not run it."""
    by_inputs = [layer.shape.name for layer in trace.layers if layer.shape.gate == "input"]
    if by_inputs:
        raise InputError(
            f"trace {trace.name}: layer {by_inputs[0]!r} gates its inputs, and a comparison is of "
            "Precision Gating, which gates outputs; simulate runs the trace under --scheme full, "
            "uniform:A,W and planes:A,A"
        )


def alternatives(arch: ArchConfig) -> dict[str, list[tuple[ArchConfig, str]]]:
    """Return the designs that `compare` sets beside each other, as (architecture, scheme).

    A design of several variants stands for the fastest of them. Source: MODEL.md M33.
    """
    plain = arch.override({"lsb.window": "auto", "lsb.lane_order": "raster"})
    fixed = plain.override(
        {
            "array.pe.kind": "fixed",
            "array.pe.max_activation_bits": 8,
            "array.pe.max_weight_bits": 8,
        }
    )
    return {
        GATED: [(arch, "pg")],
        BASELINE: [(plain, "uniform:8,8")],
        "uniform 8, own weights": [(plain, "uniform:8")],
        "uniform 8,8, fixed PEs": [(fixed, "uniform:8,8")],
        EQUAL_AREA: [(variant, "uniform:8,8") for variant in _in_the_area_of(arch, fixed)],
        UNGATED: [(plain, "full")],
        "both passes dense": [(arch, "dual_dense")],
        "MSBs only": [(plain, "msb_only")],
        "PG, ideal scheduler": [(arch.override({"lsb.scheduler": "ideal"}), "pg")],
    }


def _in_the_area_of(arch: ArchConfig, fixed: ArchConfig) -> list[ArchConfig]:
    """Return arrays of as many of `fixed`'s PEs as the PEs of `arch` have area for.

    Its columns, its rows, or both are scaled; shapes that no array may have are left out.
    """
    technology = load_technology(arch.technology).at_corner(arch.corner)
    own, other = (each.pe.cost(technology).area_um2 for each in (arch, fixed))
    rows, columns, ratio = fixed.array.rows, fixed.array.columns, own / other
    square = max(1, int(rows * math.sqrt(ratio)))
    shapes = {
        (rows, int(columns * ratio)),
        (int(rows * ratio), columns),
        (square, int(rows * columns * ratio / square)),
    }
    possible = []
    for high, wide in sorted(shapes):
        with suppress(InputError):
            possible.append(fixed.override({"array.rows": high, "array.columns": wide}))
    return possible


def _warnings(trace: GateTrace, arch: ArchConfig) -> list[str]:
    """Return what a reader of the comparison must know."""
    found = []
    source = mask_source_of(trace)
    if source.caution:
        found.append(f"{trace.name} has {source.sentence}")
    useless = [
        layer.shape
        for layer in trace.layers
        if layer.shape.gated and not _split_saves(layer.shape, arch.pe)
    ]
    if useless:
        found.append(
            f"on {arch.pe.name} PEs {useless[0].msb_bits} bits cost as much as "
            f"{useless[0].activation_bits}: the MSB pass of {len(useless)} gated layers saves "
            "nothing"
        )
    return found


def _split_saves(shape: LayerShape, pe: PEKind) -> bool:
    """Say whether a PE takes fewer cycles a MAC at the MSBs than at all bits (M5)."""
    msb_macs, msb_cycles = pe.macs_and_cycles(shape.msb_bits, shape.weight_bits)
    macs, cycles = pe.macs_and_cycles(shape.activation_bits, shape.weight_bits)
    return msb_cycles * macs < cycles * msb_macs
