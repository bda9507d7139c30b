"""Traces of the images whose integer operands are known, for PEs that go by values (M58)."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from pgsim.errors import InputError
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.operands import LayerOperands, Operands
from pgsim.workload.operands_file import load_operands, operands_path
from pgsim.workload.trace import GateTrace


def trace_with_operands(trace: GateTrace, operands: Operands | None = None) -> GateTrace:
    """Return the trace of the images whose operands are known, with those of each layer.

    Parameters
    ----------
    trace : GateTrace
        One that has its operands already is returned as it is.
    operands : Operands, optional
        Of some of its layers (default: those in the file beside it).

    Returns
    -------
    GateTrace
        Of as many images as the operands. Layers that they lack have none.

    Raises
    ------
    InputError
        Where there are no such operands, or they are of other images, layers or widths.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> trace = trace_with_operands(load_trace("resnet20_regions_8_5"))
    >>> trace.images, trace.layers[0].operands.activations.shape, trace.layers[-1].operands
    (2, (2, 3, 32, 32), None)
    """
    if operands is None:
        if any(layer.operands for layer in trace.layers):
            return trace
        operands = _beside(trace)
    first, images = operands.first_image, operands.images
    if first + images > trace.images:
        raise InputError(
            f"trace {trace.name}: operands of images {first} to {first + images - 1}, and it has "
            f"{trace.images}"
        )
    own = {layer.shape.name: layer for layer in operands.layers}
    layers = tuple(
        _fed(layer, own.get(layer.shape.name), first, images, trace.name) for layer in trace.layers
    )
    return replace(trace, images=images, layers=layers)


def layers_with_operands(trace: GateTrace) -> GateTrace:
    """Return the trace of the images and of the layers alone whose operands are known.

    Raises InputError as `trace_with_operands` does.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> [layer.shape.name for layer in layers_with_operands(load_trace("digits_pg_4_2")).layers]
    ['conv2', 'conv3', 'conv4', 'conv5']
    """
    fed = trace_with_operands(trace)
    return fed.of_layers(layer.shape.name for layer in fed.layers if layer.operands)


def _beside(trace: GateTrace) -> Operands:
    """Return the operands in the file beside a trace's own."""
    advice = (
        "write them with pgsim.workload.save_operands, or give them as "
        "pgsim.workload.trace_with_operands(trace, operands); "
        "pgsim.gating.integer_operands captures those of a model"
    )
    if trace.path is None:
        raise InputError(f"trace {trace.name} has no integer operands: {advice}")
    path = operands_path(trace.path)
    if not path.is_file():
        raise InputError(f"trace {trace.name} has no integer operands, {path.name}: {advice}")
    operands = load_operands(path)
    if trace.path.is_file() and _sha256(trace.path) != operands.trace_sha256:
        raise InputError(f"{path}: of another trace than {trace.path.name}: write it again")
    return operands


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _fed(
    layer: LayerTrace, operands: LayerOperands | None, first: int, images: int, trace: str
) -> LayerTrace:
    """Return a layer of the images of its operands."""
    if operands is not None and operands.shape.geometry != layer.shape.geometry:
        raise InputError(
            f"trace {trace}: layer {layer.shape.name!r}: its operands are of another size, gate or "
            f"width ({operands.shape.activation_bits} x {operands.shape.weight_bits} bits): "
            "capture them again"
        )
    shards = (layer.mask_words(first, first + images),) if layer.shards else ()
    return replace(layer, shards=shards, operands=operands, verify=False)
