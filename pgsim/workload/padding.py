"""The padding `same`, in numbers: the output is the input over the stride (MODEL.md M50)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pgsim.workload.fields import SizePair

SAME = "same"

_PAIR: TypeAdapter[tuple[int, int]] = TypeAdapter(SizePair)


def same_padding(fields: Mapping[str, Any]) -> tuple[int, ...]:
    """Return (top, bottom, left, right) of a convolution whose padding is `same`.

    The output has the input's size over the stride, rounded up. What is odd of a side's padding is
    at its end, as TensorFlow's SAME and ONNX's SAME_UPPER have it. Source: MODEL.md M50.

    Parameters
    ----------
    fields : mapping
        Of a layer's manifest: `in_size` and `kernel`, and `stride` and `dilation` where there are.

    Returns
    -------
    tuple of int
        None of it where a field is wrong: that error is then the one to report.

    Examples
    --------
    >>> same_padding({"in_size": [224, 224], "kernel": [3, 3], "stride": [2, 2]})
    (0, 1, 0, 1)
    """
    ones = (1, 1)
    try:
        sides = [
            _PAIR.validate_python(value, strict=True)
            for value in (
                fields.get("in_size"),
                fields.get("kernel"),
                fields.get("stride", ones),
                fields.get("dilation", ones),
            )
        ]
    except ValidationError:
        return 0, 0
    return tuple(margin for side in zip(*sides, strict=True) for margin in _same(*side))


def _same(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the padding before and after one side."""
    outputs = -(-size // stride)
    in_all = max((outputs - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return in_all // 2, in_all - in_all // 2
