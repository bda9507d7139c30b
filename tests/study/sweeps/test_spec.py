"""A sweep's file: what is wrong with it is said by line."""

import time

import pytest
from pydantic import ValidationError

from pgsim.errors import InputError
from pgsim.study.sweeps import SweepSpec, load_sweep


@pytest.fixture
def spec_file(tmp_path):
    def write(text):
        path = tmp_path / "sweep.yaml"
        path.write_text(text)
        return path

    return write


def lines_of(problem, path):
    return str(problem.value).replace(str(path), "sweep.yaml").splitlines()


def test_a_file_says_what_is_wrong_with_it_by_line(spec_file):
    path = spec_file(
        "traces: [a, a]\n"
        "archs: pg_os\n"
        "scheme: [pg]\n"
        "axes:\n"
        "  array.rowz: [8, 16]\n"
        "  array.columns: [8, 8.0]\n"
        "  lsb.ways: 4\n"
        "  clock_mhz: []\n"
        "  columns: [4]\n"
        "  lsb.open: [[1]]\n"
    )
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    lines = lines_of(caught, path)
    expected = [
        ("sweep.yaml:1: traces: value 'a' stands here twice", ""),
        ("sweep.yaml:2: archs: value 'pg_os': expected a list", ""),
        ("sweep.yaml:3: scheme: unknown key", "Did you mean 'schemes'?"),
        ("sweep.yaml:5: axes.array.rowz: unknown axis", "Did you mean 'array.rows'?"),
        ("sweep.yaml:6: axes.array.columns: value 8 stands here twice", ""),
        ("sweep.yaml:7: axes.lsb.ways: value 4: expected a list", ""),
        ("sweep.yaml:8: axes.clock_mhz: an empty list", ""),
        ("sweep.yaml:9: axes.columns: unknown axis", "Did you mean 'array.columns'?"),
        ("sweep.yaml:10: axes.lsb.open[0]: value (a list)", ""),
    ]
    for line, (start, end) in zip(lines, expected, strict=True):
        assert line.startswith(start) and line.endswith(end)


def test_axes_are_a_section(spec_file):
    path = spec_file("traces: [a]\narchs: [b]\naxes: [1]\n")
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    assert lines_of(caught, path) == [
        "sweep.yaml:3: axes: value (a list): expected a section with keys of your choice."
    ]


def test_many_values_are_looked_at_once_each():
    """Each value is beside 100,000 others: to compare all pairs would take minutes."""
    values = tuple(range(1, 100_001))
    start = time.process_time()
    spec = SweepSpec(traces=["a"], archs=["b"], axes={"clock_mhz": values})
    assert time.process_time() - start < 10
    assert spec.point_count == len(values)
    with pytest.raises(ValidationError, match="value 7 stands here twice"):
        SweepSpec(traces=["a"], archs=["b"], axes={"clock_mhz": (*values, True, 7.0)})
