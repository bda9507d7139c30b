"""Tables of precisions, beside a file that has the shapes of their layers."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from fuzz.mutators.cell_edits import CELL_EDITS
from fuzz.mutators.yaml_edits import YAML_EDITS
from fuzz.reader import Reader
from fuzz.readers.imported import check_layers
from pgsim import import_layers

_SHAPES = "conv1,8,8,4,\nconv2,8,8,4,\nfc,8,8,4,\n"


class PrecisionsReader(Reader):
    """`import_layers` with a table of bits."""

    name = "imported_precisions"
    suffix = ".txt"
    mutators = (*CELL_EDITS, *YAML_EDITS)
    plain_inputs = 30

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Tables as CSV, as rows of YAML and as its mapping."""
        return (
            b"layer,activation_bits,weight_bits\nconv2,4,2\nfc,,3\n",
            b"- {layer: conv2, activation_bits: 4, weight_bits: 2}\n- {layer: fc, msb_bits: 3}\n",
            b"conv2: {activation_bits: 4, weight_bits: 2}\nfc: {weight_bits: 3}\n",
        )

    def prepare(self, folder: Path) -> None:
        """Write the shapes."""
        (folder / "shapes.csv").write_text(_SHAPES, encoding="utf-8")

    def use(self, path: Path) -> None:
        """Read the shapes with the bits of a table."""
        check_layers(import_layers(path.with_name("shapes.csv"), precisions=path))


IMPORTED_PRECISIONS = PrecisionsReader()
