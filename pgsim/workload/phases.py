"""Transposed convolutions: the phases of their outputs, each a convolution (MODEL.md M50).

An output of a transposed convolution of stride s takes every s-th tap of the kernel. Outputs that
are s apart take the same taps, so they are the output of a convolution of stride 1 with those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import gcd, prod
from typing import Any, NamedTuple

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.ops import OPS
from pgsim.workload.problems import short

TRANSPOSED = {
    "conv_transpose1d": "conv1d",
    "conv_transpose2d": "conv2d",
    "conv_transpose3d": "conv3d",
}

_LARGEST = 2**24  # of one number, as of a layer's
_MOST_PHASES = 8192  # of a layer: as many as a trace has layers


def transposed(fields: Mapping[str, Any], where: str = "") -> tuple[LayerShape, ...]:
    """Return the layers that a transposed convolution runs as: the phases of its outputs.

    Source: MODEL.md M50.

    Parameters
    ----------
    fields : mapping
        Of a convolution's manifest, as PyTorch's nn.ConvTranspose2d has them: `op` is
        `conv_transpose1d`, `conv_transpose2d` or `conv_transpose3d`, and `output_padding` adds
        outputs at the end of each axis.
    where : str
        What an error's message begins with.

    Returns
    -------
    tuple of LayerShape
        One for each phase that reads any input, `name.0.1` for that of rows 0, s, 2·s and so on,
        and of columns 1, 1 + s and so on. Axes of stride 1 have no number in the name.

    Raises
    ------
    InputError
        Naming the layer, where there can be no such one.

    Examples
    --------
    >>> widths = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}
    >>> up = {"name": "up", "op": "conv_transpose2d", "in_channels": 8, "out_channels": 4, **widths}
    >>> phases = transposed(up | {"in_size": [5, 5], "kernel": [3, 3], "stride": [2, 2]})
    >>> [(each.name, each.kernel, each.out_size) for each in phases[:2]]
    [('up.0.0', (2, 2), (6, 6)), ('up.0.1', (2, 1), (6, 5))]
    """
    place = f"{where}{': ' if where else ''}layer {short(fields.get('name', 'without a name'))}"
    if not is_transposed(fields):
        raise InputError(f"{place}: field 'op': expected one of {', '.join(TRANSPOSED)}")
    op = TRANSPOSED[fields["op"]]
    axes = _axes(fields, OPS[op].axes, place)
    if min(axis.outputs for axis in axes) < 1:
        raise InputError(f"{place}: there is no output: its padding is all that it computes")
    if prod(min(axis.stride, axis.outputs) for axis in axes) > _MOST_PHASES:
        raise InputError(f"{place}: its stride has more phases than pgsim takes ({_MOST_PHASES})")
    others = {name: each for name, each in fields.items() if name not in _OF_AXES}
    found = [
        layer_shape(others | _fields(phases) | {"op": op} | _named(others, phases), where)
        for phases in product(*(list(axis.phases()) for axis in axes))
    ]
    if not found:
        raise InputError(f"{place}: none of its outputs reads any input")
    return tuple(found)


def is_transposed(fields: Mapping[str, Any]) -> bool:
    """Say whether the op of a layer's fields is a transposed convolution."""
    op = fields.get("op")
    return isinstance(op, str) and op in TRANSPOSED


class _Phase(NamedTuple):
    """Every s-th output of an axis as a convolution of stride 1; `first` is None where s is 1."""

    first: int | None
    in_size: int
    kernel: int
    dilation: int
    before: int
    after: int


class _Axis(NamedTuple):
    """One axis of a transposed convolution."""

    in_size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    output_padding: int

    @property
    def outputs(self) -> int:
        """How many outputs there are."""
        span = (self.in_size - 1) * self.stride + self.dilation * (self.kernel - 1) + 1
        return span - self.before - self.after + self.output_padding

    def phases(self) -> Iterator[_Phase]:
        """Yield what reads any input, by its first output."""
        for first in range(min(self.stride, self.outputs)):
            if not (taps := self._taps(first)):
                continue
            begin, own = (
                (first + self.before - self.dilation * tap) // self.stride
                for tap in (taps[-1], taps[0])
            )
            last = own + len(range(first, self.outputs, self.stride)) - 1
            used = range(max(begin, 0), min(last, self.in_size - 1) + 1)
            if used:
                step = self.dilation * taps.step // self.stride if len(taps) > 1 else 1
                number = None if self.stride == 1 else first
                after = last + 1 - used.stop
                yield _Phase(number, len(used), len(taps), step, used.start - begin, after)

    def _taps(self, output: int) -> range:
        """Return the taps of an output.

        Tap t takes input (output + before - dilation * t) / stride, where that is whole.
        """
        common = gcd(self.dilation, self.stride)
        times, rest = divmod(output + self.before, common)
        step = self.stride // common
        first = times * pow(self.dilation // common, -1, step) % step
        return range(self.kernel if rest else first, self.kernel, step)


_OF_AXES = ("in_size", "kernel", "stride", "padding", "dilation", "output_padding")


def _axes(fields: Mapping[str, Any], axes: tuple[str, ...], place: str) -> list[_Axis]:
    """Return the axes; raises InputError for fields that say none."""
    ones, zeros = [1] * len(axes), [0] * len(axes)
    sizes = [
        _numbers(fields.get(name), axes, 1, f"{place}: field {name!r}") for name in _OF_AXES[:2]
    ]
    for name in ("stride", "dilation"):
        sizes.append(_numbers(fields.get(name, ones), axes, 1, f"{place}: field {name!r}"))
    padding = fields.get("padding", zeros)
    if isinstance(padding, list | tuple) and len(padding) == len(axes):
        padding = [each for each in padding for _ in range(2)]
    ends = [f"{end} {axis}" for axis in axes for end in ("before", "after")]
    margins = _numbers(padding, ends, 0, f"{place}: field 'padding'")
    more = _numbers(
        fields.get("output_padding", zeros), axes, 0, f"{place}: field 'output_padding'"
    )
    return [_Axis(*each) for each in zip(*sizes, margins[::2], margins[1::2], more, strict=True)]


def _numbers(value: object, axes: Any, least: int, place: str) -> list[int]:
    """Return whole numbers, one for each of some axes or ends."""
    numbers = value if isinstance(value, list | tuple) else []
    whole = [type(each) is int and least <= each <= _LARGEST for each in numbers]
    if len(numbers) != len(axes) or not all(whole):
        raise InputError(
            f"{place}: expected whole numbers from {least} on, [{', '.join(axes)}], "
            f"not {short(value)}"
        )
    return list(numbers)


def _fields(phases: tuple[_Phase, ...]) -> dict[str, list[int]]:
    """Return the geometry of a phase as a manifest has it."""
    return {
        "in_size": [each.in_size for each in phases],
        "kernel": [each.kernel for each in phases],
        "dilation": [each.dilation for each in phases],
        "padding": [margin for each in phases for margin in (each.before, each.after)],
    }


def _named(fields: Mapping[str, Any], phases: tuple[_Phase, ...]) -> dict[str, object]:
    name = fields.get("name")
    places = [str(each.first) for each in phases if each.first is not None]
    return {"name": ".".join([name, *places])} if isinstance(name, str) else {}
