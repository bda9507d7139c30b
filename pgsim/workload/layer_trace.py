"""A layer of a trace: its shape, and its gate masks as they lie in a file or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import InitVar, dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape
from pgsim.workload.mask_words import WORD, Words, padding_problem, read_only, words_of
from pgsim.workload.operands import LayerOperands

_CHUNK_WORDS = 2**20  # words looked at together where all of a mask is read: 8 MiB


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """One layer's shape and gate masks.

    A mask's bits are its positions in raster order, least significant bit first, padded with zeros
    to whole words.

    Attributes
    ----------
    shape : LayerShape
        Geometry and widths.
    shards : tuple of uint64 arrays (images, mask_channels, words)
        Read-only masks, one array a file; a layer without a gate has none.
    verify : bool
        Whether padding is looked at when the object is made, which reads the last word of each row.
    operands : LayerOperands, optional
        Its integers, of the images of the masks.

    Raises
    ------
    InputError
        Naming the layer, where masks are not of that shape and dtype, and where padding is set.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> conv2 = load_trace("digits_pg_4_2").layers[1]
    >>> conv2.unpack(0, 10).shape
    (10, 32, 64)
    """

    shape: LayerShape
    shards: tuple[Words, ...] = ()
    verify: InitVar[bool] = True
    operands: LayerOperands | None = None

    def __post_init__(self, verify: bool) -> None:
        where = f"layer {self.shape.name!r}"
        if not isinstance(self.shards, tuple):
            raise InputError(
                f"{where}: shards should be a tuple of arrays, not {type(self.shards).__name__}"
            )
        if bool(self.shards) != self.shape.masked:
            has = "has no masks" if self.shards else "needs masks"
            raise InputError(f"{where}: a layer of gate {self.shape.gate!r} {has}")
        for words in self.shards:
            self._check_words(words, where)
        if verify and (row := next(self.set_padding(), None)):
            raise InputError(f"{where}, {padding_problem(self.shape, *row)}")

    def _check_words(self, words: object, where: str) -> None:
        rows = (self.shape.mask_channels, words_of(self.shape.mask_positions))
        if not isinstance(words, np.ndarray):
            found = type(words).__name__
        elif words.dtype == WORD and words.ndim == 3 and words.shape[1:] == rows:
            return
        else:
            found = f"{words.dtype} {words.shape}"
        raise InputError(
            f"{where}: masks should be uint64 (images, {rows[0]}, {rows[1]}), which are images, "
            f"channels and words of 64 positions, not {found}"
        )

    @property
    def images(self) -> int:
        """Images that the masks cover; 0 for a layer without a gate."""
        return sum(len(shard) for shard in self.shards)

    def mask_words(self, start: int = 0, stop: int | None = None) -> Words:
        """Return the masks of images `start` to `stop`, packed, a bit a position.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Returns
        -------
        uint64 array (images, mask_channels, words)
            Read-only, and a view without a copy where one shard holds them all.

        Raises
        ------
        InputError
            For a layer without a gate.
        """
        parts = self.mask_parts(start, stop)
        if len(parts) == 1:
            return parts[0]
        joined = np.concatenate(parts) if parts else self.shards[0][:0]
        return read_only(joined)

    def mask_parts(self, start: int = 0, stop: int | None = None) -> tuple[Words, ...]:
        """Return the same without a copy, in an array for each shard that has some of them.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Returns
        -------
        tuple of uint64 arrays (images, mask_channels, words)
            Read-only views; none where there are no images.

        Raises
        ------
        InputError
            For a layer without a gate.
        """
        if not self.shards:
            raise InputError(f"layer {self.shape.name!r} has gate 'none', so it has no mask")
        begin, end, _ = slice(start, stop).indices(self.images)
        parts, first = [], 0
        for shard in self.shards:
            low, high = max(begin - first, 0), min(end - first, len(shard))
            if low < high:
                parts.append(shard[low:high])
            first += len(shard)
        return tuple(parts)

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[Words]:
        """Yield `mask_words` of those images in pieces that fit in memory whatever the trace.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Yields
        ------
        uint64 array (images, mask_channels, words)
            Of some images each, in order; none for a layer without a gate.
        """
        begin, end, _ = slice(start, stop).indices(self.images)
        step = self._chunk_images
        for first in range(begin, end, step):
            yield self.mask_words(first, min(first + step, end))

    @property
    def _chunk_images(self) -> int:
        words = self.shape.mask_channels * words_of(self.shape.mask_positions)
        return max(1, _CHUNK_WORDS // words)

    def stored(self, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
        """Yield the masks of those images as they lie in a file, in pieces that fit in memory.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Yields
        ------
        memoryview
            Of little-endian words; none for a layer without a gate.
        """
        for words in self.chunks(start, stop) if self.shards else ():
            yield np.ascontiguousarray(words, dtype=WORD).reshape(-1).data

    def set_padding(self) -> Iterator[tuple[int, int]]:
        """Yield the rows of the masks whose padding bits are not all zeros.

        Only the last word of each row is read.

        Yields
        ------
        tuple of int
            Image and channel.
        """
        used = self.shape.mask_positions % 64
        padding = WORD.type(2**64 - 2**used)
        step, first = self._chunk_images, 0
        for shard in self.shards if used else ():
            for start in range(0, len(shard), step):
                last = shard[start : start + step, :, -1]
                for image, channel in np.argwhere(last & padding).tolist():
                    yield first + start + image, channel
            first += len(shard)

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that are the same for the same masks, however many shards hold them.

        The SHA-256 of the dimensions (images, mask_channels, words), each a little-endian 64-bit
        integer, and of all words as they lie in a file. Of the shape nothing enters: it is the key
        of work that asks the masks alone. All masks are read, once.
        """
        rows = self.shards[0].shape[1:] if self.shards else (0, 0)
        size = np.array([self.images, *rows], dtype=WORD).tobytes()
        digest = sha256(size)
        for piece in self.stored():
            digest.update(piece)
        return digest.digest()

    def density(self, start: int = 0, stop: int | None = None) -> float:
        """Return the mean of the mask over images `start` to `stop`.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Returns
        -------
        float
            NaN without a gate or an image.
        """
        ones, positions = self._ones(start, stop)
        return int(ones.sum()) / (len(ones) * positions) if positions else float("nan")

    def channel_density(self, start: int = 0, stop: int | None = None) -> npt.NDArray[np.float64]:
        """Return each channel's mean of the mask over images `start` to `stop`.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Returns
        -------
        float64 array (mask_channels,)
            Empty for a layer without a gate; NaN where there is no image.
        """
        ones, positions = self._ones(start, stop)
        return ones / positions if positions else np.full(len(ones), np.nan)

    def _ones(self, start: int, stop: int | None) -> tuple[npt.NDArray[np.int64], int]:
        """Return how many bits are set per channel, and of how many."""
        ones = np.zeros(self.shape.mask_channels if self.shards else 0, dtype=np.int64)
        images = 0
        if self.shards:
            for words in self.chunks(start, stop):
                ones += np.bitwise_count(words).sum(axis=(0, 2), dtype=np.int64)
                images += len(words)
        return ones, images * self.shape.mask_positions

    def unpack(self, start: int = 0, stop: int | None = None) -> npt.NDArray[np.bool_]:
        """Return the masks of images `start` to `stop`, a bool a position.

        Parameters
        ----------
        start, stop : int
            A slice of the images, by default all.

        Returns
        -------
        bool array (images, mask_channels, positions)
            Positions are in raster order.

        Raises
        ------
        InputError
            For a layer without a gate.
        """
        data = np.ascontiguousarray(self.mask_words(start, stop), dtype=WORD).view(np.uint8)
        count = self.shape.mask_positions
        return np.unpackbits(data, axis=-1, bitorder="little", count=count).view(np.bool_)
