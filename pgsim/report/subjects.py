"""What each kind of report tells, section by section."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

import pandas as pd

from pgsim.arch import ArchConfig
from pgsim.report.costliest import costliest
from pgsim.report.markup import Html, element
from pgsim.report.page import Head, Section
from pgsim.report.sections import breakdowns
from pgsim.report.sections import front as fronts
from pgsim.report.sections.accounts import accounts
from pgsim.report.sections.configuration import configuration
from pgsim.report.sections.designs import designs
from pgsim.report.sections.finding import finding
from pgsim.report.sections.layers import every_column, layers
from pgsim.report.sections.nest import nest
from pgsim.report.sections.reproduce import reproduce
from pgsim.report.sections.summary import summary
from pgsim.report.sections.timeline import timeline
from pgsim.results import Result
from pgsim.results.columns import checked_table
from pgsim.results.designs import axis_columns, check_columns, labels_of, without_what_ifs
from pgsim.results.mask_sources import MASK_SOURCES, MaskSource, mask_source_of
from pgsim.results.table_files import csv_text
from pgsim.study.comparison import Comparison
from pgsim.study.pareto import Pareto, pareto
from pgsim.study.sweeps import SweepSpec
from pgsim.study.sweeps.again import simulated_again
from pgsim.text import counted
from pgsim.workload.saved_trace import trace_sha256

_MOST_ROWS = 500
_NEEDED = ("cycles", "time_us", "energy_pj")

Told = tuple[Head, list[Section]]


def of_simulation(result: Result, commands: Sequence[str]) -> Told:
    """Return the report of one simulation."""
    head = Head(
        "simulation",
        f"{result.trace.name} on {result.arch.name}, {result.scheme}",
        [_label(mask_source_of(result.trace)), (counted(result.images, "image"), False)],
        finding(result),
    )
    return head, [
        Section("summary", "Summary", summary(result)),
        Section("breakdowns", "Where it goes", breakdowns.of_layers(pd.DataFrame(result.rows))),
        *_layer_by_layer(result),
        Section("reproduce", "How to reproduce", reproduce(commands, _digests(result))),
    ]


def of_comparison(comparison: Comparison, commands: Sequence[str]) -> Told:
    """Return the report of a comparison; layers, nest, timeline and keys are the gated design's."""
    gated = comparison.gated
    spent = breakdowns.of_designs(comparison.designs, len(comparison.outcomes))
    head = Head(
        "comparison",
        f"{gated.trace.name} on {gated.arch.name}, beside its alternatives",
        [_label(mask_source_of(gated.trace)), (counted(gated.images, "image"), False)],
        comparison.finding,
        comparison.warnings,
    )
    return head, [
        Section("summary", "Summary of the gated design", summary(gated)),
        Section("designs", "Designs", designs(comparison)),
        Section("breakdowns", "Where it goes", spent),
        Section("accounts", "What becomes of the promise", accounts(comparison)),
        *_layer_by_layer(gated),
        Section("reproduce", "How to reproduce", reproduce(commands, _digests(gated))),
    ]


def of_table(frame: pd.DataFrame, commands: Sequence[str], spec: SweepSpec | None = None) -> Told:
    """Return the report of a table of results; raises InputError where it is none.

    spec: the sweep that it is of, whose fastest design is simulated once more; None of others.
    """
    frame = checked_table(frame, "the table")
    check_columns(frame, _NEEDED)
    found = pareto(frame, "time_us", "energy_pj")
    best, least = (int(found.designs[name].argmin()) for name in ("time_us", "energy_pj"))
    many = len(found.designs) > 1
    fastest, leanest = found.labels[best], found.labels[least]
    both = (
        f"No design is faster than {fastest}, and none takes less energy."
        if best == least
        else f"No design is faster than {fastest}, and none takes less energy than {leanest}."
    )
    if many and "accuracy" in frame:
        both += _most_accurate(frame, found.names)
    sources = [MASK_SOURCES[str(each)] for each in sorted(frame["mask_source"].unique())]
    head = Head(
        "table of results",
        found.title,
        [*map(_label, sources), (counted(len(found.designs), "design"), False)],
        f"{both} {found.finding}" if many else f"One design: {fastest}.",
    )
    digests = {"SHA-256 of the table as .csv": sha256(csv_text(frame).encode()).hexdigest()}
    return head, [
        *([Section("front", "Time and energy", fronts.front(found))] if many else []),
        Section("designs", "Designs", fronts.designs(frame, found)),
        Section("breakdowns", "Where it goes", _spent(frame, len(found.designs))),
        *(_layers_of(frame, found, fastest) if spec is None else _fastest(found, fastest, spec)),
        Section("rows", "Every row", _rows(frame)),
        Section("reproduce", "How to reproduce", reproduce(commands, digests)),
    ]


def _layer_by_layer(result: Result, of: str = "") -> Iterator[Section]:
    """Return what tells of layers, of the costliest one, and of the design.

    of: which design it is, of several.
    """
    layer = costliest(result)
    name = layer.shape.name
    yield Section("layers", f"Layers{of}", layers(result, name))
    yield Section("nest", f"Loop nest of {name}", nest(result, layer))
    yield Section("timeline", f"Timeline of {name}", timeline(result, layer))
    yield Section("configuration", f"Configuration{of}", configuration(result.arch))


def _fastest(found: Pareto, name: str, spec: SweepSpec) -> Iterator[Section]:
    """Return what the fastest design of a sweep takes, layer by layer."""
    rows = found.designs.to_dict("records")
    row = {str(column): cell for column, cell in rows[found.designs["time_us"].argmin()].items()}
    return _layer_by_layer(simulated_again(spec, row), f" of {name}")


def _label(source: MaskSource) -> tuple[str, bool]:
    return source.sentence, source.warns


def _digests(result: Result) -> dict[str, str]:
    return {
        f"SHA-256 of the trace {result.trace.name}": trace_sha256(result.trace),
        f"SHA-256 of the design {result.arch.name}": arch_sha256(result.arch),
    }


def arch_sha256(arch: ArchConfig) -> str:
    """Return the digest of a design's keys and values, as JSON in their order."""
    return sha256(json.dumps(arch.model_dump(mode="json")).encode()).hexdigest()


def _spent(frame: pd.DataFrame, designs: int) -> Html:
    if designs == 1 and "layer" in frame:
        return breakdowns.of_layers(frame)
    return breakdowns.of_designs(frame, designs)


def _most_accurate(frame: pd.DataFrame, names: Sequence[str]) -> str:
    """Return which designs of a table are the most and the least accurate.

    names: the columns that tell its designs apart.
    """
    known = frame.dropna(subset="accuracy").sort_values("accuracy", kind="stable")
    if known["accuracy"].nunique() < 2:
        return ""
    ends = without_what_ifs(known.iloc[[0, -1]])
    least, most = (
        f"{label} ({accuracy:.1%} accurate)"
        for label, accuracy in zip(labels_of(ends, names), ends["accuracy"], strict=True)
    )
    return f" They differ in accuracy, from {least} to {most}."


def _layers_of(frame: pd.DataFrame, found: Pareto, fastest: str) -> Iterator[Section]:
    """Return what the layers of the fastest design take, where a table of several has layers."""
    if len(found.designs) == 1 or "layer" not in frame:
        return
    short = without_what_ifs(frame)
    keys = axis_columns(short)
    best = found.designs.loc[[found.designs["time_us"].idxmin()], keys]
    rows = short.merge(best, on=keys)
    yield Section("layers", f"Layers of {fastest}", breakdowns.of_layers(rows))


def _rows(frame: pd.DataFrame) -> Html:
    """Return a table's rows as they are, folded away; of very many the first."""
    shown = frame.head(_MOST_ROWS)
    rows = [{str(name): value for name, value in row.items()} for row in shown.to_dict("records")]
    left = len(frame) - len(shown)
    more = f"; {left:,} more are left out" if left else ""
    what = f"{len(shown):,} rows, every column, summed over all images{more}"
    return element("details", element("summary", what), every_column(rows, "Every row"))
