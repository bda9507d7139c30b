"""Where a model multiplies: in the layers that a trace has, or anywhere else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import nn

from pgsim.errors import InputError, nearest
from pgsim.gating.forwards import plain_name, running
from pgsim.gating.products import Products

_PLACES_NAMED = 5
_MENDING = (
    "make it a layer of pgsim's own or one that gate_of knows, called as a module; or leave it out "
    "knowingly, by the name of the module or of the operator in `ignore`"
)


@dataclass(frozen=True)
class Work:
    """What one batch multiplied.

    Attributes
    ----------
    layers : dict of str to dict of str to int
        MACs of all images in each layer, by operator.
    elsewhere : dict of str to None
        The places outside of all layers, each an operator and a module, in the order they ran.
    """

    layers: dict[str, dict[str, int]] = field(default_factory=dict)
    elsewhere: dict[str, None] = field(default_factory=dict)

    def require_no_more(self) -> None:
        """Raise InputError where something else than the layers multiplied."""
        if self.elsewhere:
            places = list(self.elsewhere)
            more = len(places) - _PLACES_NAMED
            raise InputError(
                f"the trace would lack what the model multiplies outside its layers: "
                f"{'; '.join(places[:_PLACES_NAMED])}{f'; and {more} more' if more > 0 else ''}. "
                f"For each, {_MENDING}."
            )

    def require_all_of(self, macs: Mapping[str, int], images: int) -> None:
        """Raise InputError where a layer multiplied more than its geometry says.

        macs: of one image by name of the layer. A gated one may compute its sums several times,
        such as of the MSBs and of the LSBs.
        """
        for name, of_image in macs.items():
            counted = self.layers.get(name, {})
            expected = of_image * images
            if sum(counted.values()) % expected:
                raise InputError(
                    f"layer {name!r}: PyTorch counts {sum(counted.values())} MACs in it "
                    f"({', '.join(counted)}) for {images} images, which is no multiple of the "
                    f"{expected} of its geometry, so it multiplies something else too. For that, "
                    f"{_MENDING}."
                )


@contextmanager
def watched(model: nn.Module, layers: Collection[str], ignore: Collection[str]) -> Iterator[Work]:
    """Give the Work that fills while the model runs within the block.

    `layers` are names of modules; `ignore` names operators and modules that are left out. Raises
    InputError at the end where anything else multiplied.
    """
    work = Work()
    names = {plain_name(layer) for layer in layers}

    with running(model) as (path, types):

        def found(operator: str, macs: int | None) -> None:
            module = path[-1] if path else ""
            if operator in ignore or any(is_within(name, ignore) for name in path):
                return
            layer = next((name for name in reversed(path) if name in names), None)
            if layer is None or (macs is None and operator.startswith("aten::")):
                kind = types.get(module, type(model).__name__)
                work.elsewhere[f"{operator} in module {module!r} ({kind})"] = None
            elif macs is not None:
                counted = work.layers.setdefault(layer, {})
                counted[operator] = counted.get(operator, 0) + macs

        try:
            with Products(found):
                yield work
        except Exception:
            work.require_no_more()  # of some of these operators the failure comes
            raise
        work.require_no_more()


def is_within(name: str, ignore: Collection[str]) -> bool:
    """Say whether a module is one of `ignore`, or inside of one."""
    return any(name == each or name.startswith(f"{each}.") for each in ignore)


def require_known(model: nn.Module, ignore: Collection[str]) -> None:
    """Raise InputError where `ignore` names neither an operator nor a module of the model.

    And where the model is none.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model is a {type(model).__name__}: expected an nn.Module.")
    names: Mapping[str, None] = dict.fromkeys(plain_name(name) for name, _ in model.named_modules())
    for each in ignore:
        if not isinstance(each, str) or not each or ("::" not in each and each not in names):
            raise InputError(
                f"ignore: {each!r} is no module of the model, and no operator, such as aten::bmm."
                f"{nearest(each, names)}"
            )
