"""Networks with more channels: the same network, a factor wider (WRPN; MODEL.md M56)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from numbers import Integral, Real

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.own_channels import OwnChannels, is_depthwise, own_channels
from pgsim.workload.trace import GateTrace

_LEAST, _MOST = 1 / 64, 64
_FULL_BITS = 32  # of the networks that WRPN compares with


def widened(layers: Sequence[LayerShape], factor: float) -> tuple[LayerShape, ...]:
    """Return the layers of a network with a factor more channels, and without gates.

    The network's input keeps its channels, and so do the outputs that no layer reads, which are the
    network's own, and all that is added to either. Tokens are no channels: products of activations
    keep them and have wider features. Numbers of channels are rounded to the nearest. Of wider
    layers nobody has masks or measured the zeros.

    Parameters
    ----------
    layers : sequence of LayerShape
        All of them, in the network's order.
    factor : float
        From 1/64 to 64.

    Returns
    -------
    tuple of LayerShape
        One for each.

    Raises
    ------
    InputError
        For another factor, for one that leaves a head of attention no whole number of features, for
        a layer whose sizes do not tell what its channels are, and for one that is wider than pgsim
        counts.

    Notes
    -----
    Source: MODEL.md M56; Mishra et al., WRPN, ICLR 2018.

    Examples
    --------
    >>> from pgsim import network
    >>> wide = widened(network("resnet20"), 2)
    >>> [(each.in_channels, each.out_channels) for each in (wide[0], wide[1], wide[-1])]
    [(3, 32), (32, 32), (128, 10)]
    """
    is_number = isinstance(factor, Real) and not isinstance(factor, bool)
    if not is_number or not _LEAST <= factor <= _MOST:
        raise InputError(f"factor {factor!r}: expected a number from 1/64 to 64")
    own = own_channels(layers)
    return tuple(_wider(layer, own[layer.name], factor) for layer in layers)


def relative_cost(
    layers: Sequence[LayerShape],
    factor: float = 1,
    activation_bits: int | None = None,
    weight_bits: int | None = None,
) -> float:
    """Return WRPN's cost of a widened network, over that of the network as it was at 32 bits.

    A MAC costs the bits of both of its operands added up.

    Parameters
    ----------
    layers, factor
        The network as it was, a layer at least, and how many times its channels, as `widened` takes
        them.
    activation_bits, weight_bits : int, optional
        Of all layers, at least 1 (default: each layer's own).

    Returns
    -------
    float
        1 for the network as it was at 32 x 32 bits.

    Raises
    ------
    InputError
        For fewer bits, for a network without layers, and as `widened` does.

    Notes
    -----
    Source: MODEL.md M56; Mishra et al., WRPN, ICLR 2018.

    Examples
    --------
    >>> from pgsim import network
    >>> relative_cost(network("resnet18"), 1, 8, 8)
    0.25
    """
    for key, bits in (("activation_bits", activation_bits), ("weight_bits", weight_bits)):
        if bits is not None and not (isinstance(bits, Integral) and bits >= 1):
            raise InputError(f"{key}: value {bits!r}: expected a whole number, 1 or more")
    if not layers:
        raise InputError("layers: expected one or more, as a network of none costs nothing")
    cost = sum(
        each.macs * ((activation_bits or each.activation_bits) + (weight_bits or each.weight_bits))
        for each in widened(layers, factor)
    )
    return cost / (sum(each.macs for each in layers) * 2 * _FULL_BITS)


def _wider(layer: LayerShape, own: OwnChannels, factor: float) -> LayerShape:
    """Return a layer with so many times the channels; a depthwise one has more groups."""
    inputs, outputs = (
        kept + (channels - kept) * factor
        for channels, kept in (
            (layer.in_channels, own.inputs),
            (layer.out_channels, own.outputs),
        )
    )
    groups = layer.groups
    if is_depthwise(layer):
        groups = _rounded(inputs)
        return _without_gate(layer, groups, groups * layer.channels_per_group, groups)
    of_group = (inputs / groups, outputs / groups)
    if not layer.kind.shares_weights and any(each % 1 for each in of_group):
        raise InputError(
            f"layer {layer.name!r}: {factor:g} times the features of a head are no whole number: "
            "expected a factor that makes them one"
        )
    inputs, outputs = (groups * _rounded(each) for each in of_group)
    return _without_gate(layer, inputs, outputs, groups)


def _without_gate(layer: LayerShape, inputs: int, outputs: int, groups: int) -> LayerShape:
    channels = {"in_channels": inputs, "out_channels": outputs}
    of_groups = {"groups": groups} if groups > 1 else {}
    ungated = {"gate": "none", "msb_bits": None, "zeros": None}
    return layer_shape(layer.manifest() | channels | of_groups | ungated)


def _rounded(channels: float) -> int:
    return max(1, int(channels + 0.5))


def widened_trace(trace: GateTrace, factor: float) -> GateTrace:
    """Return a trace of the widened network, whose accuracy nobody knows.

    Parameters
    ----------
    trace : GateTrace
        Its gates are left out.
    factor : float
        How many times the channels, from 1/64 to 64.

    Returns
    -------
    GateTrace
        Of as many images, and without masks.

    Raises
    ------
    InputError
        As `widened` does.

    Notes
    -----
    Source: MODEL.md M56.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> widened_trace(load_trace("resnet20_uniform_4_4"), 2).name
    'resnet20_uniform_4_4[widened=2]'
    """
    layers = _ungated(widened([each.shape for each in trace.layers], factor))
    return replace(
        trace,
        name=f"{trace.name}[widened={factor:g}]",
        layers=layers,
        accuracy={},
        provenance={**trace.provenance, "widened": factor},
    )


def _ungated(layers: Iterable[LayerShape]) -> tuple[LayerTrace, ...]:
    return tuple(LayerTrace(each) for each in layers)
