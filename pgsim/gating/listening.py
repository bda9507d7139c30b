"""Hear of each layer that runs: what it ran on, and what its gates decided."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.forward_locals import local_kept
from pgsim.gating.forwards import Forward, plain_name, wrapped_forward
from pgsim.gating.modules import Gate
from pgsim.workload.gates import GATE_KINDS

Keep: TypeAlias = "Callable[[str, nn.Module, Tensor, Tensor | None], None]"
"""Called each time a layer ran, with its name, itself, its input, its mask (None: no gate)."""


@contextmanager
def listening(model: nn.Module, gates: Mapping[str, Gate], keep: Keep) -> Iterator[None]:
    """Call `keep` each time a layer in `gates` ran; run in eval mode, without gradients."""
    modes = [(each, each.training) for each in model.modules() if hasattr(each, "training")]
    with ExitStack() as stack:
        for name, gate in gates.items():
            stack.enter_context(_listening_to(name, model.get_submodule(name), gate, keep))
        model.eval()
        try:
            with _as_written(), torch.no_grad():
                yield
        finally:
            for module, training in modes:
                module.training = training


@contextmanager
def _as_written() -> Iterator[None]:
    """Run every module by its `forward`: compiled and fused code calls none of those within it."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.compiler.set_stance("force_eager"):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


@contextmanager
def _listening_to(name: str, layer: nn.Module, gate: Gate, keep: Keep) -> Iterator[None]:
    with ExitStack() as stack:
        mask_of: Callable[[], object] = partial(getattr, layer, gate.attribute, None)
        if gate.local_variable is not None and gate.msb_bits is not None:
            mask_of = stack.enter_context(local_kept(layer, gate.local_variable))

        def wrap(forward: Forward) -> Forward:
            def heard(*args: Any, **kwargs: Any) -> Any:
                output = forward(*args, **kwargs)
                x = _input_of(plain_name(name), forward, args, kwargs)
                mask = None
                if gate.msb_bits is not None:
                    inputs = GATE_KINDS[gate.gates].gates_inputs
                    gated = _one_channel(layer, x) if inputs else output
                    mask = _checked(plain_name(name), gate, mask_of(), gated)
                    _check_numbers(plain_name(name), x)
                keep(name, layer, x, mask)
                return output

            return heard

        stack.enter_context(wrapped_forward(layer, wrap))
        yield


def _input_of(
    name: str, forward: Forward, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Tensor:
    """Return the first argument of a layer's call, by place or by keyword."""
    first = next(iter(inspect.signature(forward).parameters), "")
    x = args[0] if args else kwargs.get(first)
    if not isinstance(x, Tensor):
        raise InputError(f"layer {name!r}: expected its input, a Tensor, as its first argument.")
    return x


def _check_numbers(name: str, x: Tensor) -> None:
    if x.isnan().any():
        raise InputError(
            f"layer {name!r}: its input holds NaN, of which a gate decides nothing: look for it in "
            "the batch, then in the layers before this one."
        )


def _one_channel(layer: nn.Module, x: Tensor) -> Tensor:
    """Return the first channel of a layer's input, of the shape that a mask of its pixels has."""
    return x[..., :1] if isinstance(layer, nn.Linear) else x[:, :1]


def _checked(name: str, gate: Gate, mask: object, gated: Tensor) -> Tensor:
    """Return a mask as bool; raises InputError where it is no mask of what it gates."""
    place = (
        f"attribute {gate.attribute!r} of the module"
        if gate.local_variable is None
        else f"local variable {gate.local_variable!r} of its forward"
    )
    if not isinstance(mask, Tensor):
        raise InputError(f"layer {name!r}: {place} holds no mask after a forward pass.")
    if mask.shape != gated.shape:
        raise InputError(
            f"layer {name!r}: {place} has shape {tuple(mask.shape)}, expected that of the layer's "
            f"{GATE_KINDS[gate.gates].masks('input pixels', 'output')}, {tuple(gated.shape)}."
        )
    decided: Tensor = mask.detach() != 0
    if mask.dtype != torch.bool and not torch.equal(decided.to(mask.dtype), mask.detach()):
        raise InputError(f"layer {name!r}: {place} is no mask: it should hold 0 and 1 only.")
    return decided


def channels_first(layer: nn.Module, mask: Tensor) -> NDArray[np.bool_]:
    """Return a mask as (images, channels, height, width) or (images, channels, positions)."""
    if isinstance(layer, nn.Linear):
        if mask.dim() == 1:  # features alone, which are refused with the shape of their input
            mask = mask[None]
        mask = mask.reshape(len(mask), -1, mask.shape[-1]).transpose(1, 2)
    array: NDArray[np.bool_] = mask.cpu().numpy()
    return array
