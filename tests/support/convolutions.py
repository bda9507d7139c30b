"""Random convolutions that no two numbers describe: uneven padding, one dimension, three (M50)."""

from __future__ import annotations

from random import Random
from typing import Any


def uneven(padding: list[int], seed: object) -> list[int]:
    """[height, width] as it is or, a third of the time, wider at some ends of the four sides.

    Then it is [top, bottom, left, right]. The same padding and seed give the same.
    """
    rng = Random(f"margins {padding} {seed}")
    if rng.random() < 2 / 3:
        return padding
    height, width = padding
    ends = (height, height, width, width)
    return [margin + rng.choice((0, 0, 1, 2)) for margin in ends]


def of_any_dimension(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a conv2d as they are or, a quarter of the time, of a column or of some frames.

    `op` is among them then. The same fields give the same.
    """
    rng = Random(f"dimensions {fields}")
    return rng.choice((_as_it_is,) * 6 + (_column, _frames))(rng, fields)


def _as_it_is(_: Random, fields: dict[str, Any]) -> dict[str, Any]:
    return fields


def _column(_: Random, fields: dict[str, Any]) -> dict[str, Any]:
    """Of the rows alone: half of the padding is theirs."""
    per_axis = {"in_size", "kernel", "stride", "dilation"} & fields.keys()
    ends = fields["padding"]
    column = {name: fields[name][:1] for name in per_axis} | {"padding": ends[: len(ends) // 2]}
    return fields | column | {"op": "conv1d"}


def _frames(rng: Random, fields: dict[str, Any]) -> dict[str, Any]:
    """Of up to four frames; the kernel lies within their padding."""
    kernel, dilation, before = rng.choice((1, 2, 2, 3)), rng.choice((1, 1, 2)), rng.choice((0, 1))
    after = rng.choice((before, before, 2)) if len(fields["padding"]) == 4 else before
    span = dilation * (kernel - 1) + 1
    size = max(1, span - before - after) + rng.choice((0, 0, 1, 2))
    own = {"in_size": size, "kernel": kernel, "stride": rng.choice((1, 1, 2)), "dilation": dilation}
    frames = {name: [number, *fields[name]] for name, number in own.items()}
    ends = [before, after][: len(fields["padding"]) // 2]
    return fields | frames | {"padding": [*ends, *fields["padding"]], "op": "conv3d"}
