"""pgsim requests: a stream of requests, printed and written."""

from __future__ import annotations

import pytest

from pgsim.results.table_files import read_table

STREAM = ("top:2,2=3", "top:8,8=2")
OPTIONS = ("--arch", "fixed_8bit", "--set", "memory.weight_sram.kib=512", "--set", "mapping=fixed")
TRACE = "resnet20_switchable_8_4_2"


def test_a_stream_is_printed_and_written(run, tmp_path):
    path = tmp_path / "stream.csv"
    shown = run("requests", TRACE, *STREAM, *OPTIONS, "-o", path).output
    assert "weights stay on chip" in shown
    written = read_table(path)
    assert written["scheme"].tolist() == ["top:2,2", "top:8,8", "total"]
    assert written["requests"].tolist() == [3, 2, 5]
    for row in written.to_dict("records"):
        line = next(each for each in shown.splitlines() if each.startswith(row["scheme"]))
        for column in ("requests", "cycles", "dram_weight_read_bytes"):
            assert f" {row[column]:,} " in f"{line} "


def test_weights_may_leave(run):
    shown = run("requests", TRACE, *STREAM, *OPTIONS, "--weights-leave").output
    assert "weights are loaded by every request" in shown


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ("top:4,4", "expected SCHEME=N, such as top:4,4=100"),
        ("top:4,4=", "expected SCHEME=N"),
        ("=4", "expected SCHEME=N"),
        ("top:4,4=-1", "expected SCHEME=N"),
        ("top:4,4=0", "0 requests: expected 1 to"),
        ("tops:4,4=1", "Did you mean 'top:4,4'"),
    ],
)
def test_a_wrong_stream_is_refused(run, stream, message):
    assert message in run("requests", TRACE, stream, *OPTIONS, code=2).stderr
