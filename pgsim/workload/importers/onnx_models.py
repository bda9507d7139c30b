"""ONNX models, and what QONNX or quantizers in them say of bits."""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.workload.connections import NETWORK_INPUT, fits
from pgsim.workload.importers.importer import Importer
from pgsim.workload.importers.source import Row, Source
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.phases import is_transposed

_LARGEST_BYTES = 2**31  # as large as a protobuf may be
_FIRST_FIELD = b"\x08"  # of a model: the version of the format, which no text begins with
_ANY_BITS: dict[str, object] = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}


class OnnxModels(Importer):
    """The operators of a graph that multiply by constants: Conv, Gemm, MatMul, LSTM, GRU, RNN."""

    name = "onnx"
    takes_sizes = True
    description = "an ONNX model; QONNX's and QuantizeLinear's bits are those of its layers"

    def recognises(self, source: Source) -> bool:
        """Say whether it begins as a model does."""
        return source.head.startswith(_FIRST_FIELD)

    def read(self, source: Source) -> list[Row]:
        """Return the layers, with what they read where sizes allow it."""
        from pgsim.workload.importers.onnx_graph.layers import graph_layers
        from pgsim.workload.importers.onnx_graph.loading import load_graph

        graph = load_graph(source.data(_LARGEST_BYTES), source.path, source.sizes)
        return _fitting(graph_layers(graph, str(source.path)))


def _fitting(rows: Sequence[Row]) -> list[Row]:
    """Return layers that read the network's input where they cannot read what they seem to."""
    earlier: dict[str, LayerShape] = {}
    found = []
    for row in rows:
        if is_transposed(row.fields):  # it runs as several layers, which all read the same
            found.append(row)
            continue
        layer = layer_shape(_ANY_BITS | row.fields, row.where)
        read = [earlier[name] for name in layer.inputs or () if name in earlier]
        earlier[layer.name] = layer
        inputs = row.fields["inputs"] if fits(layer, read) else [NETWORK_INPUT]
        found.append(row._replace(fields={**row.fields, "inputs": inputs}))
    return found
