"""The layers of a plain PyTorch network, without gates, from what it multiplies in one forward."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from pgsim.errors import InputError
from pgsim.gating.activations import Activations
from pgsim.gating.forwards import plain_name, running
from pgsim.gating.listening import listening
from pgsim.gating.plain_flow import PlainFlow, attentions
from pgsim.gating.recurrences import Recurrences
from pgsim.gating.work import require_known
from pgsim.workload.layer import LayerShape
from pgsim.workload.layers import layers_as_run

_Call = tuple[tuple[Any, ...], dict[str, Any]]  # what a model is called with, by place and by name


def shapes(
    model: nn.Module,
    example: Tensor | Sequence[Any] | Mapping[str, Any],
    *,
    activation_bits: int = 8,
    weight_bits: int = 8,
    images: int | None = None,
    ignore: str | Collection[str] = (),
) -> tuple[LayerShape, ...]:
    """Return the layers of a network of plain PyTorch modules, ungated, as it runs in eval mode.

    Every multiplication that PyTorch's dispatcher sees is in a layer: those of convolutions and
    matrices, in modules or called as functions, those of attention, whose two products are `matmul`
    layers with a group for each head, and those of LSTM, GRU and RNN layers, each a `linear` layer
    over all time steps and a `recurrent` one. Transposed convolutions are their phases (M50), and
    frames that images are folded into an axis more. What runs several times, such as a cell at each
    time step, is a layer each time, and so are products of weights alone.

    Parameters
    ----------
    model : nn.Module
        It is run once, without gradients; where it and the example are on the device `meta`, no
        number is computed.
    example : Tensor, sequence or mapping
        What the model is called with: its only argument, its arguments, or those by name. One image
        or sequence is enough, and all are alike.
    activation_bits, weight_bits : int
        The widths of all layers.
    images : int, optional
        How many images, or sequences, the example has. By default as many as its first tensor has
        on its first axis; or on its second one, where modules of PyTorch's take so many time steps
        first.
    ignore : str or collection of str, optional
        What is knowingly left out: modules by name, with all inside them, and operators by name,
        such as ``aten::bmm``.

    Returns
    -------
    tuple of LayerShape
        In the order they ran, named after their modules, with whose outputs they read
        (`pgsim.gating.flow`).

    Raises
    ------
    InputError
        Where the model multiplies in a way that no layer describes, such as an nn.LSTM's with a
        projection, all such places in one error; where it multiplies nothing, or what is of no
        whole image.

    Examples
    --------
    >>> import torch
    >>> model = nn.Sequential(nn.Conv1d(2, 4, 5), nn.Flatten(), nn.Linear(48, 10))
    >>> [(each.name, each.op, each.macs) for each in shapes(model, torch.rand(1, 2, 16))]
    [('0', 'conv1d', 480), ('2', 'linear', 480)]
    """
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    require_known(model, ignore)
    called = _arguments(example)
    first = next((each for each in tree_leaves(called) if isinstance(each, Tensor)), None)
    if first is None or not first.dim() or not len(first):
        raise InputError("example: expected what the model is called with, a Tensor of images.")
    is_count = isinstance(images, int) and not isinstance(images, bool) and images > 0
    if images is not None and not is_count:
        raise InputError(f"images: value {images!r}: expected a whole number, at least 1.")
    seen = _run(model, called, ignore)
    layers = seen.layers(images or seen.sequences(first.shape))
    widths = {"activation_bits": activation_bits, "weight_bits": weight_bits, "gate": "none"}
    return layers_as_run(({**each, **widths} for each in layers), "shapes")


def _run(model: nn.Module, called: _Call, ignore: Collection[str]) -> PlainFlow:
    """Run the model, and return what was seen."""
    args, kwargs = called
    seen: PlainFlow
    modules = {plain_name(name): each for name, each in model.named_modules()}
    with (
        listening(model, {}, _nothing),
        running(model) as (path, _),
        Activations(called) as activations,
        PlainFlow(called, modules, path, activations, ignore) as seen,
        Recurrences(seen.recurrence),
        attentions(model, seen.takes_steps_first),
    ):
        model(*args, **kwargs)
    return seen


def _nothing(*_: Any) -> None:
    """Keep nothing: there are no gates."""


def _arguments(example: Any) -> _Call:
    """Return what a model is called with, by place and by name."""
    if isinstance(example, Mapping):
        return (), dict(example)
    return (tuple(example) if isinstance(example, list | tuple) else (example,)), {}
