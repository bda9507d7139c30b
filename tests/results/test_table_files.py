"""Tables in files: what is written is read back, whole or not at all."""

import errno
import json
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgsim.errors import InputError
from pgsim.results.table_files import check_table_path, read_table, write_table

SUFFIXES = [".csv", ".parquet", ".json"]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "array.rows": [8, 16],
            "layer": ["0", "NA"],  # names that a reader might take for a number, or for nothing
            "mask_density": [float("nan"), 1 / 3],
            "cycles": [2**53 - 1, 7],
            "lsb_pe_utilization": [float("nan"), float("nan")],
            "memory.double_buffered": [True, False],
        }
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_is_read_back_as_it_was(frame, suffix, tmp_path):
    path = tmp_path / f"table{suffix}"
    write_table(frame, path)
    pd.testing.assert_frame_equal(read_table(path), frame)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])  # .json has records, and none says no name
def test_a_table_without_rows_is_read_back(frame, suffix, tmp_path):
    path = tmp_path / f"table{suffix}"
    write_table(frame[:0], path)
    read = read_table(path)
    assert read.columns.tolist() == frame.columns.tolist()
    assert len(read) == 0


def test_a_name_that_no_file_can_have_is_told():
    for name in (f"{'a' * 5000}.csv", "a\0b.parquet"):
        with pytest.raises(InputError, match="cannot be read"):
            read_table(name)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e60), min_size=1))
def test_csv_keeps_every_digit(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("digits") / "table.csv"
    write_table(pd.DataFrame({"energy_pj": np.array(numbers)}), path)
    assert read_table(path)["energy_pj"].tolist() == numbers


def test_json_is_what_any_reader_takes(frame, tmp_path):
    path = tmp_path / "table.json"
    write_table(frame, path)

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    records = json.loads(path.read_text(), parse_constant=refuse)
    assert records[0] == {
        "array.rows": 8,
        "layer": "0",
        "mask_density": None,
        "cycles": 9007199254740991,
        "lsb_pe_utilization": None,
        "memory.double_buffered": True,
    }


@pytest.mark.parametrize(("name", "hint"), [("table.cvs", "'.csv'"), ("table", ""), ("t.xlsx", "")])
def test_another_suffix_is_refused_with_those_that_are_not(frame, name, hint, tmp_path):
    with pytest.raises(InputError, match=r"\.csv, \.parquet, \.json") as caught:
        write_table(frame, tmp_path / name)
    assert hint in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist"):
        check_table_path(tmp_path / "nowhere" / "table.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_table(frame, suffix, tmp_path, monkeypatch):
    path = tmp_path / f"table{suffix}"
    write_table(frame, path)
    before = path.read_bytes()

    def fill_the_disk(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fill_the_disk)
    with pytest.raises(InputError, match="cannot be written: No space left") as caught:
        write_table(frame.iloc[:1], path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"", "No columns"),
        ("b.csv", b"\xff\xfe\x00", "decode"),
        ("c.parquet", b"PAR0", "not a .parquet table"),
        ("d.json", b"{", "not a .json table"),
        ("e.json", b'{"cycles": 1}', "a list of records"),
        ("f.txt", b"", "ends in one of"),
    ],
)
def test_what_is_no_table_is_refused(name, content, problem, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_link_stays_and_what_it_leads_to_is_replaced(frame, suffix, tmp_path):
    (tmp_path / "other").mkdir()
    target, link = tmp_path / "other" / "target.dat", tmp_path / f"link{suffix}"
    target.write_text("before")
    link.symlink_to(target)
    write_table(frame, link)
    assert link.is_symlink() and not target.is_symlink()
    pd.testing.assert_frame_equal(read_table(link), frame)
    assert [path.name for path in target.parent.iterdir()] == ["target.dat"]


def test_a_link_to_nothing_yet_makes_what_it_leads_to(frame, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "new.csv")
    write_table(frame, link)
    assert link.is_symlink() and len(read_table(tmp_path / "new.csv")) == 2


def test_what_is_no_file_is_neither_written_nor_read(frame, tmp_path):
    pipe, loop, folder = (tmp_path / f"{name}.csv" for name in ("pipe", "loop", "folder"))
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    folder.mkdir()
    (device := tmp_path / "device.csv").symlink_to("/dev/null")
    for path, problem in ((pipe, "a pipe"), (device, "a device"), (folder, "a folder"),
                          (loop, "Too many levels")):  # fmt: skip
        with pytest.raises(InputError, match=problem) as caught:
            write_table(frame, path)
        assert str(path) in str(caught.value)
        with pytest.raises(InputError, match=r"not a file|cannot be read"):
            read_table(path)
    assert pipe.is_fifo() and device.is_symlink()


@pytest.mark.parametrize("name", ["n" * 300 + ".csv", "a\0b.csv"])
def test_a_name_that_no_file_can_have_is_refused(frame, name, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_table(frame, tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(frame, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        write_table(frame, tmp_path / "table.csv")
