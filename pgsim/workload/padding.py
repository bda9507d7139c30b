"""The padding `same`, in numbers: the output is the input over the stride (MODEL.md M50)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from pgsim.workload.fields import PositiveSize, none_by_axis

SAME = "same"

_SIZES: TypeAdapter[tuple[int, ...]] = TypeAdapter(tuple[PositiveSize, ...])


def same_padding(fields: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the padding before and after each axis of a convolution whose padding is `same`.

    The output has the input's size over the stride, rounded up. What is odd of an axis' padding is
    at its end, as TensorFlow's SAME and ONNX's SAME_UPPER have it. Source: MODEL.md M50.

    Parameters
    ----------
    fields : mapping
        Of a layer's manifest: `in_size` and `kernel`, and `stride` and `dilation` where there are.

    Returns
    -------
    tuple of int
        Zeros where a field is wrong: that error is then the one to report.

    Examples
    --------
    >>> same_padding({"in_size": [224, 224], "kernel": [3, 3], "stride": [2, 2]})
    (0, 1, 0, 1)
    """
    try:
        in_size, kernel = _sizes(fields.get("in_size")), _sizes(fields.get("kernel"))
        ones = (1,) * len(in_size)
        stride, dilation = (_sizes(fields.get(name, ones)) for name in ("stride", "dilation"))
        axes = zip(in_size, kernel, stride, dilation, strict=True)
        return tuple(margin for axis in axes for margin in _same(*axis))
    except ValueError:
        return none_by_axis(fields)


def _sizes(value: object) -> tuple[int, ...]:
    return _SIZES.validate_python(tuple(value) if isinstance(value, list) else value, strict=True)


def _same(size: int, taps: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the padding before and after one axis."""
    outputs = -(-size // stride)
    in_all = max((outputs - 1) * stride + dilation * (taps - 1) + 1 - size, 0)
    return in_all // 2, in_all - in_all // 2
