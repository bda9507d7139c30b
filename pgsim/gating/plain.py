"""The layers of a plain PyTorch network, without gates, from what it multiplies in one forward."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.nn.modules.conv import _ConvNd
from torch.utils._pytree import tree_leaves

from pgsim.errors import InputError
from pgsim.gating.flow import following
from pgsim.gating.forwards import plain_name, running
from pgsim.gating.listening import listening
from pgsim.gating.operators import layers_of
from pgsim.gating.products import Products
from pgsim.gating.work import is_within, require_known
from pgsim.workload.connections import NETWORK_INPUT
from pgsim.workload.layer import LayerShape
from pgsim.workload.layers import layers_as_run

_PLACES_NAMED = 5


def shapes(
    model: nn.Module,
    example: Tensor | Sequence[Any] | Mapping[str, Any],
    *,
    activation_bits: int = 8,
    weight_bits: int = 8,
    ignore: str | Collection[str] = (),
) -> tuple[LayerShape, ...]:
    """Return the layers of a network of plain PyTorch modules, ungated, as it runs in eval mode.

    Every multiplication that PyTorch's dispatcher sees is in a layer: those of convolutions and
    matrices, in modules or called as functions, and those of attention, whose two products are
    `matmul` layers with a group for each head. Transposed convolutions are their phases (M50).

    Parameters
    ----------
    model : nn.Module
        It is run once, without gradients; where it and the example are on the device `meta`, no
        number is computed.
    example : Tensor, sequence or mapping
        What the model is called with: its only argument, its arguments, or those by name. The first
        tensor has the images, or sequences, on its first axis; one is enough, and all are alike.
    activation_bits, weight_bits : int
        The widths of all layers.
    ignore : str or collection of str, optional
        What is knowingly left out: modules by name, with all inside them, and operators by name,
        such as ``aten::bmm``.

    Returns
    -------
    tuple of LayerShape
        In the order they ran, named after their modules. They say whose outputs they read, as far
        as those are modules' (`pgsim.gating.flow`).

    Raises
    ------
    InputError
        Where the model multiplies in a way that no layer describes, such as an nn.LSTM's, all such
        places in one error; where it multiplies nothing, or what is of no whole image.

    Examples
    --------
    >>> import torch
    >>> model = nn.Sequential(nn.Conv1d(2, 4, 5), nn.Flatten(), nn.Linear(48, 10))
    >>> [(each.name, each.op, each.macs) for each in shapes(model, torch.rand(1, 2, 16))]
    [('0', 'conv1d', 480), ('2', 'linear', 480)]
    """
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    require_known(model, ignore)
    args, kwargs = _arguments(example)
    first = next((each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)), None)
    if first is None or not first.dim() or not len(first):
        raise InputError("example: expected what the model is called with, a Tensor of images.")
    modules = {plain_name(name): each for name, each in model.named_modules()}
    named = [name for name, each in model.named_modules() if name and _is_layer(each)]
    with (
        listening(model, {}, _nothing),
        following(model, named, first) as flow,
        running(model) as (path, _),
    ):
        seen = _Seen(modules, path, len(first), ignore)
        with seen:
            model(*args, **kwargs)
    seen.require_all()
    widths = {"activation_bits": activation_bits, "weight_bits": weight_bits, "gate": "none"}
    return layers_as_run(_connected(seen.layers, flow.inputs(), widths), "shapes")


@dataclass
class _Found:
    """A layer of one call: its module's name, and its fields, `name` among them."""

    module: str
    fields: dict[str, Any]


class _Seen(Products):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, notes the layers that what PyTorch multiplies is."""

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        path: Sequence[str],
        images: int,
        ignore: Collection[str],
    ) -> None:
        super().__init__(self._no_layer)
        self._modules, self._path, self._images, self._ignore = modules, path, images, ignore
        self.layers: list[_Found] = []
        self._elsewhere: dict[str, None] = {}
        self._names: dict[str, int] = {}

    def computed(
        self, func: OpOverload, args: tuple[Any, ...], kwargs: Any, output: object
    ) -> None:
        """Note the layers of a product; what has none is told in the end."""
        operator = func._schema.name
        if operator in self._ignore or any(is_within(name, self._ignore) for name in self._path):
            return
        name = self._path[-1] if self._path else ""
        module = self._modules[name]
        parts = layers_of(operator, module, args, kwargs, self._images)
        if not parts:
            self._no_layer(operator)
        kind = operator.partition("::")[2]
        for part, fields in parts.items():
            of_module = [] if _is_layer(module) and name else [part or kind]
            own = self._numbered(".".join([*([name] if name else []), *of_module]))
            self.layers.append(_Found(name, {"name": own, **fields}))

    def _no_layer(self, operator: str, *_: object) -> None:
        name = self._path[-1] if self._path else ""
        kind = type(self._modules[name]).__name__
        self._elsewhere[f"{operator} in module {name!r} ({kind})"] = None

    def _numbered(self, name: str) -> str:
        """Return a name of its own: of what runs again, with a number."""
        self._names[name] = number = self._names.get(name, 0) + 1
        return name if number == 1 else f"{name}.run{number}"

    def require_all(self) -> None:
        """Raise InputError where something was multiplied that is no layer, or nothing was."""
        if self._elsewhere:
            places = list(self._elsewhere)
            told, more = "; ".join(places[:_PLACES_NAMED]), len(places) - _PLACES_NAMED
            raise InputError(
                f"no layer describes what the model multiplies in {told}"
                f"{f'; and {more} more' if more > 0 else ''}. Write it in convolutions, linear "
                "layers and products of matrices over whole images of the example, or leave it out "
                "knowingly, by the name of the module or of the operator in `ignore`."
            )
        if not self.layers:
            raise InputError("the model multiplies nothing: there is no layer.")


def _connected(
    found: Iterable[_Found], read: Mapping[str, tuple[str, ...]], widths: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the layers' fields, with the layers that they read; those of no module are none."""
    found = list(found)
    names: dict[str, list[str]] = {}
    for each in found:
        names.setdefault(each.module, []).append(each.fields["name"])
    layers = []
    for each in found:
        inputs = [name for module in read.get(each.module, ()) for name in names.get(module, [])]
        layers.append({**each.fields, **widths, "inputs": inputs or [NETWORK_INPUT]})
    return layers


def _is_layer(module: nn.Module) -> bool:
    return isinstance(module, _ConvNd | nn.Linear)


def _nothing(*_: Any) -> None:
    """Keep nothing: there are no gates."""


def _arguments(example: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return what a model is called with, by place and by name."""
    if isinstance(example, Mapping):
        return (), dict(example)
    return (tuple(example) if isinstance(example, list | tuple) else (example,)), {}
