"""CIFAR-10 from one file of JPEGs: decoded once and kept, shuffled, shifted and mirrored."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

MARGIN = 4  # pixels that a training image is moved by at most, each way


@dataclass(frozen=True)
class Images:
    """Pixels, uint8 (n, 3, 32, 32), and labels, int64 (n,)."""

    pixels: Tensor
    labels: Tensor

    def first(self, images: int) -> Images:
        """Return the first of the images."""
        return Images(self.pixels[:images], self.labels[:images])


def cifar10(data: Path, cache: Path) -> tuple[Images, Images]:
    """Return the 50,000 training and the 10,000 test images of a file of JPEGs, in its order.

    `data` is an .npz with `{train,test}_jpeg`, `{train,test}_offsets` and `{train,test}_labels`;
    the decoded pixels are kept in the folder `cache`.
    """
    return cifar10_split(data, "train", cache), cifar10_split(data, "test", cache)


def cifar10_split(data: Path, split: Literal["train", "test"], cache: Path) -> Images:
    """Return one split, as `cifar10` does."""
    arrays = np.load(data, allow_pickle=False)
    labels = torch.from_numpy(arrays[f"{split}_labels"].astype(np.int64))
    decoded = cache / f"cifar10_{split}_{data.stat().st_size}.npy"  # of this file, by its size
    if not decoded.exists():
        pixels = _decoded(arrays[f"{split}_jpeg"], arrays[f"{split}_offsets"])
        partly = decoded.with_suffix(f".{os.getpid()}.npy")  # another process may be at it too
        np.save(partly, pixels)
        partly.replace(decoded)
    return Images(torch.from_numpy(np.load(decoded)), labels)


def _decoded(jpeg: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    pixels = np.empty((len(offsets) - 1, 3, 32, 32), dtype=np.uint8)
    for number, (start, stop) in enumerate(pairwise(offsets)):
        image = Image.open(io.BytesIO(jpeg[start:stop].tobytes()))
        pixels[number] = np.asarray(image).transpose(2, 0, 1)
    return pixels


def as_input(pixels: Tensor) -> Tensor:
    """Return pixels as a network takes them: float32 in [0, 1], whose 8-bit integers they are."""
    return pixels.to(memory_format=torch.channels_last).float() / 255


def augmented(
    images: Images, batch_images: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield one epoch in batches of inputs and labels: shuffled, shifted, half of them mirrored.

    The last, incomplete batch is left out. `generator` decides everything.
    """
    order = torch.randperm(len(images.labels), generator=generator)
    for chosen in order.split(batch_images)[: len(order) // batch_images]:
        pixels = F.pad(images.pixels[chosen], (MARGIN,) * 4)
        offsets = torch.randint(2 * MARGIN + 1, (len(chosen), 2), generator=generator)
        shifted = torch.stack(
            [
                image[:, y : y + 32, x : x + 32]
                for image, (y, x) in zip(pixels, offsets.tolist(), strict=True)
            ]
        )
        mirrored = torch.rand(len(chosen), generator=generator) < 0.5
        shifted[mirrored] = shifted[mirrored].flip(-1)
        yield as_input(shifted), images.labels[chosen]
