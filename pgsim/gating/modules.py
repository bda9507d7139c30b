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

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from torch import nn

from pgsim.errors import InputError
from pgsim.gating.forwards import plain_name
from pgsim.gating.layers import PGLayer
from pgsim.gating.recurrent import PGRecurrent
from pgsim.gating.regions import RegionConv2d
from pgsim.gating.work import is_within


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

_MULTIPLYING = (
    nn.modules.conv._ConvNd,
    nn.Linear,
    nn.RNNBase,
    nn.RNNCellBase,
    nn.MultiheadAttention,
)


def gates_of(
    model: nn.Module, gate_of: GateOf | None = None, ignore: Collection[str] = ()
) -> dict[str, Gate]:
    """Return the Gate of each PGConv2d, PGLinear and module that `gate_of` knows, by name.

    Modules named in `ignore` are left out. Raises InputError for a layer that multiplies but states
    no widths: it would be left out unasked.
    """
    gates: dict[str, Gate] = {}
    for name, module in model.named_modules():
        if is_within(plain_name(name), ignore):
            continue
        if gate := gate_of(module) if gate_of else None:
            if not isinstance(gate, Gate):
                raise InputError(
                    f"layer {name!r}: gate_of gives {gate!r}, expected a Gate or None."
                )
            gates[name] = gate
        elif isinstance(module, PGLayer):
            gates[name] = own_gate(module)
        elif isinstance(module, _MULTIPLYING):
            raise InputError(
                f"layer {name!r} is a plain {type(module).__name__}, so its widths are unknown: "
                "make it a PGConv2d, PGLinear or PGLSTM (msb_bits=None for a layer without a "
                "gate), state them by gate_of, or leave it out knowingly by `ignore`."
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
