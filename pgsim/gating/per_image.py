"""Is a layer's work the same for every image? It is run on another number of them to see.

From one batch nobody can tell: ten rows may be two tokens of five images, or ten classes that are
the same for any image, and of five images of five tokens the axes may be exchanged. In another
number of images the work of each is what it was, and anything else has grown or shrunk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape

Seen = TypeVar("Seen")


def of_another_batch(run: Callable[[Tensor], Seen], batch: Tensor) -> tuple[Seen, int]:
    """Return what `run` gives of another number of images, and that number: two, or three.

    One image is avoided, because an axis of one is easily lost. PyTorch's random numbers go on
    as if this had not run. Raises InputError where the model fails.
    """
    images = 3 if len(batch) == 2 else 2
    others = batch[torch.arange(images, device=batch.device) % len(batch)]
    devices = [] if batch.device.type == "cpu" else [batch.device]
    kind = batch.device.type if devices else "cuda"
    try:
        with torch.random.fork_rng(devices, device_type=kind):
            return run(others), images
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"the model runs on {len(batch)} images and fails on {images} ({error}): it is run on "
            "both, to see which axis of each layer's input the images are on. Let it take batches "
            "of any number."
        ) from error


def require_same(
    layers: Sequence[LayerShape], images: int, others: Sequence[LayerShape], other_images: int
) -> None:
    """Raise InputError where a layer has other work an image in another number of images."""
    again = {layer.name: layer for layer in others}
    for layer in layers:
        other = again.pop(layer.name, None)
        if other is None:
            raise InputError(
                f"layer {layer.name!r} ran on {images} images and not on {other_images}: {_WHY}"
            )
        if other != layer:
            raise InputError(
                f"layer {layer.name!r} has {_work(layer)} in a batch of {images} images, and "
                f"{_work(other)} in one of {other_images}: {_WHY} Are images on another axis than "
                "the first, or is it computed once a batch?"
            )
    if again:
        raise InputError(
            f"layer {next(iter(again))!r} ran on {other_images} images and not on {images}: {_WHY}"
        )


_WHY = "its work has to be the same for every image."


def _work(layer: LayerShape) -> str:
    return f"{layer.kind.words(layer)} {layer.kind.extent(layer)} an image"
