"""The header of a safetensors file, as traces and what lies beside them are read.

A file is 8 bytes of header length, a JSON header, and the tensors one after the other. The
safetensors library reads it; what it lets pass in silence is refused here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from pgsim.errors import InputError
from pgsim.files import FileState, opened, require_same
from pgsim.workload.strict_json import parse_json

Shape = tuple[int, ...]

_LENGTH_BYTES = 8
_LARGEST_HEADER = 2**24  # bytes: far beyond the largest manifest, and read in a moment


class TensorFile(NamedTuple):
    """A mapped safetensors file.

    state: of the file that is mapped. metadata: texts by key. tensors: dtype and shape by name, in
    the order of the data. data: all tensors, uint8, read-only, as they lie in the file.
    """

    state: FileState
    metadata: dict[str, str]
    tensors: dict[str, tuple[str, Shape]]
    data: npt.NDArray[np.uint8]


def map_tensors(path: Path, kind: str) -> TensorFile:
    """Return a file's header, and its tensors without reading them.

    Raises InputError, which names the file and says what `kind` it should be, where it is no
    regular file, no safetensors file, has a key twice, or is changed while it is read.
    """
    with opened(path) as file:
        state = FileState.of(file.fileno())
        try:
            mapped = np.asarray(np.memmap(file, dtype=np.uint8, mode="r"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: not a readable {kind} file: {error}") from None
    header_bytes = int.from_bytes(mapped[:_LENGTH_BYTES].tobytes(), "little")
    if _LARGEST_HEADER < header_bytes <= len(mapped):
        raise InputError(
            f"{path}: not a readable {kind} file: its header has {header_bytes:,} bytes, at most "
            f"{_LARGEST_HEADER:,} are read"
        )
    metadata, tensors = _header(path, kind)
    require_same(path, state)
    data = mapped[_LENGTH_BYTES + header_bytes :]
    parse_json(mapped[_LENGTH_BYTES:][:header_bytes].tobytes(), f"{path}: its header")
    return TensorFile(state, metadata, tensors, data)


def _header(path: Path, kind: str) -> tuple[dict[str, str], dict[str, tuple[str, Shape]]]:
    try:
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.offset_keys()}
            tensors = {
                name: (str(part.get_dtype()), tuple(part.get_shape()))
                for name, part in slices.items()
            }
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{path}: not a readable {kind} file, perhaps cut short: {_line(error)}"
        ) from None


def _line(error: Exception) -> str:
    return str(error).replace("\n", " ")[:200]
