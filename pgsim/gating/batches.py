"""The batches that a capture is given: tensors of images, or what certainly holds one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pgsim.errors import InputError
from pgsim.workload.problems import short

_EXPECTED = "expected a Tensor, images on its first axis, or (images, labels) as a DataLoader gives"


def batches_in(batches: Any) -> Iterable[Any]:
    """Return the batches; raises InputError for what is none, such as a single Tensor."""
    if isinstance(batches, Tensor) or hasattr(batches, "__array__"):
        raise InputError(
            f"batches are one array of shape {tuple(np.shape(batches))}: expected an iterable of "
            "batches, such as images.split(100), or [images] for a single one."
        )
    if isinstance(batches, str | bytes | Mapping) or not isinstance(batches, Iterable):
        raise InputError(f"batches are {short(batches)}: expected an iterable of Tensors.")
    return batches


def images_in(batches: Iterable[Any]) -> Iterator[Tensor]:
    """Yield the images of each batch that has any; raises InputError where it cannot be told."""
    for number, batch in enumerate(batches, start=1):
        images = images_of(batch, f"batch {number}")
        if len(images):
            yield images


def images_of(batch: object, where: str) -> Tensor:
    """Return the images of one batch; raises InputError, that begins with `where`.

    Of a list or tuple they are the first, if the rest has one label an image.
    """
    images = batch
    if isinstance(batch, list | tuple) and batch:
        images, *labels = batch
        if isinstance(images, Tensor) and not all(_labels(each, images) for each in labels):
            raise InputError(
                f"{where}: is a {type(batch).__name__} of {len(batch)}, in which not one label an "
                f"image follows the images: {_EXPECTED}. Where the first are the images, give "
                "(images for images, *_ in batches)."
            )
    if not isinstance(images, Tensor):
        hint = " torch.from_numpy gives one." if hasattr(batch, "__array__") else ""
        raise InputError(f"{where}: is a {type(batch).__name__}: {_EXPECTED}.{hint}")
    if images.is_meta:
        raise InputError(
            f"{where}: is a Tensor on the meta device, which has no values to gate by: {_EXPECTED}."
        )
    if images.layout != torch.strided or images.dim() == 0:
        raise InputError(
            f"{where}: is a Tensor of layout {images.layout} and shape {tuple(images.shape)}: "
            f"{_EXPECTED}."
        )
    return images


def _labels(each: object, images: Tensor) -> bool:
    """Say whether something has one label for each image, as a tensor or a list of them."""
    if isinstance(each, Tensor):
        return each.dim() == 1 and each.shape == images.shape[:1]
    return isinstance(each, list | tuple) and images.dim() > 0 and len(each) == len(images)
