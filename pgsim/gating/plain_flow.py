"""The layers of a network without gates, found by following its tensors through one forward."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch._ops import OpOverload
from torch.nn.modules.conv import _ConvNd

from pgsim.errors import InputError
from pgsim.gating.activations import Activations
from pgsim.gating.flow import Flow, Sources
from pgsim.gating.forwards import Forward, wrapped_forward
from pgsim.gating.operators import layers_of
from pgsim.gating.plain_layer import Fields, PlainLayer
from pgsim.gating.recurrences import Unfit, recurrence
from pgsim.gating.storages import tensors_in
from pgsim.gating.work import is_within

_PLACES_NAMED = 5


@dataclass(frozen=True)
class _Found:
    """Something that is multiplied: a layer of this name, or, without fields, none.

    `place` are the words for what multiplies, and where.
    """

    place: str
    name: str = ""
    fields_of: Callable[[int], Fields | None] = lambda images: None


class PlainFlow(Flow):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, notes the layers that what PyTorch multiplies is, and what they read.

    Parameters
    ----------
    called : tree of tensors
        What the model is called with.
    modules : mapping of str to nn.Module
        All modules of the model, by name.
    path : sequence of str
        The names of those that run at the moment.
    activations : Activations
        The tensors that were computed from what the model is called with.
    ignore : collection of str
        Names of modules and operators that are left out.
    """

    def __init__(
        self,
        called: Any,
        modules: Mapping[str, nn.Module],
        path: Sequence[str],
        activations: Activations,
        ignore: Collection[str],
    ) -> None:
        super().__init__(called)
        self._modules, self._path = modules, path
        self._activations, self._ignore = activations, ignore
        self._found: list[_Found] = []
        self._names: dict[str, int] = {}
        self._steps_first: set[tuple[int, ...]] = set()

    def product(self, name: str, func: Any, args: tuple[Any, ...], kwargs: Any) -> Sources:
        """Note the layers of a product; what has none is told in the end."""
        if self._is_left_out(name):
            return super().product(name, func, args, kwargs)
        module = self._modules[self._module()]
        is_operator = isinstance(func, OpOverload)
        layers = layers_of(name, module, args, self._is_activation) if is_operator else ()
        if not layers:
            self._found.append(_Found(self._place(name)))
            return super().product(name, func, args, kwargs)
        is_module = bool(self._module()) and isinstance(module, _ConvNd | nn.Linear)
        kind = "" if is_module else name.partition("::")[2]
        names = self._noted(layers, self._place(name), kind)
        read = {part for each in layers for part in each.reads}
        return frozenset(names[part] for part in names.keys() - read)

    def recurrence(self, func: Callable[..., Any], args: Sequence[Any]) -> Any:
        """Return what a recurrence of PyTorch's gives, and note its layers."""
        if self._is_left_out():
            return func(*args)
        kind = func.__name__
        try:
            found = recurrence(args)
        except Unfit as reason:
            self._found.append(_Found(f"{kind} {reason}{self._place()}"))
            return func(*args)
        if found.steps_first:
            self.takes_steps_first((found.steps, found.sequences))
        many = "s" if found.sequences > 1 else ""
        place = f"{kind} on {found.sequences} sequence{many}{self._place()}"
        names = self._noted(found.layers, place)
        with self.unseen():
            outputs, *states = func(*args)
            self.mark(outputs, frozenset(names[part] for part in found.last))
            for state in states:
                for part, each in zip(found.hidden, state, strict=True):
                    self.mark(each, frozenset({names[part]}))
        return (outputs, *states)

    def takes_steps_first(self, axes: Sequence[int]) -> None:
        """Note that a module ran on so many time steps, on its first axis, of so many sequences."""
        self._steps_first.add(tuple(axes))

    def sequences(self, axes: Sequence[int]) -> int:
        """Return how many images an example has: as many as its first axis, or its second one.

        The second one it is where modules take time steps first, and the example has as many.
        """
        return axes[1] if tuple(axes[:2]) in self._steps_first else axes[0]

    def layers(self, images: int) -> list[Fields]:
        """Return the fields of all layers, in the order they ran.

        Raises InputError where something was multiplied that is no layer, or nothing was.
        """
        fields = [each.fields_of(images) for each in self._found]
        pairs = list(zip(self._found, fields, strict=True))
        places = list(dict.fromkeys(found.place for found, of in pairs if of is None))
        if places:
            told, more = "; ".join(places[:_PLACES_NAMED]), len(places) - _PLACES_NAMED
            raise InputError(
                f"no layer describes what the model multiplies in {told}"
                f"{f'; and {more} more' if more > 0 else ''}. Write it in convolutions, linear "
                "layers, recurrences and products of matrices over whole images of the example, "
                f"which are {images}, or say how many with `images`; or leave it out knowingly, by "
                "the name of the module or of the operator in `ignore`."
            )
        if not pairs:
            raise InputError("the model multiplies nothing: there is no layer.")
        read = self.inputs()
        return [
            {"name": each.name, **(of or {}), "inputs": list(read[each.name])} for each, of in pairs
        ]

    def _noted(self, layers: Sequence[PlainLayer], place: str, kind: str = "") -> dict[str, str]:
        """Note layers and what they read; returns their names, by their parts."""
        names: dict[str, str] = {}
        for each in layers:
            own = self._numbered(".".join(filter(None, (self._module(), each.part or kind))))
            names[each.part] = own
            self.note(own, self.sources_of(each.operands) | {names[part] for part in each.reads})
            self._found.append(_Found(place, own, each.fields_of))
        return names

    def _numbered(self, name: str) -> str:
        """Return a name of its own: of what runs again, with a number."""
        self._names[name] = number = self._names.get(name, 0) + 1
        return name if number == 1 else f"{name}.run{number}"

    def _module(self) -> str:
        """Return the name of the module that runs."""
        return self._path[-1] if self._path else ""

    def _place(self, what: str = "") -> str:
        """Return the words for what multiplies in the module that runs."""
        name = self._module()
        return f"{what} in module {name!r} ({type(self._modules[name]).__name__})"

    def _is_left_out(self, operator: str = "") -> bool:
        within = any(is_within(name, self._ignore) for name in self._path)
        return within or operator in self._ignore

    def _is_activation(self, tensor: Tensor) -> bool:
        return tensor in self._activations


@contextmanager
def attentions(model: nn.Module, seen: Callable[[Sequence[int]], None]) -> Iterator[None]:
    """Within the block, tell `seen` what attention runs on that takes the time steps first."""

    def noting(forward: Forward) -> Forward:
        def noted(*args: Any, **kwargs: Any) -> Any:
            if axes := [each.shape for each in tensors_in((args, kwargs)) if each.dim() == 3]:
                seen(axes[0][:2])
            return forward(*args, **kwargs)

        return noted

    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, nn.MultiheadAttention) and not module.batch_first:
                stack.enter_context(wrapped_forward(module, noting))
        yield
