"""Lists of layers: as LayerShapes, or as mappings of manifest fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pgsim.errors import InputError
from pgsim.workload.connections import NETWORK_INPUT
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.phases import is_transposed, transposed
from pgsim.workload.problems import short

Layers = Iterable[LayerShape | Mapping[str, object]]


def layer_shapes(layers: Layers, where: str) -> tuple[LayerShape, ...]:
    """Return the LayerShapes of a list of LayerShapes or mappings of manifest fields.

    Raises InputError, that begins with `where`, as `layer_shape` does, for anything but a list of
    layers, and where two share a name.
    """
    by_name: dict[str, LayerShape] = {}
    for number, each in enumerate(_listed(layers, where), start=1):
        shape = each if isinstance(each, LayerShape) else layer_shape(each, where)
        if shape.name in by_name:
            raise InputError(f"{where}: layer {shape.name!r} appears again as layer {number}")
        by_name[shape.name] = shape
    return tuple(by_name.values())


def layers_as_run(layers: Layers, where: str) -> tuple[LayerShape, ...]:
    """Return what `layer_shapes` does, and for a transposed convolution its phases (M50).

    Phases read what their layer reads, and what reads their layer reads all of them.
    """
    return layer_shapes(_phases_of(layers, where), where)


def _phases_of(layers: Layers, where: str) -> Iterator[LayerShape | Mapping[str, object]]:
    """Yield the layers, in place of transposed convolutions their phases."""
    before: tuple[object, ...] = (NETWORK_INPUT,)
    parts: dict[str, tuple[str, ...]] = {}
    for each in _listed(layers, where):
        fields = each.manifest() if isinstance(each, LayerShape) else each
        reads = fields.get("inputs") or (before if len(before) > 1 else None)
        if parts and isinstance(reads, list | tuple):
            inputs = [name for read in reads for name in parts.get(short(read), (read,))]
            fields = each = {**fields, "inputs": inputs}
        if is_transposed(fields):
            phases = transposed({"inputs": list(before), **fields}, where)
            before = parts[short(fields.get("name"))] = tuple(phase.name for phase in phases)
            yield from phases
        else:
            before = (fields.get("name"),)
            yield each


def _listed(layers: object, where: str) -> Iterator[LayerShape | Mapping[str, object]]:
    """Yield the layers of a list; raises InputError for anything else."""
    if isinstance(layers, LayerShape | Mapping | str) or not isinstance(layers, Iterable):
        raise _no_layers(layers, where)
    for each in layers:
        if not isinstance(each, LayerShape | Mapping):
            raise _no_layers(each, where)
        yield each


def _no_layers(found: object, where: str) -> InputError:
    return InputError(
        f"{where}: expected a list of layers, each a LayerShape or a mapping of its manifest "
        f"fields, not {short(found)}"
    )
