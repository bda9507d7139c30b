"""Importing: which format a file is taken for, and whose bits count."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from imports import imported, refusal

from pgsim import InputError, import_layers
from pgsim.workload.importers import IMPORTERS, source_of

ROW = "[[5, 20], [30, 20], [5, 30], [], [], [6, 3], 1]"
FILES = {
    "scale_sim": "fc, 5, 30, 20,\n",
    "layer_lists": f"net = [{ROW}]\n",
    "layer_table": "name,op,in_channels,out_channels,positions\nfc,linear,20,30,5\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_content_tells_the_format(tmp_path: Path, name: str) -> None:
    (by_content,) = imported(tmp_path, FILES[name])
    (by_name,) = imported(tmp_path, FILES[name], format=name)
    assert by_content == by_name
    assert (by_content.positions, by_content.in_channels, by_content.out_channels) == (5, 20, 30)


def test_formats_are_listed_where_none_fits(tmp_path: Path) -> None:
    found = refusal(tmp_path, "What is this?\n").splitlines()
    assert found[0] == "net.txt: looks like no format that is read:"
    assert [line.split(":")[0].strip() for line in found[1:]] == list(IMPORTERS)
    found = refusal(tmp_path, FILES["scale_sim"], format="scale-sim")
    assert found == (
        f"no format is named 'scale-sim' (known: {', '.join(IMPORTERS)}). Did you mean 'scale_sim'?"
    )


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_a_file_of_nothing_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text) == "net.txt: says nothing: expected the layers of a network"


@pytest.mark.parametrize("text", ["\x00\x00", "a,b,c\n"])
def test_a_file_of_no_format_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).startswith("net.txt: looks like no format")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", f"{tmp_path / 'none'}:net"):
        with pytest.raises(InputError):
            import_layers(path)


def test_a_colon_of_a_files_own_name_names_no_network(tmp_path: Path) -> None:
    path = tmp_path / "a:b"
    path.write_text(FILES["scale_sim"], encoding="utf-8")
    assert source_of(str(path)).path == path
    assert source_of(f"{path}:c").network == "c"
    assert source_of(tmp_path / "c:d").network == ""


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("scale_sim", {}, (8, 8, 8, "none")),
        ("layer_lists", {}, (6, 6, 3, "none")),
        ("scale_sim", {"weight_bits": 4}, (8, 8, 4, "none")),
        ("layer_lists", {"activation_bits": 4}, (4, 4, 3, "none")),
        ("layer_lists", {"activation_bits": 4, "msb_bits": 2}, (4, 2, 3, "output")),
        ("layer_lists", {"msb_bits": 2}, (6, 2, 3, "output")),
    ],
)
def test_bits_of_the_file_hold_unless_others_are_asked_for(
    tmp_path: Path, name: str, asked: dict[str, int], expected: tuple[int, int, int, str]
) -> None:
    (layer,) = imported(tmp_path, FILES[name], **asked)
    found = (layer.activation_bits, layer.msb_bits, layer.weight_bits, layer.gate)
    assert found == expected


def test_widths_that_no_layer_has_are_refused_by_layer(tmp_path: Path) -> None:
    found = refusal(tmp_path, FILES["scale_sim"], activation_bits=4, msb_bits=4)
    assert found.startswith("net.txt:1: layer 'fc': gate 'output' with activation_bits 4 needs")


def test_more_layers_than_a_trace_holds_are_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, FILES["scale_sim"] * 8193)
    assert found == "net.txt: 8,193 layers are more than 8,192"


def test_sizes_are_of_formats_that_leave_some_open(tmp_path: Path) -> None:
    found = refusal(tmp_path, FILES["scale_sim"], sizes={"n": 3})
    assert found == "net.txt: files of format 'scale_sim' leave no sizes open"


def test_networks_are_of_formats_that_hold_several(tmp_path: Path) -> None:
    found = refusal(tmp_path, FILES["scale_sim"], "vgg16")
    assert found == "net.txt: files of format 'scale_sim' hold one network, which has no name"


def test_a_model_without_onnx_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert refusal(tmp_path, b"\x08\x09") == (
        "net.txt: reading an ONNX model needs onnx: python -m pip install 'pgsim[onnx]'"
    )
