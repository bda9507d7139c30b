"""What a layer may be, beyond what each of its fields may (MODEL.md M1, M2)."""

from __future__ import annotations

from pgsim.workload.layer_fields import LayerFields
from pgsim.workload.ops import fields_of_ops

_MOST_MACS = 2**53  # of one image: counts stay exact, in int64 and in float64
_MOST_ELEMENTS = 2**40  # of one image's input or output
_TOTAL = "network"  # what tables call the total of all layers


def check_possible(shape: LayerFields) -> None:
    """Raise ValueError unless there may be such a layer."""
    if shape.name == _TOTAL:
        raise ValueError(f"the name {_TOTAL!r} stands for the total of all layers: rename it")
    _check_fields_of_op(shape)
    for side in ("in_channels", "out_channels"):
        if (channels := getattr(shape, side)) % shape.groups:
            raise ValueError(f"{side} {channels} is no multiple of groups {shape.groups}")
    shape.kind.check(shape)
    if shape.macs > _MOST_MACS:
        raise ValueError(f"{shape.macs} MACs an image are more than pgsim counts ({_MOST_MACS})")
    _check_elements(shape)
    shape.gate_kind.check_bits(shape.activation_bits, shape.msb_bits)
    if shape.zeros:
        shape.zeros.check(activation_bits=shape.activation_bits, weight_bits=shape.weight_bits)


def _check_fields_of_op(shape: LayerFields) -> None:
    given = {field for field in shape.model_fields_set if getattr(shape, field) is not None}
    for field in shape.kind.needed_fields:
        if field not in given:
            raise ValueError(f"op {shape.op!r} needs {field!r}")
    if wrong := sorted(given & fields_of_ops().difference(shape.kind.fields)):
        raise ValueError(f"op {shape.op!r} takes no {', '.join(map(repr, wrong))}")


def _check_elements(shape: LayerFields) -> None:
    for side, channels, size in (
        ("in_channels", shape.in_channels, shape.image_in_size),
        ("out_channels", shape.out_channels, shape.out_size),
    ):
        if channels * size[0] * size[1] > _MOST_ELEMENTS:
            raise ValueError(
                f"{side} {channels} of {size[0]} x {size[1]} an image are more elements than "
                f"pgsim counts ({_MOST_ELEMENTS})"
            )
