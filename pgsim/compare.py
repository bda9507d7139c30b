"""A gated design beside the designs a user would build instead, and where its saving goes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pgsim.arch import ArchConfig, load_arch, load_technology, pe_cost
from pgsim.errors import InputError
from pgsim.simulate import calibration_count, simulate
from pgsim.tables import Result
from pgsim.waterfall import STEPS, waterfall
from pgsim.workload import GateTrace, load_trace

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TRACE = "digits_pg_4_2"
DEFAULT_ARCH = "pg_os"

BASELINE = "uniform 8,8"
GATED = "PG"
UNGATED = "ungated, all bits"


@dataclass(frozen=True)
class Comparison:
    """What `compare` found: results by design, the gated one first, its baseline second."""

    results: Mapping[str, Result]
    warnings: tuple[str, ...]

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
                "layer": layer,
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
        totals = [float(total) for total in waterfall(self.baseline, self.gated)["network"]]
        first, promise, last = totals[0], totals[1], totals[-1]
        line = f"{self.gated.arch.name} runs PG {first / last:.2f}x as fast as uniform 8,8"
        if promise >= first:
            return f"{line}, where counting bits promises no saving."
        line = f"{line}, where counting bits layer by layer promises {first / promise:.2f}x"
        if last >= first:
            return f"{line}: nothing of the promised saving survives."
        losses = {
            step: after - before
            for step, before, after in zip(list(STEPS)[2:], totals[1:], totals[2:], strict=False)
        }
        worst = max(losses, key=lambda step: losses[step])
        ungated = self.results[UNGATED].summary["cycles"] / last
        return (
            f"{line}: {(first - last) / (first - promise):.0%} of the promised saving survives, "
            f"most is lost to {worst} ({losses[worst] / (first - promise):.0%}). The same network "
            f"ungated takes {ungated:.2f}x as long."
        )


def compare(
    trace: GateTrace | str | Path = DEFAULT_TRACE,
    arch: ArchConfig | str | Path = DEFAULT_ARCH,
    *,
    calibration_images: int | None = None,
) -> Comparison:
    """Simulate a trace on a gated design and on what one would build instead.

    All designs simulate the same images. Raises InputError as `simulate` does.
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = load_arch(arch)
    count = calibration_count(trace, arch, calibration_images)
    results = {
        design: simulate(trace, variant, scheme, calibration_images=count)
        for design, (variant, scheme) in alternatives(arch).items()
    }
    return Comparison(results, tuple(_warnings(trace, arch)))


def alternatives(arch: ArchConfig) -> dict[str, tuple[ArchConfig, str]]:
    """Return the designs that `compare` sets beside each other, as (architecture, scheme)."""
    plain = arch.override({"lsb.window": "auto", "lsb.lane_order": "raster"})
    fixed = plain.override(
        {
            "array.pe.kind": "fixed",
            "array.pe.max_activation_bits": 8,
            "array.pe.max_weight_bits": 8,
        }
    )
    designs = {
        GATED: (arch, "pg"),
        BASELINE: (plain, "uniform:8,8"),
        "uniform 8, own weights": (plain, "uniform:8"),
        "uniform 8,8, fixed PEs": (fixed, "uniform:8,8"),
        "uniform 8,8, equal PE area": (_grown(fixed, arch), "uniform:8,8"),
        UNGATED: (plain, "full"),
        "both passes dense": (arch, "dual_dense"),
        "MSBs only": (plain, "msb_only"),
        "PG, ideal scheduler": (arch.override({"lsb.scheduler": "ideal"}), "pg"),
    }
    return {design: (variant, scheme) for design, (variant, scheme) in designs.items() if variant}


def _grown(fixed: ArchConfig, arch: ArchConfig) -> ArchConfig | None:
    """Return `fixed` with columns, or else rows, added to the PE area of `arch`.

    None where either side would be longer than an array may be.
    """
    technology = load_technology(arch.technology)
    own, other = (pe_cost(technology, each.array.pe).area_um2 for each in (arch, fixed))
    for side in ("columns", "rows"):
        size = max(1, int(getattr(fixed.array, side) * own / other))
        with contextlib.suppress(InputError):
            return fixed.override({f"array.{side}": size})
    return None


def _warnings(trace: GateTrace, arch: ArchConfig) -> list[str]:
    """Return what a reader of the comparison must know."""
    found = []
    if trace.mask_source == "synthetic":
        found.append(f"the masks of {trace.name} are synthetic: no model produced them")
    if what_if := trace.provenance.get("what_if"):
        widths = ", ".join(f"{name} {bits}" for name, bits in what_if.items())
        found.append(f"{widths} is a what-if: the masks are those of other bit widths")
    if arch.array.pe.kind == "fusion":
        same = [
            layer.shape
            for layer in trace.layers
            if layer.shape.gated
            and _bricks(layer.shape.msb_bits) == _bricks(layer.shape.activation_bits)
        ]
        if same:
            found.append(
                f"on fusion PEs {same[0].msb_bits} bits cost as much as "
                f"{same[0].activation_bits} (both take {_bricks(same[0].msb_bits)}): the MSB pass "
                f"of {len(same)} gated layers saves nothing"
            )
    return found


def _bricks(bits: int) -> int:
    """Return the bits that a fusion unit of 2-bit bricks computes for `bits` (M5)."""
    return max(2, 1 << (bits - 1).bit_length())
