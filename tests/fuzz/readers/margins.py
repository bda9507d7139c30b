"""Margins files: how far each gate is from its threshold, beside a trace."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Any

import margin_cases
import operand_cases

from fuzz.mutators.tensor_edits import Format
from fuzz.reader import Broken, Reader
from fuzz.readers.small import written
from pgsim import InputError
from pgsim.masks import Margins, load_margins, moved_thresholds, save_margins
from pgsim.workload import GateTrace, layer_shape

_SHIFTS = (0, 0.5, -1e9)


def _expected(manifest: dict[str, Any]) -> dict[str, tuple[str, list[int]]]:
    """Return what the tensors of a manifest's layers are."""
    shapes = [layer_shape(each) for each in manifest["layers"]]
    return {
        f"{shape.name}.gate_margin": (
            "I8",
            [manifest["images"], shape.out_channels, *shape.out_size],
        )
        for shape in shapes
    }


class MarginsReader(Reader):
    """`load_margins`, and thresholds moved by them."""

    name = "margins"
    suffix = ".margins.safetensors"
    mutators = Format("pgsim_margins", _expected).edits
    plain_inputs = 200

    @cached_property
    def cases(self) -> tuple[tuple[GateTrace, Margins], ...]:
        """Traces and margins of one layer, and of three."""
        conv = operand_cases.random_operands(layer_shape(margin_cases.CONV))
        linear = operand_cases.random_operands(layer_shape(margin_cases.LINEAR))
        recurrent = operand_cases.random_operands(layer_shape(margin_cases.RECURRENT))
        return margin_cases.a_trace(conv), margin_cases.a_trace(conv, linear, recurrent)

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Margins of these."""
        return tuple(
            written(lambda path, margins=margins: save_margins(margins, path), self.suffix)
            for _, margins in self.cases
        )

    def use(self, path: Path) -> None:
        """Load margins, and move the thresholds of the trace that they may be of."""
        margins = load_margins(path)
        steps = [layer.margin_step for layer in margins.layers]
        if not all(0 < step < math.inf for step in steps):
            raise Broken(f"margin steps that are none: {steps}")
        refusals = [error for trace, _ in self.cases if (error := _refusal(trace, margins))]
        if len(refusals) == len(self.cases):
            raise refusals[0]


def _refusal(trace: GateTrace, margins: Margins) -> InputError | None:
    """Move a trace's thresholds; return why it cannot be done, or None."""
    try:
        moved = [moved_thresholds(trace, margins, shift) for shift in _SHIFTS]
    except InputError as error:
        return error
    for each in moved:
        for layer in each.layers:
            if layer.shape.gated and not 0 <= layer.density() <= 1:
                raise Broken(f"a density out of range: {layer.density()} in {layer.shape.name!r}")
    return None


MARGINS = MarginsReader()
