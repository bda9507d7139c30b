"""Edits of a safetensors file: its header, its metadata, its tensors, with lengths that agree.

What would be refused at once, because a digest or an offset no longer fits, hides what lies behind
it. So most edits are followed by what a careful forger does: offsets and digests are made anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from random import Random
from typing import Any

from fuzz.mutators.json_edits import edited, renumbered
from fuzz.mutators.mutator import Mutator, Unfit
from fuzz.mutators.odd import ODD_KEYS, ODD_TEXTS
from fuzz.mutators.trees import edit, from_json, to_json

_SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2,
    "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8,
}  # fmt: skip
_LARGEST = 2**18  # items of all tensors that are made anew
_MOST_BYTES = 2**24  # of a tensor that an edit makes longer
_HONEST = 0.85  # the share of edits after which digests are made anew


@dataclass
class Tensor:
    """A tensor of a safetensors file."""

    dtype: str
    shape: list[int]
    data: bytes


@dataclass
class TensorFile:
    """A safetensors file in parts."""

    metadata: dict[str, str]
    tensors: dict[str, Tensor]


Expected = Callable[[dict[str, Any]], dict[str, tuple[str, list[int]]]]
"""From a manifest to the dtype and shape of each tensor; raises ValueError for a wrong one."""


def parse(data: bytes) -> TensorFile:
    """Return a file in parts; raises Unfit where it is none."""
    try:
        begin = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:begin])
        metadata = dict(header.pop("__metadata__", {}))
        tensors = {
            name: Tensor(each["dtype"], each["shape"], data[begin:][slice(*each["data_offsets"])])
            for name, each in header.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Unfit from None
    if not all(isinstance(text, str) for text in metadata.values()):
        raise Unfit
    if not all(_is_one(tensor) for tensor in tensors.values()):
        raise Unfit
    return TensorFile(metadata, tensors)


def _is_one(tensor: Tensor) -> bool:
    sides = tensor.shape if isinstance(tensor.shape, list) else [None]
    known = isinstance(tensor.dtype, str) and tensor.dtype in _SIZES
    return known and all(type(side) is int and side >= 0 for side in sides)


def render(file: TensorFile) -> bytes:
    """Return a file whose offsets are right."""
    header: dict[str, Any] = {"__metadata__": file.metadata} if file.metadata else {}
    data = b""
    for name, tensor in file.tensors.items():
        offsets = [len(data), len(data) + len(tensor.data)]
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": offsets}
        data += tensor.data
    return headed(json.dumps(header), data)


def headed(header: str, data: bytes) -> bytes:
    """Return a header, its length before it, and the data after it, which lie aligned."""
    encoded = header.encode("utf-8", "surrogatepass")
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded + data


@dataclass(frozen=True)
class Format:
    """What is particular to a kind of safetensors file.

    manifest: the key of its JSON manifest in the metadata. expected: what tensors it says there
    are. seal: makes digests anew. digests: their key, if there are some.
    """

    manifest: str
    expected: Expected
    seal: Callable[[TensorFile], None] = lambda _: None
    digests: str | None = None

    @property
    def edits(self) -> tuple[Mutator, ...]:
        """The mutators of such a file, those twice that leave most of it right."""
        often = (self.manifest_edit, self.tensor_edit, self.resized)
        others = (self.header_edit, self.metadata_edit, self.refitted)
        digests = () if self.digests is None else (self.digests_edit,)
        return (*often, *often, *others, *digests)

    def header_edit(self, rng: Random, data: bytes) -> bytes:
        """Change one thing of the header's JSON: a dtype, a shape, offsets, the metadata."""
        begin = 8 + int.from_bytes(data[:8], "little")
        try:
            tree = from_json(data[8:begin].decode())
        except (ValueError, RecursionError):
            raise Unfit from None
        return headed(to_json(edit(rng, tree), ascii_only=rng.random() < 0.5), data[begin:])

    def manifest_edit(self, rng: Random, data: bytes) -> bytes:
        """Change one thing of the manifest."""
        file = parse(data)
        file.metadata[self.manifest] = edited(rng, self._text(file))
        return self._sealed(rng, file)

    def digests_edit(self, rng: Random, data: bytes) -> bytes:
        """Change one thing of the digests, or leave them out."""
        file = parse(data)
        text = file.metadata.pop(self.digests or "", None)
        if text is None:
            raise Unfit
        if self.digests is not None and rng.random() < 0.8:
            file.metadata[self.digests] = edited(rng, text)
        return render(file)

    def metadata_edit(self, rng: Random, data: bytes) -> bytes:
        """Rename, drop or add a text of the metadata."""
        file = parse(data)
        name = rng.choice(list(file.metadata) or ["none"])
        text = file.metadata.pop(name, "")
        if rng.random() < 0.8:
            renamed = rng.choice((*ODD_KEYS, name, name, name))
            file.metadata[renamed] = rng.choice((*ODD_TEXTS, text))
        return render(file)

    def tensor_edit(self, rng: Random, data: bytes) -> bytes:
        """Change a tensor: its name, dtype, shape or data."""
        file = parse(data)
        if not file.tensors:
            raise Unfit
        rng.choice(_TENSOR_EDITS)(rng, file.tensors)
        return self._sealed(rng, file)

    def refitted(self, rng: Random, data: bytes) -> bytes:
        """Change the manifest, and make all tensors as that says they are."""
        file = parse(data)
        return self._refitted(rng, file, edited(rng, self._text(file)))

    def resized(self, rng: Random, data: bytes) -> bytes:
        """Change numbers of the manifest, which is often right still, and all tensors with them."""
        file = parse(data)
        return self._refitted(rng, file, renumbered(rng, self._text(file)))

    def _refitted(self, rng: Random, file: TensorFile, text: str) -> bytes:
        try:
            sizes = self.expected(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            raise Unfit from None
        sides = [side for _, shape in sizes.values() for side in shape]
        if not all(isinstance(side, int) and 0 <= side <= _LARGEST for side in sides):
            raise Unfit
        if sum(prod(shape) for _, shape in sizes.values()) > _LARGEST:
            raise Unfit
        filler = rng.choice((bytes(8), b"\x01" + bytes(7), rng.randbytes(8)))
        file.metadata[self.manifest] = text
        file.tensors = {
            name: Tensor(dtype, shape, _filled(filler, _SIZES[dtype] * prod(shape)))
            for name, (dtype, shape) in sizes.items()
        }
        return self._sealed(rng, file)

    def _sealed(self, rng: Random, file: TensorFile) -> bytes:
        if self.manifest in file.metadata and rng.random() < _HONEST:
            self.seal(file)
        return render(file)

    def _text(self, file: TensorFile) -> str:
        if not isinstance(text := file.metadata.get(self.manifest), str):
            raise Unfit
        return text


def _filled(pattern: bytes, size: int) -> bytes:
    return (pattern * (size // len(pattern) + 1))[:size]


Tensors = dict[str, Tensor]


def _rename(rng: Random, tensors: Tensors) -> None:
    name = rng.choice(list(tensors))
    tensor = tensors.pop(name)
    tensors[rng.choice((*ODD_TEXTS, name.upper(), name[:-1], f"{name}x"))] = tensor


def _drop(rng: Random, tensors: Tensors) -> None:
    del tensors[rng.choice(list(tensors))]


def _add(rng: Random, tensors: Tensors) -> None:
    size = rng.randrange(9)
    for number in range(rng.choice((1, 1, 500))):
        tensors[f"{rng.choice(ODD_KEYS)}{number}"] = Tensor("U8", [size], bytes(size))


def _retype(rng: Random, tensors: Tensors) -> None:
    """Call the same bytes by another dtype, and fit the last axis to it where that goes."""
    tensor = rng.choice(list(tensors.values()))
    before = _SIZES[tensor.dtype]
    tensor.dtype = rng.choice(list(_SIZES))
    if tensor.shape and rng.random() < 0.8:
        tensor.shape[-1] = tensor.shape[-1] * before // _SIZES[tensor.dtype]


def _reshape(rng: Random, tensors: Tensors) -> None:
    """Give the same bytes other axes."""
    tensor = rng.choice(list(tensors.values()))
    shape = tensor.shape
    size = prod(shape)
    shapes = (shape[::-1], [size], [1, *shape], [*shape, 1], [], [0, *shape[1:]], [size, 1, 1])
    tensor.shape = rng.choice(shapes)


def _resize(rng: Random, tensors: Tensors) -> None:
    """Make an axis longer or shorter, and the data with it."""
    tensor = rng.choice(list(tensors.values()))
    if not tensor.shape:
        raise Unfit
    axis = rng.randrange(len(tensor.shape))
    tensor.shape[axis] = max(0, tensor.shape[axis] + rng.choice((-8, -1, 1, 8)))
    size = _SIZES[tensor.dtype] * prod(tensor.shape)
    if size > _MOST_BYTES:  # an edit before has made it huge
        raise Unfit
    tensor.data = (tensor.data + rng.randbytes(size))[:size]


def _swap(rng: Random, tensors: Tensors) -> None:
    one, other = rng.choice(list(tensors.values())), rng.choice(list(tensors.values()))
    one.data, other.data = other.data, one.data


def _fill(rng: Random, tensors: Tensors) -> None:
    tensor = rng.choice(list(tensors.values()))
    fillers = (
        b"\x00",
        b"\xff",
        b"\x80",
        rng.randbytes(1),
        rng.randbytes(7),
        tensor.data[::-1] or b"\x01",
    )
    tensor.data = _filled(rng.choice(fillers), len(tensor.data))


def _flip(rng: Random, tensors: Tensors) -> None:
    tensor = rng.choice(list(tensors.values()))
    if tensor.data:
        place = rng.randrange(len(tensor.data))
        flipped = tensor.data[place] ^ 1 << rng.randrange(8)
        tensor.data = tensor.data[:place] + bytes([flipped]) + tensor.data[place + 1 :]


def _reorder(rng: Random, tensors: Tensors) -> None:
    names = list(tensors)
    rng.shuffle(names)
    for name in names:
        tensors[name] = tensors.pop(name)


_TENSOR_EDITS = (
    _rename,
    _drop,
    _add,
    _retype,
    _reshape,
    _resize,
    _swap,
    _fill,
    _flip,
    _reorder,
)
