"""Files of other simulators in general: which format they are, and what is no such file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsim import InputError, import_arch


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "of no format that pgsim imports: SCALE-Sim's .cfg has [architecture_presets] or "),
        ("[other]\nx = 1\n", "Bit Fusion's conf.ini has [accelerator]"),
        ("x = 1\n", ":1: 'x = 1': expected a section such as [general] before it"),
        ("[accelerator]\n= 1\n", ":2: '= 1': expected key = value"),
        ("[accelerator]\n" + "a" * 70_000, "larger than 64 KiB: not a file of this kind"),
    ],
)
def test_other_files_are_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "file.cfg").write_text(text)
    with pytest.raises(InputError) as caught:
        import_arch(tmp_path / "file.cfg")
    assert message in str(caught.value)


def test_no_text_is_refused_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "file.cfg").write_bytes(b"[accelerator]\na = \xff\n")
    with pytest.raises(InputError, match=r":2: not UTF-8 text \(byte 18\)"):
        import_arch(tmp_path / "file.cfg")


def test_an_unknown_format_is_answered_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "file.cfg").write_text("[accelerator]\n")
    with pytest.raises(InputError, match=r"expected one of scalesim, bitfusion\. Did you mean"):
        import_arch(tmp_path / "file.cfg", format="scale_sim")
    with pytest.raises(InputError, match="cannot be read"):
        import_arch(tmp_path / "other.cfg")


def test_nothing_is_written_over_where_a_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file.cfg").write_text("[architecture_presets]\nArrayHeight = x\n")
    (tmp_path / "there.yaml").write_text("mine")
    with pytest.raises(InputError):
        import_arch(tmp_path / "file.cfg", tmp_path / "there.yaml")
    assert (tmp_path / "there.yaml").read_text() == "mine"
