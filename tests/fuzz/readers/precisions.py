"""Tables of precisions: bits of each layer in CSV, as `table:FILE` reads them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from fuzz.mutators.cell_edits import CELL_EDITS
from fuzz.reader import Broken, Reader
from fuzz.readers.small import gated_trace, small_design
from fuzz.rows import check_rows
from pgsim import simulate
from pgsim.schemes import scheme_named
from pgsim.schemes.table import Table

_HEAD = "layer,activation_bits,weight_bits,zero_weight_planes\n"


class PrecisionsReader(Reader):
    """`scheme_named` of a table, and a network that runs it."""

    name = "precisions"
    suffix = ".csv"
    mutators = CELL_EDITS
    plain_inputs = 100

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Tables with a layer that is skipped, zero planes, and columns in another order."""
        names = [layer.shape.name for layer in gated_trace().layers]
        whole = "".join(f"{name},{bits},8,\n" for bits, name in enumerate(names, start=2))
        return (
            (_HEAD + whole).encode(),
            (_HEAD + f"{names[0]},4,0,\n{names[1]},3,6,5 2\n").encode(),
            f"weight_bits,layer,activation_bits\n16,{names[2]},1\n".encode(),
        )

    def use(self, path: Path) -> None:
        """Read a table and simulate a small trace at its bits."""
        scheme = scheme_named(f"table:{path}")
        if not isinstance(scheme, Table) or not scheme.precisions:
            raise Broken(f"a table without a layer was taken: {scheme}")
        for each in scheme.precisions:
            if sum(plane.bits for plane in each.weight_planes()) > each.weight_bits:
                raise Broken(f"more weight planes than weight bits: {each}")
        check_rows(simulate(gated_trace(), small_design(), scheme).rows)


PRECISIONS = PrecisionsReader()
