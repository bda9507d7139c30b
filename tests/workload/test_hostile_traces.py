"""Small files that would do harm: each is refused at once, in a short sentence."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from trace_cases import as_version_1, header_of, rewrite, tell, tiny_trace

from pgsim.errors import InputError
from pgsim.masks import load_margins
from pgsim.workload import load_operands
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace

LAYER = {
    "name": "c",
    "op": "linear",
    "in_channels": 4,
    "out_channels": 2,
    "positions": 70,
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
    "gate": "output",
}
UNGATED = {**LAYER, "gate": "none", "msb_bits": 4}
ABOUT = {
    "format_version": 1,
    "model": "m",
    "dataset": "d",
    "mask_source": "synthetic",
    "images": 1,
    "accuracy": {},
    "provenance": {},
    "layers": [LAYER],
}


def _tensor(number: int = 0) -> dict[str, Any]:
    """A mask of one image of LAYER, as a header has it."""
    return {"dtype": "U8", "shape": [1, 2, 16], "data_offsets": [32 * number, 32 * number + 32]}


def _written(
    path: Path, manifest: str | dict[str, Any], tensors: dict[str, Any] | str | None = None
) -> Path:
    """A file of a manifest and tensors of zeros, which need not be possible."""
    tensors = {"c.gate_mask": _tensor()} if tensors is None else tensors
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    body = tensors if isinstance(tensors, str) else json.dumps(tensors, ensure_ascii=False)
    metadata = json.dumps({"pgsim": text}, ensure_ascii=False)
    encoded = f'{{"__metadata__": {metadata}, {body[1:]}'.replace(", }", "}").encode()
    encoded += b" " * (-len(encoded) % 8)
    count = 1 if isinstance(tensors, str) else len(tensors)
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + bytes(32 * count))
    return path


def _refused(path: Path, *, seconds: float = 3) -> str:
    """Why a file is refused: by loading and by checking it alike, and at once."""
    before = time.process_time()
    with pytest.raises(InputError) as caught:
        load_trace(path)
    message = str(caught.value)
    assert check_trace(path) == [message]
    assert time.process_time() - before < 2 * seconds
    assert len(message) < 1000 + 2 * len(str(path))
    assert message.isprintable()
    return message


def test_the_small_file_is_a_trace(tmp_path: Path) -> None:
    assert load_trace(_written(tmp_path / "t.safetensors", ABOUT)).images == 1


@pytest.mark.parametrize(
    ("manifest", "tensors", "message"),
    [
        (
            {**ABOUT, "images": 10**9, "layers": [UNGATED]},
            {},
            "'images': .* 2097152, not 1000000000",
        ),
        (
            {**ABOUT, "layers": [{**UNGATED, "out_channels": 2**24, "positions": 2**24}]},
            {},
            "layer 'c': out_channels 16777216 of 16777216 x 1 an image are more elements than",
        ),
        (
            {**ABOUT, "layers": [{**UNGATED, "name": f"l{i}"} for i in range(20_000)]},
            {},
            "'layers': List should have at most 8192 items",
        ),
        (
            {**ABOUT, "images": 2**21, "layers": [{**UNGATED, "name": f"l{i}"} for i in range(5)]},
            {},
            "'images' 2,097,152 of 5 'layers' are more than pgsim counts",
        ),
        ({**ABOUT, "images": 2**40}, None, "'images': "),
        ({**ABOUT, "model": "m" * 10**6}, None, "'model': String should have at most 1000"),
        ({**ABOUT, "m" * 10**6: 1}, None, "unknown field 'mmm"),
        ({**ABOUT, **{f"m{i}": i for i in range(10**4)}}, None, "and 9990 problems more"),
        ({**ABOUT, "layers": [{**LAYER, "name": "n" * 10**6}]}, None, "at most 256 characters"),
        ({**ABOUT, "accuracy": {"top1": "x" * 10**6}}, None, "'accuracy.top1'"),
        (
            {**ABOUT, "accuracy": {f"{'k' * 1000}{i}": None for i in range(1000)}},
            None,
            "and 990 problems more",
        ),
    ],
)
def test_sizes_are_bounded(
    tmp_path: Path, manifest: dict[str, Any], tensors: dict[str, Any] | None, message: str
) -> None:
    path = _written(tmp_path / "t.safetensors", manifest, tensors)
    assert re.search(message, _refused(path))


def test_a_conv_that_reads_more_than_pgsim_counts_is_refused(tmp_path: Path) -> None:
    # 2^24 x 2^24 pixels, of which a stride as large leaves one output.
    huge = {
        **{field: UNGATED[field] for field in UNGATED if field != "positions"},
        "op": "conv2d",
        "in_size": [2**24, 2**24],
        "kernel": [1, 1],
        "stride": [2**24, 2**24],
    }
    path = _written(tmp_path / "t.safetensors", {**ABOUT, "layers": [huge]}, {})
    assert "in_channels 4 of 16777216 x 16777216 an image are more elements" in _refused(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"in_channels": 4', '"in_channels": 400, "in_channels": 4', "'in_channels' twice"),
        ('"images": 1', '"images": 1, "images": 1', "the key 'images' twice"),
        ('"provenance": {}', '"provenance": {"t": Infinity}', "holds Infinity"),
        ('"provenance": {}', '"provenance": {"t": [NaN]}', "holds NaN"),
        ('"provenance": {}', '"provenance": {"t": -1e999}', "holds the number -1e999"),
        ('"accuracy": {}', '"accuracy": {"t": 1e999}', "holds the number 1e999"),
        ('"provenance": {}', '"provenance": {"t": "\\ud800"}', "is not JSON"),
        ('"name": "c"', '"name": "\\udc41"', "is not JSON"),
        ('"name": "c"', '"name": "a\\u202eb"', "expected a non-empty name of printable"),
        ('"name": "c"', '"name": "a\\u001b[31mb"', "expected a non-empty name of printable"),
        ('"name": "c"', '"name": "a\\nb"', "expected a non-empty name of printable"),
        ('"name": "c"', '"name": "a\\u0000"', "expected a non-empty name of printable"),
        ('"name": "c"', '"name": "a\\u2028"', "expected a non-empty name of printable"),
        ('"name": "c"', '"name": " "', "expected a non-empty name of printable"),
        ('"provenance": {}', '"provenance": ' + '{"a": ' * 900 + "{}" + "}" * 900, "is not JSON"),
    ],
)
def test_manifests_are_read_strictly(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = json.dumps(ABOUT)
    assert text.count(old) == 1
    path = _written(tmp_path / "t.safetensors", text.replace(old, new))
    assert message in _refused(path)


@pytest.mark.parametrize("name", ["漢→", "a b", "Ω.weight", "=cmd|' /C calc'!A0", "[red]x[/]", "é"])
def test_any_printable_name_is_a_layers_name(tmp_path: Path, name: str) -> None:
    path = _written(
        tmp_path / "t.safetensors",
        {**ABOUT, "layers": [{**LAYER, "name": name}]},
        {f"{name}.gate_mask": _tensor()},
    )
    trace = load_trace(path)
    assert trace.layers[0].shape.name == name
    save_trace(trace, tmp_path / "again")
    assert load_trace(tmp_path / "again").layers[0].shape.name == name


def test_a_tensor_or_a_key_of_the_header_twice_is_refused(tmp_path: Path) -> None:
    tensor = json.dumps(_tensor())
    body = f'{{"c.gate_mask": {tensor}, "c.gate_mask": {tensor}}}'
    path = _written(tmp_path / "t.safetensors", ABOUT, body)
    assert "its header holds the key 'c.gate_mask' twice" in _refused(path)
    path = _written(tmp_path / "t.safetensors", ABOUT)
    data = path.read_bytes()
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    twice = header.replace(b'"__metadata__": {', b'"__metadata__": {"pgsim": "{}", ', 1)
    path.write_bytes(len(twice).to_bytes(8, "little") + twice + data[-32:])
    assert "its header holds the key 'pgsim' twice" in _refused(path)


def test_digests_twice_are_refused(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    header = header_of(path)
    digests = header["__metadata__"]["pgsim_sha256"]
    header["__metadata__"]["pgsim_sha256"] = digests.replace("{", '{"manifest": "", ', 1)
    rewrite(path, header)
    assert "metadata 'pgsim_sha256' holds the key 'manifest' twice" in _refused(path)


@pytest.mark.parametrize("name", ["\x1b[31mred", "\u202eright to left", "line\nline", "x" * 10**5])
def test_names_of_tensors_are_shown_short_and_harmless(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / "t.safetensors", ABOUT, {"c.gate_mask": _tensor(), name: _tensor(1)})
    assert "is of no gated layer in the manifest" in _refused(path)
    path = _written(tmp_path / "t.safetensors", ABOUT, {name: _tensor()})
    assert "layer 'c': tensor 'c.gate_mask' is missing" in _refused(path)


def test_a_header_far_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    with path.open("wb") as file:
        file.write((2**24 + 8).to_bytes(8, "little") + b"{}")
        file.truncate(2**24 + 16)  # a hole, which needs no disk
    assert "its header has 16,777,224 bytes, at most 16,777,216 are read" in _refused(path)


def test_a_file_cut_short_while_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgsim.workload import tensor_file

    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    header = tensor_file._header

    def cut(*arguments: Any) -> Any:
        found = header(*arguments)
        os.truncate(path, path.stat().st_size - 8)
        return found

    monkeypatch.setattr(tensor_file, "_header", cut)
    with pytest.raises(InputError, match="was changed while it was read: try again"):
        load_trace(path)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


UNUSUAL: dict[str, tuple[Callable[[Path], Any], str]] = {
    "folder": (Path.mkdir, "a folder, not a file"),
    "pipe": (_pipe, "a pipe, not a file"),
    "link to a pipe": (_link_to_a_pipe, "a pipe, not a file"),
    "device": (_device, "a device, not a file"),
    "loop": (_loop, "cannot be read: Too many levels of symbolic links"),
    "dangling": (_dangling, "cannot be read: No such file"),
}


@pytest.fixture(params=["", ".operands", ".margins"])
def load(request: pytest.FixtureRequest) -> tuple[str, Callable[[Path], object]]:
    loads = {"": load_trace, ".operands": load_operands, ".margins": load_margins}
    return f"t{request.param}.safetensors", loads[request.param]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
@pytest.mark.parametrize("kind", UNUSUAL)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, kind: str, load: tuple[str, Callable[[Path], object]]
) -> None:
    make, message = UNUSUAL[kind]
    path = tmp_path / load[0]
    make(path)
    if kind in ("dangling", "loop") and load[0] != "t.safetensors":
        message = "no such file"
    with pytest.raises(InputError, match=message) as caught:
        load[1](path)
    assert str(caught.value).startswith(str(path))


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("t.safetensors")
        yield tmp_path / "t.safetensors"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets with names")
def test_a_socket_is_refused(listening: Path) -> None:
    with pytest.raises(InputError, match="a socket, not a file"):
        load_trace(listening)
    with pytest.raises(InputError, match="cannot be written: it is a socket"):
        save_trace(tiny_trace(), listening)


def test_every_shard_is_looked_at(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    paths[1].unlink()
    os.mkfifo(paths[1])
    with pytest.raises(InputError, match=r"00002-of-00002.*: a pipe, not a file"):
        load_trace(tmp_path / "tiny")


def test_an_edited_manifest_of_version_1_is_found(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    as_version_1(path, digests=True)
    tell(path, provenance={"edited": True})
    with pytest.raises(InputError, match="the manifest was changed"):
        load_trace(path)
