"""What lies under taps, against sets written out, and by hand."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from pgsim.workload.ops import Line, Side

LINES = st.builds(
    Line,
    inputs=st.integers(3, 9),
    taps=st.integers(1, 3),
    stride=st.integers(1, 3),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
    dilation=st.integers(1, 2),
).filter(lambda line: line.outputs > 0)


@given(LINES)
def test_padding_is_what_a_padded_line_has_more(line: Line) -> None:
    numbers = [-1] * line.before + list(range(line.inputs)) + [-1] * line.after
    wanted = [
        [numbers[first + tap * line.dilation] for tap in range(line.taps)]
        for first in range(0, len(numbers) - line.span + 1, line.stride)
    ]
    assert line.places(np.arange(line.outputs)).tolist() == wanted
    for tap in range(line.taps):
        assert numbers[line.under(tap)] == [of_output[tap] for of_output in wanted]


@given(LINES, LINES)
def test_rows_of_frames_are_rows_of_each_frame(frames: Line, rows: Line) -> None:
    side = Side(rows, frames)
    names = np.full((frames.before + frames.inputs + frames.after, rows.inputs), -1)
    names[frames.before : frames.before + frames.inputs] = np.arange(side.inputs).reshape(
        frames.inputs, rows.inputs
    )
    names = np.pad(names, ((0, 0), (rows.before, rows.after)), constant_values=-1)
    found = side.places(np.arange(side.outputs)).reshape(
        frames.outputs, rows.outputs, frames.taps, rows.taps
    )
    for z, y, tap_z, tap_y in np.ndindex(found.shape):
        at = z * frames.stride + tap_z * frames.dilation, y * rows.stride + tap_y * rows.dilation
        assert found[z, y, tap_z, tap_y] == names[at]


def test_a_point_is_itself() -> None:
    assert (Side().inputs, Side().outputs, Side().taps, Side().padded) == (1, 1, 1, False)
    assert Side(Line(4, 2, after=1)).padded
