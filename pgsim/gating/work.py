"""Where a model multiplies: in the layers that a trace has, or anywhere else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from pgsim.errors import InputError, nearest
from pgsim.gating.activations import Activations
from pgsim.gating.forwards import plain_name, running
from pgsim.gating.gate import PrecisionGate
from pgsim.gating.products import Products

_PLACES_NAMED = 5
_MENDING = (
    "make it a layer of pgsim's own or one that gate_of knows, called as a module; or leave it out "
    "knowingly, by the name of the module or of the operator in `ignore`"
)


@dataclass(frozen=True)
class LayerWork:
    """What one layer multiplied, in all images: MACs by operator.

    Attributes
    ----------
    in_gate, beside : dict of str to int
        Those of a gate of pgsim's own, and all others.
    """

    in_gate: dict[str, int] = field(default_factory=dict)
    beside: dict[str, int] = field(default_factory=dict)

    def add(self, operator: str, macs: int, *, in_gate: bool) -> None:
        """Count a product."""
        counted = self.in_gate if in_gate else self.beside
        counted[operator] = counted.get(operator, 0) + macs

    def beyond(self, macs: int, *, gated: bool) -> tuple[dict[str, int], str]:
        """Return what was counted beyond the layer's sums, `macs`, and why; if so, else nothing.

        A gated layer may compute its sums several times, such as of the MSBs and of the LSBs. A
        gate of pgsim's own does it again where single precision was not exact.
        """
        counted = self.in_gate or self.beside
        total, kinds = sum(counted.values()), {"conv" in operator for operator in counted}
        if self.in_gate and self.beside:
            return self.beside, f"beside its gate, which computes the {macs} of its geometry"
        if not (gated or self.in_gate) and total not in (0, macs):  # 0: as nobody sees, or ignored
            return counted, f"expected the {macs} of its geometry once, because it has no gate"
        if total % macs:
            return counted, f"which is no multiple of the {macs} of its geometry"
        if len(kinds) > 1:
            return counted, f"which cannot all be the {macs} of its geometry, being of two kinds"
        return {}, ""


@dataclass(frozen=True)
class Work:
    """What one batch multiplied.

    Attributes
    ----------
    layers : dict of str to LayerWork
        What each layer multiplied.
    elsewhere : dict of str to None
        The places outside of all layers, each an operator and a module, in the order they ran.
    """

    layers: dict[str, LayerWork] = field(default_factory=dict)
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

    def require_all_of(self, macs: Mapping[str, int], gated: Collection[str], images: int) -> None:
        """Raise InputError where a layer multiplied more than its geometry says.

        macs: of one image by name of the layer. gated: the names of those with a gate.
        """
        for name, of_image in macs.items():
            work = self.layers.get(name, LayerWork())
            counted, why = work.beyond(of_image * images, gated=name in gated)
            if counted:
                raise InputError(
                    f"layer {name!r}: PyTorch counts {sum(counted.values())} MACs in it "
                    f"({', '.join(counted)}) for {images} images, {why}: so it multiplies "
                    f"something else too. For that, {_MENDING}."
                )


@contextmanager
def watched(
    model: nn.Module, batch: Tensor, layers: Collection[str], ignore: Collection[str]
) -> Iterator[Work]:
    """Give the Work that fills while the model runs on a batch within the block.

    `layers` are names of modules; `ignore` names operators and modules that are left out. Raises
    InputError at the end where anything else multiplied, a layer two activations among that: its
    sums are of activations and weights.
    """
    work = Work()
    names = {plain_name(layer) for layer in layers}
    gates = {plain_name(n) for n, each in model.named_modules() if isinstance(each, PrecisionGate)}
    activations = Activations(batch)

    with running(model) as (path, types):

        def found(operator: str, macs: int | None, factors: Sequence[Tensor]) -> None:
            module = path[-1] if path else ""
            if operator in ignore or any(is_within(name, ignore) for name in path):
                return
            layer = next((name for name in reversed(path) if name in names), None)
            kind = types.get(module, type(model).__name__)
            place = f"{operator} in module {module!r} ({kind})"
            if layer is None or (macs is None and operator.startswith("aten::")):
                work.elsewhere[place] = None
            elif macs is not None and factors and all(each in activations for each in factors):
                work.elsewhere[f"{place}, of two activations"] = None
            elif macs is not None:
                counted = work.layers.setdefault(layer, LayerWork())
                counted.add(operator, macs, in_gate=module in gates)

        try:
            with activations, Products(found):
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

    And where the model is none, or where lazy modules of it have not run yet.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model is a {type(model).__name__}: expected an nn.Module.")
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        if is_lazy(tensor):
            raise InputError(
                f"{plain_name(name)!r} of the model has no shape yet, because its lazy module has "
                "not run: call the model once before."
            )
    names: Mapping[str, None] = dict.fromkeys(plain_name(name) for name, _ in model.named_modules())
    for each in ignore:
        if not isinstance(each, str) or not each or ("::" not in each and each not in names):
            raise InputError(
                f"ignore: {each!r} is no module of the model, and no operator, such as aten::bmm."
                f"{nearest(each, names)}"
            )
