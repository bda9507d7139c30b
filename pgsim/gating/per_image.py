"""Is a layer's work the same for every image? It is run on another number of them to see.

From one batch nobody can tell: ten rows may be two tokens of five images, or ten classes that are
the same for any image, and of five images of five tokens the axes may be exchanged. In another
number of images the work of each is what it was, and anything else has grown or shrunk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape

Seen = TypeVar("Seen")


def of_another_batch(
    run: Callable[[nn.Module, Tensor], Seen], model: nn.Module, batch: Tensor
) -> tuple[Seen, int]:
    """Return what `run` gives of another number of images, and that number: two, or three.

    One image is avoided, because an axis of one is easily lost. It runs on a copy of the model, so
    that what a module keeps of its last batch stays, and PyTorch's random numbers go on as if it
    had not run. Raises InputError where the model fails.
    """
    images = 3 if len(batch) == 2 else 2
    others = batch[torch.arange(images, device=batch.device) % len(batch)]
    devices = [] if batch.device.type == "cpu" else [batch.device]
    kind = batch.device.type if devices else "cuda"
    try:
        with torch.random.fork_rng(devices, device_type=kind):
            return run(_copied(model), others), images
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"the model runs on {len(batch)} images and fails on {images} ({error}): it is run on "
            "both, to see which axis of each layer's input the images are on. Let it take batches "
            "of any number."
        ) from error


class _Detached(TorchFunctionMode):
    """While it is entered, tensors are copied without their graphs, which have no copy."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function of PyTorch."""
        if func is Tensor.__deepcopy__:
            return args[0].detach().clone()
        return func(*args, **(kwargs or {}))


def _copied(model: nn.Module) -> nn.Module:
    """Return a copy of a model without hooks of its own, or itself where it cannot be copied."""
    try:
        with _Detached():
            copied = deepcopy(model)
    except Exception:  # whatever modules of others may hold
        return model
    copied._forward_pre_hooks.clear()  # who counts or shows batches there did not ask for this one
    copied._forward_hooks.clear()
    return copied


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
