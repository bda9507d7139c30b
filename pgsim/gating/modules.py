"""What a capture reads from a module: widths, geometry, and the mask of its last forward pass.

A layer of pgsim's own says all of this itself. A third party's is described by a function of a few
lines, from a module to its `Gate`, or None for modules that are no such layer. The module is an
``nn.Conv2d`` or ``nn.Linear``, which gives the geometry. Where its mask is an attribute::

    def gate_of(module):
        if isinstance(module, TheirConv2d):
            return Gate(module.abits, module.msb_bits, module.wbits, attribute="last_mask")

    trace = capture(model, batches, model_name="...", dataset="...", gate_of=gate_of)

Many let go of it when `forward` returns, because it is a local variable there: name that variable.
For the code of PG's authors (github.com/cornell-zhang/dnn-gating, ``utils/pg_utils.py``), whose
`forward` says ``mask = self.gt(...)``, the whole adapter is::

    def gate_of(module):
        if isinstance(module, pg_utils.PGConv2d):
            activations, weights = module.trunc_a, module.quantize_w.quantize
            return Gate(activations.b, activations.bh, weights.bits, local_variable="mask")

A mask has the shape of the layer's output, and is bool or holds 0 and 1 only. Third-party layers
that are not gated need a `Gate` too, with ``msb_bits=None``: a trace has every layer's widths.

With ``gates="input"`` it is the layer's inputs that have all their bits or only the MSBs, whole
pixels at a time: the mask then has the shape of the input with one channel, 1 where all bits count.

The hidden product of a recurrent cell is an ``nn.Linear`` that the cell calls once a time step, on
``(images, in_features)``. With ``recurrent=True`` its calls in one batch are the time steps of one
layer, each with a mask of its own, and an image is a sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.forward_locals import local_kept
from pgsim.gating.layers import PGLayer
from pgsim.gating.recurrent import PGRecurrent
from pgsim.gating.regions import RegionConv2d
from pgsim.workload.layer import LayerShape, layer_shape


@dataclass(frozen=True)
class Gate:
    """A layer's widths in bits, and where its mask is after a forward pass.

    Parameters
    ----------
    activation_bits, weight_bits : int
        Widths of the operands.
    msb_bits : int or None
        The activation bits that the gate sees; None for a layer without a gate.
    signed : bool
        Whether activations are in two's complement.
    attribute : str
        The module's attribute that holds the mask.
    local_variable : str, optional
        The variable of its `forward` that does, where one is named.
    recurrent : bool
        Whether its calls in one batch are its time steps.
    gates : str
        Whether mask bits are of each `output` or of each `input` pixel.
    """

    activation_bits: int
    msb_bits: int | None
    weight_bits: int
    signed: bool = False
    attribute: str = "mask"
    local_variable: str | None = None
    recurrent: bool = False
    gates: Literal["output", "input"] = "output"


GateOf = Callable[[nn.Module], Gate | None]
"""The adapter: a module's Gate, or None where it is no layer that pgsim should know of."""

Keep = Callable[[str, nn.Module, Tensor, Tensor | None], None]
"""Called each time a layer ran, with its name, itself, its input, its mask (None: no gate)."""


def gates_of(model: nn.Module, gate_of: GateOf | None = None) -> dict[str, Gate]:
    """Return the Gate of each PGConv2d, PGLinear and module that `gate_of` knows, by name.

    Raises InputError for a layer that multiplies but states no widths: it would be left out.
    """
    multiplying = (
        nn.modules.conv._ConvNd,
        nn.Linear,
        nn.RNNBase,
        nn.RNNCellBase,
        nn.MultiheadAttention,
    )
    gates: dict[str, Gate] = {}
    for name, module in model.named_modules():
        if gate := gate_of(module) if gate_of else None:
            gates[name] = gate
        elif isinstance(module, PGLayer):
            gates[name] = own_gate(module)
        elif isinstance(module, multiplying):
            raise InputError(
                f"layer {name!r} is a plain {type(module).__name__}, so its widths are unknown: "
                "make it a PGConv2d, PGLinear or PGLSTM (msb_bits=None for a layer without a "
                "gate), or state them by gate_of."
            )
    return gates


def own_gate(layer: PGLayer) -> Gate:
    """Return what a layer of pgsim's own says of itself."""
    gate = layer.gate
    return Gate(
        gate.activation_bits,
        layer.msb_bits if isinstance(layer, RegionConv2d) else gate.msb_bits,
        gate.weight_bits,
        gate.quantize.signed,
        recurrent=isinstance(layer, PGRecurrent),
        gates="input" if isinstance(layer, RegionConv2d) else "output",
    )


def shape_of(
    name: str, layer: nn.Module, gate: Gate, input_shapes: Sequence[tuple[int, ...]]
) -> LayerShape:
    """Return the geometry (M1) and the widths of a layer that ran in a batch on these inputs.

    Raises InputError naming the layer where pgsim cannot describe it.
    """
    if len(input_shapes) > 1 and not gate.recurrent:
        raise InputError(f"layer {name!r} ran twice in one batch: give each place its own.")
    widths: dict[str, object] = {
        "name": name,
        "activation_bits": gate.activation_bits,
        "msb_bits": gate.msb_bits,
        "weight_bits": gate.weight_bits,
        "gate": "none" if gate.msb_bits is None else gate.gates,
        "signed": gate.signed,
    }
    geometry = _over_time if gate.recurrent else _geometry
    return layer_shape(widths | geometry(name, layer, input_shapes))


def _over_time(
    name: str, layer: nn.Module, input_shapes: Sequence[tuple[int, ...]]
) -> dict[str, object]:
    """Return the geometry of a recurrent layer from its inputs, one a time step."""
    if not isinstance(layer, nn.Linear) or set(map(len, input_shapes)) != {2}:
        raise InputError(
            f"layer {name!r} is a {type(layer).__name__} that ran on {list(input_shapes[0])}: a "
            "recurrent layer is an nn.Linear that runs on (images, in_features) at each step."
        )
    return {
        "op": "recurrent",
        "in_channels": layer.in_features,
        "out_channels": layer.out_features,
        "time_steps": len(input_shapes),
    }


def _geometry(
    name: str, layer: nn.Module, input_shapes: Sequence[tuple[int, ...]]
) -> dict[str, object]:
    """Return the geometry of a layer that ran once."""
    (input_shape,) = input_shapes
    if isinstance(layer, nn.Linear):
        return {
            "op": "linear",
            "in_channels": layer.in_features,
            "out_channels": layer.out_features,
            "positions": input_shape[1] if len(input_shape) == 3 else 1,
        }
    if isinstance(layer, nn.Conv2d):
        return {
            "op": "conv2d",
            "in_channels": layer.in_channels,
            "out_channels": layer.out_channels,
            "in_size": input_shape[2:],
            "kernel": layer.kernel_size,
            "stride": layer.stride,
            "padding": layer.padding,
            "dilation": layer.dilation,
            "groups": layer.groups,
        }
    raise InputError(
        f"layer {name!r} is a {type(layer).__name__}: geometry is read from an nn.Conv2d or an "
        "nn.Linear, so derive it from one of them."
    )


@contextmanager
def listening(model: nn.Module, gates: Mapping[str, Gate], keep: Keep) -> Iterator[None]:
    """Call `keep` each time a layer in `gates` ran; run in eval mode, without gradients."""
    modes = [(module, module.training) for module in model.modules()]
    with ExitStack() as stack:
        for name, gate in gates.items():
            stack.enter_context(_listening_to(name, model.get_submodule(name), gate, keep))
        model.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for module, training in modes:
                module.training = training


@contextmanager
def _listening_to(name: str, layer: nn.Module, gate: Gate, keep: Keep) -> Iterator[None]:
    with ExitStack() as stack:
        mask_of: Callable[[], object] = partial(getattr, layer, gate.attribute, None)
        if gate.local_variable is not None and gate.msb_bits is not None:
            mask_of = stack.enter_context(local_kept(layer, gate.local_variable))

        def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            mask = None
            if gate.msb_bits is not None:
                gated = output if gate.gates == "output" else _one_channel(layer, inputs[0])
                mask = _checked(name, gate, mask_of(), gated)
            keep(name, layer, inputs[0], mask)

        stack.callback(layer.register_forward_hook(hook).remove)
        yield


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
            f"{gate.gates}{' pixels' if gate.gates == 'input' else ''}, {tuple(gated.shape)}."
        )
    decided: Tensor = mask.detach() != 0
    if mask.dtype != torch.bool and not torch.equal(decided.to(mask.dtype), mask.detach()):
        raise InputError(f"layer {name!r}: {place} is no mask: it should hold 0 and 1 only.")
    return decided


def channels_first(layer: nn.Module, mask: Tensor) -> NDArray[np.bool_]:
    """Return a mask as (images, channels, height, width) or (images, channels, positions)."""
    if isinstance(layer, nn.Linear):
        mask = mask.unsqueeze(-1) if mask.dim() == 2 else mask.transpose(1, 2)
    array: NDArray[np.bool_] = mask.cpu().numpy()
    return array
