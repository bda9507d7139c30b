"""The loop nest of one layer, in words."""

from __future__ import annotations

from pgsim.report.markup import Html, element, joined, paragraph, text
from pgsim.results import LayerResult, Result
from pgsim.study.nests import explain


def nest(result: Result, layer: LayerResult) -> Html:
    """Return how a layer's loops are nested, and what each buffer holds."""
    name = layer.shape.name
    lines = explain(result, name)
    share = int(layer.cycles.sum()) / result.cycles
    return joined(
        (
            paragraph(f"{name} takes {share:.0%} of all cycles, the most of all layers."),
            element("pre", text("\n".join(lines), keep="\n")),
            paragraph(
                f"The design asks for {result.arch.mapping.label} (MODEL.md, M40 to M42).",
                class_="note",
            ),
        )
    )
