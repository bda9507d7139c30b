"""Layers from files of other tools, with bits and gates where the files have none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pgsim.errors import InputError, nearest
from pgsim.workload.connections import check_inputs
from pgsim.workload.importers import IMPORTERS, Importer, Row, Source, source_of
from pgsim.workload.importers.importer import require_few
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.layers import layers_as_run
from pgsim.workload.phases import is_transposed
from pgsim.workload.precisions import read_precisions, with_precisions

_DEFAULTS: dict[str, object] = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}


def import_layers(
    path: str | Path,
    *,
    format: str | None = None,
    activation_bits: int | None = None,
    msb_bits: int | None = None,
    weight_bits: int | None = None,
    precisions: str | Path | None = None,
    sizes: Mapping[str, int] | None = None,
) -> tuple[LayerShape, ...]:
    """Return the layers that a file of another tool lists.

    Parameters
    ----------
    path : str or Path
        A topology of SCALE-Sim, a layer list of Bit Fusion's descendants, an ONNX model, or a table
        of pgsim's own. `FILE:NAME` takes one list of several.
    format : str, optional
        One of `pgsim.workload.importers.IMPORTERS`; by default what the file looks like.
    activation_bits, weight_bits : int, optional
        Of all layers; by default what the file says, and 8 where it says nothing.
    msb_bits : int, optional
        Bits of an activation that a gate sees: with it the outputs of all layers are gated. By
        default the gates of the file, which only pgsim's own tables have.
    precisions : str or Path, optional
        A table of bits by layer, CSV or YAML, which goes before all else.
    sizes : mapping of str to int, optional
        What the sizes are that an ONNX model leaves open, by name. An open first size is one image.

    Returns
    -------
    tuple of LayerShape
        In the order of the file. `synthetic_trace` makes masks for them.

    Raises
    ------
    InputError
        Naming the file, the line or layer, and what was expected.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "net.csv"
    >>> _ = file.write_text("Layer, M, N, K,\\nfc, 16, 10, 64,\\n")
    >>> [(layer.name, layer.macs) for layer in import_layers(file)]
    [('fc', 10240)]
    """
    source = source_of(path, sizes)
    importer = importer_of(source, format)
    for given, taken, holds in (
        (source.network, importer.takes_network, "hold one network, which has no name"),
        (source.sizes, importer.takes_sizes, "leave no sizes open"),
    ):
        if given and not taken:
            raise InputError(f"{source.path}: files of format {importer.name!r} {holds}")
    rows = importer.read(source)
    require_few(len(rows), source.path)
    asked = {"activation_bits": activation_bits, "msb_bits": msb_bits, "weight_bits": weight_bits}
    bits = {name: value for name, value in asked.items() if value is not None}
    gated = {"gate": "output"} if msb_bits is not None else {}
    rows = [row._replace(fields={**_DEFAULTS, **row.fields, **bits, **gated}) for row in rows]
    if precisions is not None:
        rows = with_precisions(rows, read_precisions(precisions), str(precisions))
    layers = layers_as_run(map(_layer, rows), str(source.path))
    require_few(len(layers), source.path)
    check_inputs(layers, str(source.path))
    return layers


def _layer(row: Row) -> LayerShape | dict[str, object]:
    """Return a row's layer, or its fields where it runs as several."""
    return row.fields if is_transposed(row.fields) else layer_shape(row.fields, row.where)


def importer_of(source: Source, format: str | None) -> Importer:
    """Return the format of a file, that of this name or that which it looks like.

    Raises InputError that lists all formats where there is none.
    """
    if format is not None:
        if format not in IMPORTERS:
            raise InputError(
                f"no format is named {format!r} (known: {', '.join(IMPORTERS)})."
                f"{nearest(format, IMPORTERS)}"
            )
        return IMPORTERS[format]
    found = next((each for each in IMPORTERS.values() if each.recognises(source)), None)
    if found is None and not source.head.strip():
        raise InputError(f"{source.path}: says nothing: expected the layers of a network")
    if found is None:
        formats = "\n".join(f"  {name}: {each.description}" for name, each in IMPORTERS.items())
        raise InputError(f"{source.path}: looks like no format that is read:\n{formats}")
    return found
