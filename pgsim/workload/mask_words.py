"""Masks as 64-bit words: one bit per position, as they lie in a file and in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError, nearest
from pgsim.workload.layer import LayerShape
from pgsim.workload.problems import short

Words = npt.NDArray[np.uint64]

WORD = np.dtype("<u8")  # a mask word as it lies in the file, on any machine


def words_of(positions: int) -> int:
    """Return how many 64-bit words hold one bit per position."""
    return -(-positions // 64)


def bits_of(mask: Any, where: str) -> npt.NDArray[np.bool_]:
    """Return a mask of zeros and ones as bool, in its shape.

    `mask` is an array or a tensor of PyTorch, of bool or of numbers; a tensor may be on any device
    and carry a gradient. Raises InputError, that begins with `where`, for anything else.

    >>> bits_of(np.array([0.0, 1.0]), "layer 'fc'")
    array([False,  True])
    """
    try:
        given = mask.detach().cpu() if hasattr(mask, "detach") else np.asarray(mask)
        if given.dtype == np.bool_:
            return given
        bits = np.asarray(given == 1)  # before numpy sees it, which knows no bfloat16
        others = ~(bits | np.asarray(given == 0))
    except (TypeError, ValueError, RuntimeError):
        raise InputError(
            f"{where}: a mask is an array of zeros and ones, not {short(mask)}"
        ) from None
    if others.any():
        raise InputError(
            f"{where}: a mask is bool, or numbers that are all 0 or 1, not {given.dtype} with "
            f"{short(given[others].tolist()[0])}"
        )
    return bits


def pack_masks(masks: npt.NDArray[np.bool_]) -> Words:
    """Return masks (images, channels, positions) as read-only words (images, channels, words).

    >>> pack_masks(np.array([[[True, False, True]]]))
    array([[[5]]], dtype=uint64)
    """
    images, channels, positions = masks.shape
    rows = np.zeros((images, channels, 8 * words_of(positions)), dtype=np.uint8)
    rows[..., : -(-positions // 8)] = np.packbits(masks, axis=-1, bitorder="little")
    return read_only(rows.view(WORD))


def read_only(words: Words) -> Words:
    """Return the same words as an array through which nobody writes.

    Kernels are compiled for such alone, and not for both kinds.
    """
    view = words.view()
    view.flags.writeable = False
    return view


def padding_problem(shape: LayerShape, image: int, channel: int) -> str:
    """Return what is wrong with a row whose padding is set, in words."""
    return (
        f"image {image}, channel {channel}: padding bits after position "
        f"{shape.mask_positions - 1} are set"
    )


def packed_masks(
    masks: Mapping[str, npt.NDArray[Any]], shapes: Iterable[LayerShape], where: str
) -> dict[str, Words]:
    """Return the packed masks of all gated layers by name."""
    packed = {
        shape.name: pack_masks(_checked_mask(masks, shape, where))
        for shape in shapes
        if shape.masked
    }
    if extra := sorted(masks.keys() - packed.keys()):
        raise InputError(
            f"{where}: a mask is given for {extra[0]!r}, which is no gated layer."
            f"{nearest(extra[0], packed)}"
        )
    return packed


def _checked_mask(
    masks: Mapping[str, npt.NDArray[Any]], shape: LayerShape, where: str
) -> npt.NDArray[np.bool_]:
    """Return one layer's mask as bool (images, channels, positions)."""
    where = f"{where}: layer {shape.name!r}"
    if shape.name not in masks:
        raise InputError(f"{where}: gated, but no mask is given.{nearest(shape.name, masks)}")
    mask = bits_of(masks[shape.name], where)
    channels, size = shape.mask_channels, shape.mask_size
    flat = size[0] * size[1]
    if mask.shape[1:] not in {(channels, *axes) for axes in shape.kind.mask_axes(shape)}:
        raise InputError(
            f"{where}: a mask has shape (images, {channels}, {size[0]}, {size[1]}) or "
            f"(images, {channels}, {flat}), not {mask.shape}"
        )
    return mask.reshape(len(mask), channels, flat)
