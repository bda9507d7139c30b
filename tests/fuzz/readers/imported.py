"""Files of other tools that list layers, and pgsim's own tables of them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from random import Random

from fuzz.mutators.cell_edits import CELL_EDITS
from fuzz.mutators.json_edits import json_edit
from fuzz.mutators.mutator import Mutator, Unfit
from fuzz.mutators.yaml_edits import YAML_EDITS
from fuzz.reader import Broken, Reader
from pgsim import LayerShape, import_layers
from pgsim.workload import layer_shape

_TOPOLOGY = """Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, \
Num Filter, Strides,
Conv1, 224, 224, 7, 7, 3, 64, 2,
ConvDP2, 56, 56, 3, 3, 64, 1, 1,#dw
FC6, 1, 1, 1, 1, 1024, 1000, 1,
"""
_PRODUCTS = "Layer, M, N, K, Sparsity,\nQKT, 1024, 512, 64, 2:4,\nQKTV, 1024, 64, 512, 1:1,\n"
_ROWS = """[
[[1, 3, 32, 32], [16, 3, 3, 3], [1, 16, 16, 16], [2, 2], [1, 1], 8, 0],
[[1, 16, 16, 16], [16, 1, 3, 3], [1, 16, 16, 16], [1, 1], [1, 1], [8, 4], 0],
[[1, 4096], [10, 4096], [1, 10], [], [], 4, 1]
]"""
_TABLE = """layers:
- {name: stem, op: conv2d, in_channels: 3, out_channels: 16, in_size: 32, kernel: 3, stride: 2,
   padding: same, activation_bits: 4, msb_bits: 2, weight_bits: 8, gate: output}
- {name: body, op: conv2d, in_channels: 16, out_channels: 8, in_size: [16, 16], kernel: [3, 1],
   padding: [1, 0, 0, 0], inputs: [stem, network], signed: true}
- {name: head, op: linear, in_channels: 8, out_channels: 10, positions: 4}
- {name: state, op: recurrent, in_channels: 10, out_channels: 10, time_steps: 4}
"""
_CSV_TABLE = """name,op,in_channels,out_channels,in_size,kernel,padding,positions,inputs,signed
stem,conv2d,3,16,32,3,same,,network,true
head,linear,16,10,,,,4,stem;network,
"""


def check_layers(layers: tuple[LayerShape, ...]) -> None:
    """Raise Broken where a trace could not hold these layers."""
    if [layer_shape(each.manifest()) for each in layers] != list(layers):
        raise Broken("layers that are others when they are read again")
    if len({each.name for each in layers}) < len(layers) or not layers:
        raise Broken("no layers, or two of one name")
    if min(each.macs for each in layers) < 1:
        raise Broken("a layer without a product")


def list_edit(rng: Random, data: bytes) -> bytes:
    """Change one thing of what a Python file assigns to the first name."""
    name, equals, literal = data.partition(b"=")
    if not equals:
        raise Unfit
    return name + equals + json_edit(rng, literal)


class ImportReader(Reader):
    """`import_layers` of one format, which the file is taken for by its content."""

    def __init__(self, name: str, plain_inputs: int, texts: tuple[str, ...], *mutators: Mutator):
        self.name = name
        self.suffix = ".txt"
        self.plain_inputs = plain_inputs
        self.mutators = mutators
        self._texts = texts

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Small files of the format."""
        return tuple(text.encode() for text in self._texts)

    def use(self, path: Path) -> None:
        """Read the layers, as they are and with other bits."""
        layers = import_layers(path)
        check_layers(layers)
        if all(each.activation_bits > 2 for each in layers):
            check_layers(import_layers(path, msb_bits=2))


SCALE_SIM = ImportReader("scale_sim", 50, (_TOPOLOGY, _PRODUCTS), *CELL_EDITS)
LAYER_LISTS = ImportReader(
    "layer_lists",
    50,
    (f"net = {_ROWS}\n", f'{{"net": {_ROWS}}}', f'{{"net": {{"block": [{_ROWS}, {_ROWS}]}}}}'),
    json_edit,
    list_edit,
)
LAYER_TABLE = ImportReader("layer_table", 40, (_TABLE,), *YAML_EDITS)
CSV_LAYER_TABLE = ImportReader("csv_layer_table", 30, (_CSV_TABLE,), *CELL_EDITS)
