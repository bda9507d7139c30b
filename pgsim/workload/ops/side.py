"""Which inputs lie under the taps of a convolution's outputs, along its rows or its columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Line:
    """One dimension of a convolution; by default a point.

    `before` and `after` are its padding. Source: MODEL.md M1, M50.

    >>> Line(5, taps=3, stride=2, before=1).places(np.arange(2)).tolist()
    [[-1, 0, 1], [1, 2, 3]]
    """

    inputs: int = 1
    taps: int = 1
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def span(self) -> int:
        """How many inputs lie from the first tap to the last, both among them."""
        return self.dilation * (self.taps - 1) + 1

    @property
    def outputs(self) -> int:
        """How many outputs there are; less than 1 where the taps do not fit."""
        return (self.inputs + self.before + self.after - self.span) // self.stride + 1

    def places(self, outputs: npt.NDArray[Any], taps: npt.ArrayLike | None = None) -> Places:
        """Return the input under taps of some outputs, int64 (outputs, taps); padding is -1.

        taps: which of them, by default all.
        """
        own = np.asarray(range(self.taps) if taps is None else taps, np.int64)
        before = own * self.dilation - self.before
        places: Places = np.asarray(outputs, np.int64)[:, None] * self.stride + before
        return np.where((places >= 0) & (places < self.inputs), places, -1)

    def under(self, tap: int) -> slice:
        """Return the inputs under a tap of all outputs, counted from the first of the padding."""
        first = tap * self.dilation
        return slice(first, first + (self.outputs - 1) * self.stride + 1, self.stride)


@dataclass(frozen=True)
class Side:
    """The rows of a convolution, or its columns: a line, or the lines of several frames.

    `rows` is the line of one frame, and `frames` that of the frames, which lie one below the other.
    """

    rows: Line = field(default_factory=Line)
    frames: Line = field(default_factory=Line)

    @property
    def inputs(self) -> int:
        """How many inputs there are, in all frames."""
        return self.frames.inputs * self.rows.inputs

    @property
    def outputs(self) -> int:
        """How many outputs there are, in all frames."""
        return self.frames.outputs * self.rows.outputs

    @property
    def taps(self) -> int:
        """How many taps an output has, in all frames."""
        return self.frames.taps * self.rows.taps

    @property
    def padded(self) -> bool:
        """Whether any tap may lie on padding."""
        return any(line.before or line.after for line in (self.frames, self.rows))

    def places(self, outputs: npt.NDArray[Any], taps: npt.ArrayLike | None = None) -> Places:
        """Return the input under taps of some outputs, int64 (outputs, taps); padding is -1.

        taps: which of them, by default all.
        """
        own = np.asarray(range(self.taps) if taps is None else taps, np.int64)
        frame, row = np.divmod(np.asarray(outputs, np.int64), self.rows.outputs)
        of_frames, of_rows = np.divmod(own, self.rows.taps)
        frames, rows = self.frames.places(frame, of_frames), self.rows.places(row, of_rows)
        places: Places = np.where((frames < 0) | (rows < 0), -1, frames * self.rows.inputs + rows)
        return places
