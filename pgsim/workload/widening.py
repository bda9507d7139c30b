"""Networks with more channels: the same network, a factor wider (WRPN; MODEL.md M56)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pgsim.errors import InputError
from pgsim.workload.connections import NETWORK_INPUT, producers
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.trace import GateTrace

_LEAST, _MOST = 1 / 64, 64
_FULL_BITS = 32  # of the networks that WRPN compares with


def widened(layers: Sequence[LayerShape], factor: float) -> tuple[LayerShape, ...]:
    """Return the layers of a network with a factor more channels, and without gates.

    The network's input keeps its channels, and so do the outputs that no layer reads, which are the
    network's own. Numbers of channels are rounded to the nearest. Of wider layers nobody has masks
    or measured the zeros.

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
        For another factor, and for a layer that is wider than pgsim counts.

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
    if not _LEAST <= factor <= _MOST:
        raise InputError(f"factor {factor}: expected a number from 1/64 to 64")
    reads = producers(layers)
    read = {name for names in reads.values() for name in names}
    return tuple(
        _wider(
            layer,
            1 if reads[layer.name] == (NETWORK_INPUT,) else factor,
            factor if layer.name in read else 1,
        )
        for layer in layers
    )


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
    layers : sequence of LayerShape
        All layers of the network as it was, in its order.
    factor : float
        How many times the channels, from 1/64 to 64.
    activation_bits, weight_bits : int, optional
        Of all layers, at least 1 (default: each layer's own).

    Returns
    -------
    float
        1 for the network as it was at 32 x 32 bits.

    Raises
    ------
    InputError
        For fewer bits, and as `widened` does.

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
        if bits is not None and bits < 1:
            raise InputError(f"{key}: value {bits}: expected 1 or more")
    cost = sum(
        each.macs * ((activation_bits or each.activation_bits) + (weight_bits or each.weight_bits))
        for each in widened(layers, factor)
    )
    return cost / (sum(each.macs for each in layers) * 2 * _FULL_BITS)


def _wider(layer: LayerShape, inputs: float, outputs: float) -> LayerShape:
    """Return a layer with so many times the channels; a depthwise one has more groups."""
    groups, of_group = layer.groups, layer.in_channels // layer.groups
    if of_group == 1 and groups > 1:
        groups = _rounded(groups, inputs)
        of_outputs = layer.out_channels // layer.groups
        return _without_gate(layer, groups, groups * of_outputs, groups)
    of_outputs = layer.out_channels // groups
    return _without_gate(
        layer, groups * _rounded(of_group, inputs), groups * _rounded(of_outputs, outputs), groups
    )


def _without_gate(layer: LayerShape, inputs: int, outputs: int, groups: int) -> LayerShape:
    channels = {"in_channels": inputs, "out_channels": outputs}
    of_groups = {"groups": groups} if groups > 1 else {}
    ungated = {"gate": "none", "msb_bits": None, "zeros": None}
    return layer_shape(layer.manifest() | channels | of_groups | ungated)


def _rounded(channels: int, factor: float) -> int:
    return max(1, int(channels * factor + 0.5))


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
