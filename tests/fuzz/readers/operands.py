"""Operands files: integer activations, weights and thresholds beside a trace."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import operand_cases

from fuzz.mutators.tensor_edits import Format
from fuzz.reader import Broken, Reader
from fuzz.readers.small import is_small, written
from pgsim.workload import Operands, gate_mask, layer_shape, load_operands, save_operands
from pgsim.workload.operands import msb_sums

_SHA256 = "0123456789abcdef" * 4


def _expected(manifest: dict[str, Any]) -> dict[str, tuple[str, list[int]]]:
    """Return what the tensors of a manifest's layers are."""
    found = {}
    for each in manifest["layers"]:
        shape = layer_shape(each)
        wide = {name: 16 if getattr(shape, name) > 8 else 8 for name in _BITS}
        inputs = [manifest["images"], shape.in_channels, *shape.image_in_size]
        kernels = [shape.out_channels, shape.in_channels_per_group, *shape.kernel]
        sign = "I" if shape.signed else "U"
        found[f"{shape.name}.activations"] = f"{sign}{wide['activation_bits']}", inputs
        found[f"{shape.name}.weights"] = f"I{wide['weight_bits']}", kernels
        found[f"{shape.name}.thresholds"] = "I32", [shape.out_channels * shape.gated]
    return found


_BITS = ("activation_bits", "weight_bits")


class OperandsReader(Reader):
    """`load_operands`, and the masks that the operands give."""

    name = "operands"
    suffix = ".operands.safetensors"
    mutators = Format("pgsim_operands", _expected).edits
    plain_inputs = 210

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Operands of convolutions, linear and recurrent layers, narrow and wide, signed or not."""
        conv = operand_cases.random_operands(layer_shape(operand_cases.CONV))
        linear = operand_cases.random_operands(layer_shape(operand_cases.LINEAR))
        signed = layer_shape({**operand_cases.CONV, "name": "signed", "signed": True})
        others = operand_cases.random_operands(signed, images=1)
        return tuple(
            written(lambda path, layers=layers: _save(path, layers), self.suffix)
            for layers in ((conv, linear), (linear,), (others,))
        )

    def use(self, path: Path) -> None:
        """Load operands, and compute the sums and the masks of the small ones."""
        operands = load_operands(path)
        for layer in operands.layers:
            if not is_small(operands.images, (layer.shape,)):
                continue
            size = (operands.images, layer.shape.out_channels, *layer.shape.out_size)
            found = gate_mask(layer) if layer.shape.gated else msb_sums(layer)
            if found.shape != size:
                raise Broken(f"a mask of another shape: {found.shape}, not {size}")
            bits = layer.shape.activation_bits
            lowest = -(2 ** (bits - 1)) if layer.shape.signed else 0
            if np.any(layer.activations < lowest) or np.any(layer.activations >= lowest + 2**bits):
                raise Broken(f"activations beyond their {bits} bits: {layer.shape.name!r}")


def _save(path: Path, layers: tuple[Any, ...]) -> None:
    save_operands(Operands("tiny", _SHA256, 0, layers), path)


OPERANDS = OperandsReader()
