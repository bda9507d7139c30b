"""The operands file: a few images' integer operands of the layers of a captured trace.

A companion file: for each layer, which as a rule are the gated ones, the tensors
`<layer>.activations`, `<layer>.weights` and `<layer>.thresholds`. The manifest's `opens_near_zero`
names the layers whose gates compare -|O_hb| (M38); it is left out where there are none.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from pgsim.errors import nearest
from pgsim.workload.companion_file import (
    Companion,
    Expected,
    Manifest,
    companion_path,
    load_companion,
    save_companion,
)
from pgsim.workload.gates import GATE_KINDS
from pgsim.workload.layer import LayerShape
from pgsim.workload.operands import THRESHOLD_DTYPE, LayerOperands, Operands, operand_dtype
from pgsim.workload.problems import short

_PARTS = ("activations", "weights", "thresholds")


class _Manifest(Manifest):
    """What an operands file says about itself."""

    opens_near_zero: list[str] = Field(default=[])

    @model_validator(mode="after")
    def _near_zero_are_layers(self) -> _Manifest:
        kinds = [kind.name for kind in GATE_KINDS.values() if kind.gates_outputs]
        gated = {str(layer.get("name")) for layer in self.layers if layer.get("gate") in kinds}
        for name in self.opens_near_zero:
            if name not in gated:
                raise ValueError(
                    f"field 'opens_near_zero': {short(name)} is no layer whose outputs are gated."
                    f"{nearest(name, gated)}"
                )
        return self


def load_operands(name_or_path: str | Path) -> Operands:
    """Return the operands in a file, or those shipped with the trace of that name.

    Raises InputError naming the file, the layer, the tensor and what was expected.

    >>> load_operands("digits_pg_4_2").images
    4
    """
    manifest, shapes, tensors = load_companion(_OPERANDS, name_or_path)
    layers = tuple(
        LayerOperands(
            shape,
            tensors[f"{shape.name}.activations"],
            tensors[f"{shape.name}.weights"],
            tensors[f"{shape.name}.thresholds"],
            shape.name in manifest.opens_near_zero,
        )
        for shape in shapes
    )
    return Operands(manifest.trace, manifest.trace_sha256, manifest.first_image, layers)


def operands_path(trace: str | Path) -> Path:
    """Return where the operands of a trace are, which is given as `load_trace` takes it.

    The file need not be there. Raises InputError where the trace is not.
    """
    return companion_path(_OPERANDS, trace)


def save_operands(operands: Operands, path: str | Path) -> Path:
    """Write operands as one file and return its path, which ends in `.operands.safetensors`.

    The suffix is appended where it is missing; the same operands give the same bytes. Raises
    InputError where `load_operands` would refuse the file, or where none can be written.
    """
    opens_near_zero = [layer.shape.name for layer in operands.layers if layer.opens_near_zero]
    fields = {
        "format_version": 1,
        "trace": operands.trace,
        "trace_sha256": operands.trace_sha256,
        "first_image": operands.first_image,
        "images": operands.images,
        "layers": [layer.shape.manifest() for layer in operands.layers],
        **({"opens_near_zero": opens_near_zero} if opens_near_zero else {}),
    }
    tensors = {
        f"{layer.shape.name}.{part}": getattr(layer, part)
        for layer in operands.layers
        for part in _PARTS
    }
    return save_companion(_OPERANDS, fields, tensors, path)


def _expected(shape: LayerShape, images: int) -> dict[str, Expected]:
    """Return what the tensors of a layer should be, by the names of `_PARTS`."""
    inputs = (images, shape.in_channels, *shape.image_in_size)
    kernels = (shape.out_channels, shape.in_channels_per_group, *shape.kernel_size)
    return {
        "activations": Expected(
            operand_dtype(shape.activation_bits, shape.signed),
            inputs,
            "(images, in channels, height, width)",
            *_range(shape.activation_bits, shape.signed),
        ),
        "weights": Expected(
            operand_dtype(shape.weight_bits, signed=True),
            kernels,
            "(out channels, in channels / groups, kernel height, kernel width)",
            *_range(shape.weight_bits, signed=True),
        ),
        "thresholds": Expected(
            THRESHOLD_DTYPE,
            (shape.out_channels if shape.gated else 0,),
            "(out channels), or none where no outputs are gated",
            *_range(8 * THRESHOLD_DTYPE.itemsize, signed=True),
        ),
    }


def _range(bits: int, signed: bool) -> tuple[int, int]:
    """Return the lowest and the highest integer of `bits` bits, in two's complement if signed."""
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


_OPERANDS = Companion("operands", _Manifest, _expected, gates=tuple(GATE_KINDS.values()))
