"""The rows of a comparison: a gated design, and what one would build or run instead.

A row is a trace under a scheme on a design, or on the fastest of several; nothing is simulated
here. Source: MODEL.md M33, M48.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from pgsim.arch import ArchConfig
from pgsim.cost import Costs, logic_area_mm2
from pgsim.errors import InputError
from pgsim.results.accuracies import accuracy_of
from pgsim.results.network_bits import EIGHT, Bits, own_bits
from pgsim.schemes import Scheme, scheme_named
from pgsim.schemes.uniform import USUAL_BITS
from pgsim.study.shapes import shapes_of
from pgsim.workload import GateTrace

Pricing = Callable[[ArchConfig], Costs]  # `cost.costs_of`, or what-ifs on prices

GATED = "PG"
UNGATED = "ungated"
BASELINE = "uniform 8,8"
SAME_ARRAY = "on the same array"
SAME_AREA = "in the same logic area"
ZERO_GATED = "PEs that stand still at zeros"
BESIDE = "asked for"

_UM2_PER_MM2 = 1e6
_TRAINED = re.compile(r"top1_uniform_(\d+)(?:_(\d+))?")


@dataclass(frozen=True)
class Row:
    """One line of a comparison.

    designs: of which the fastest stands for all. group: what it has in common with others. first:
    whether a first look shows it. buildable: whether hardware could do it.
    """

    name: str
    group: str
    trace: GateTrace
    designs: tuple[ArchConfig, ...]
    scheme: Scheme
    first: bool = True
    buildable: bool = True

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy that the trace states of the network run so, NaN where it states none."""
        return accuracy_of(self.trace, self.scheme)


def rows_of(trace: GateTrace, arch: ArchConfig, costs_of: Pricing) -> tuple[Row, ...]:
    """Return what a comparison sets beside each other: the gated design first.

    Raises InputError for a gated design of two arrays, whose cycles no waterfall adds up (M59).
    """
    if arch.array.predictor_share:
        raise InputError(
            f"{arch.name}: array.predictor_share: value {arch.array.predictor_share:.12g}: "
            "expected 0 in a comparison, whose waterfalls know one array (M30). Such a design may "
            "stand beside another one."
        )
    rows = [*_on_the_array(trace, arch), *_in_the_area(trace, arch, costs_of)]
    if all(layer.shape.zeros for layer in trace.layers):
        rows += _standing_still_at_zeros(trace, arch, costs_of)
    return tuple(row for row in rows if row.designs)


def ungated(arch: ArchConfig) -> ArchConfig:
    """Return a design without what steers gated passes."""
    return arch.override(
        {
            "lsb.window": "auto",
            "lsb.lane_order": "raster",
            "lsb.scheduler": "dense",
            "array.predictor_share": 0.0,
        }
    )


def trained_bits(trace: GateTrace) -> list[Bits]:
    """Return the bits below 8 at which ungated twins of the network were trained, by its trace."""
    found = (_TRAINED.fullmatch(key) for key in trace.accuracy)
    bits = (Bits(int(each[1]), int(each[2] or USUAL_BITS)) for each in found if each)
    return [each for each in bits if each.activation < USUAL_BITS]


def _on_the_array(trace: GateTrace, arch: ArchConfig) -> Iterator[Row]:
    plain, own = (ungated(arch),), own_bits(trace)
    ideal = (arch.override({"lsb.scheduler": "ideal"}),)
    gated, same = scheme_named("pg"), SAME_ARRAY
    yield Row(GATED, same, trace, (arch,), gated)
    yield Row(UNGATED, same, trace, plain, scheme_named("full"))
    yield Row(BASELINE, same, trace, plain, EIGHT.scheme)
    if own != EIGHT:
        yield Row(f"uniform {own.words}", same, trace, plain, own.scheme)
    both = scheme_named("dual_dense")
    yield Row("both passes dense", same, trace, (arch,), both, first=False)
    yield Row("MSBs only", same, trace, plain, scheme_named("msb_only"), first=False)
    yield Row("PG, ideal scheduler", same, trace, ideal, gated, buildable=False)


def _in_the_area(trace: GateTrace, arch: ArchConfig, costs_of: Pricing) -> Iterator[Row]:
    """Fixed PEs of 8 bits and of the network's own, each running both; PEs of narrower twins."""
    own, area_mm2 = own_bits(trace), logic_area_mm2(costs_of(arch))
    widths = list(dict.fromkeys((EIGHT, own)))
    runs = [(pe, network) for pe in widths for network in widths]
    if own.activation < USUAL_BITS:  # else `inner` has no layers to narrow
        runs += [(each, each) for each in trained_bits(trace) if each not in widths]
    for pe, network in runs:
        shapes = _shapes(_fixed(arch, pe), area_mm2, costs_of)
        name = area_row_name(pe, network)
        yield Row(name, SAME_AREA, trace, shapes, network.scheme, first=pe == network)


def area_row_name(pe: Bits, network: Bits) -> str:
    """Return what a row of fixed PEs is called, without its shape."""
    return f"{pe.activation}x{pe.weight} PEs, {network.words}"


def _standing_still_at_zeros(
    trace: GateTrace, arch: ArchConfig, costs_of: Pricing
) -> Iterator[Row]:
    """The gated design, ungated, and fixed PEs of its own bits, if zeros cost next to nothing."""
    own, area_mm2 = own_bits(trace), logic_area_mm2(costs_of(arch))
    fixed = _shapes(_with_zero_gating(_fixed(arch, own)), area_mm2, costs_of)
    name = f"{area_row_name(own, own)}, zeros gated"
    with suppress(InputError):  # of PEs that were never built so
        for row in tuple(_on_the_array(trace, arch))[:2]:
            design = _with_zero_gating(row.designs[0])
            own_row = replace(row, name=f"{row.name}, zeros gated", designs=(design,))
            yield replace(own_row, group=ZERO_GATED, first=row.name == GATED)
    yield Row(name, ZERO_GATED, trace, fixed, own.scheme)


def _with_zero_gating(design: ArchConfig) -> ArchConfig:
    return design.override({"array.pe.zero_gating": True})


def _fixed(arch: ArchConfig, pe: Bits) -> ArchConfig:
    """Return a design with fixed PEs instead, as small as can be."""
    return ungated(arch).override(
        {
            "array.pe.kind": "fixed",
            "array.pe.max_activation_bits": pe.activation,
            "array.pe.max_weight_bits": pe.weight,
            "array.rows": 1,
            "array.columns": 1,
        }
    )


def _shapes(design: ArchConfig, area_mm2: float, costs_of: Pricing) -> tuple[ArchConfig, ...]:
    """Return a design in all shapes that fill a logic area."""
    return shapes_of(design, int(area_mm2 * _UM2_PER_MM2 / costs_of(design).pe.area_um2))


def with_shape(row: Row, design: ArchConfig) -> Row:
    """Return a row of several designs as the row of the one that stands for them, which it says."""
    if len(row.designs) == 1:
        return row
    shape = f"{design.array.rows}x{design.array.columns}"
    return replace(row, name=f"{row.name} ({shape})", designs=(design,))
