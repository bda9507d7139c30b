"""The margins file: a few images' gate margins of a captured trace, so that thresholds can move.

A companion file: for each gated layer the tensor `<layer>.gate_margin`, and in the manifest what
one unit of it is worth, `margin_steps` by layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from pgsim.errors import InputError
from pgsim.masks.margins import LayerMargins, Margins
from pgsim.workload.companion_file import (
    Companion,
    Expected,
    Manifest,
    companion_path,
    load_companion,
    save_companion,
)
from pgsim.workload.layer import LayerShape
from pgsim.workload.problems import cut


class _Manifest(Manifest):
    """What a margins file says about itself."""

    margin_steps: dict[str, Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _every_layer_has_a_step(self) -> _Manifest:
        names = [str(layer.get("name")) for layer in self.layers]
        if sorted(names) != sorted(self.margin_steps):
            expected, found = (cut(", ".join(each), 200) for each in (names, self.margin_steps))
            raise ValueError(
                f"field 'margin_steps': expected one for each layer ({expected}), "
                f"not {found or 'none'}"
            )
        return self


def load_margins(name_or_path: str | Path) -> Margins:
    """Return the margins in a file, or those shipped with the trace of that name.

    Raises InputError naming the file, the layer, the tensor and what was expected.

    >>> load_margins("digits_pg_4_2").images
    4
    """
    manifest, shapes, tensors = load_companion(_MARGINS, name_or_path)
    layers = tuple(
        LayerMargins(shape, tensors[f"{shape.name}.gate_margin"], manifest.margin_steps[shape.name])
        for shape in shapes
    )
    return Margins(manifest.trace, manifest.trace_sha256, manifest.first_image, layers)


def margins_beside(trace: str | Path) -> Margins:
    """Return the margins in the file beside a trace, which is given as `load_trace` takes it.

    Raises InputError where there is none, saying how one is made.

    >>> margins_beside("digits_pg_4_2").trace
    'digits_pg_4_2'
    """
    path = margins_path(trace)
    if not path.is_file():
        raise InputError(
            f"{path}: no such file, so thresholds of trace {trace} cannot be moved: write it with "
            "pgsim.gating.gate_margins and pgsim.masks.save_margins, from the trained network"
        )
    return load_margins(path)


def margins_path(trace: str | Path) -> Path:
    """Return where the margins of a trace are, which is given as `load_trace` takes it.

    The file need not be there. Raises InputError where the trace is not.

    >>> margins_path("digits_pg_4_2").name
    'digits_pg_4_2.margins.safetensors'
    """
    return companion_path(_MARGINS, trace)


def save_margins(margins: Margins, path: str | Path) -> Path:
    """Write margins as one file and return its path, which ends in `.margins.safetensors`.

    The suffix is appended where it is missing; the same margins give the same bytes. Raises
    InputError where `load_margins` would refuse the file, or where none can be written.
    """
    fields = {
        "format_version": 1,
        "trace": margins.trace,
        "trace_sha256": margins.trace_sha256,
        "first_image": margins.first_image,
        "images": margins.images,
        "layers": [layer.shape.manifest() for layer in margins.layers],
        "margin_steps": {layer.shape.name: layer.margin_step for layer in margins.layers},
    }
    tensors = {f"{layer.shape.name}.gate_margin": layer.margins for layer in margins.layers}
    return save_companion(_MARGINS, fields, tensors, path)


def _expected(shape: LayerShape, images: int) -> dict[str, Expected]:
    """Return what the tensor of a layer should be."""
    size = (images, shape.out_channels, *shape.out_size)
    axes = "(images, channels, height, width)"
    return {"gate_margin": Expected(np.dtype(np.int8), size, axes, -128, 127)}


_MARGINS = Companion("margins", _Manifest, _expected)
