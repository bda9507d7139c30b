"""Tables of the bits of each layer, as files: what `table:FILE` runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgsim.errors import InputError
from pgsim.files import shipped
from pgsim.schemes.passes import WIDEST_BITS, Plane
from pgsim.text import shortened
from pgsim.workload.importers.table_rows import TableRow
from pgsim.workload.precisions import precision_rows, whole_number

_ZERO_PLANES = "zero_weight_planes"
_COLUMNS = ("layer", "activation_bits", "weight_bits", _ZERO_PLANES)


@dataclass(frozen=True)
class Precision:
    """The bits of one layer; `zero_planes` are weight bits that are zero in every weight.

    No weight bits at all is a layer that is skipped. Source: MODEL.md M56.
    """

    layer: str
    activation_bits: int
    weight_bits: int
    zero_planes: frozenset[int] = frozenset()

    def weight_planes(self, measured: frozenset[int] = frozenset()) -> list[Plane]:
        """Return the runs of weight bits that are not zero, the most significant first.

        measured: further bits that are zero in every weight.

        Examples
        --------
        >>> Precision("fc", 8, 6, frozenset({3, 0})).weight_planes()
        [Plane(low=4, bits=2), Plane(low=1, bits=2)]
        """
        runs: list[Plane] = []
        for bit in range(self.weight_bits):
            if bit in self.zero_planes | measured:
                continue
            if runs and runs[-1].low + runs[-1].bits == bit:
                runs[-1] = Plane(runs[-1].low, runs[-1].bits + 1)
            else:
                runs.append(Plane(bit, 1))
        return runs[::-1]


def precisions_of(name_or_path: str) -> tuple[Precision, ...]:
    """Return the rows of a table of precisions, CSV or YAML: a file, or a shipped one.

    Raises InputError with the file, the line, the value and what was expected, for all wrong rows.
    """
    path = shipped("arch_configs/precisions", name_or_path, ".csv")
    found, problems = [], []
    for name, row in precision_rows(path, _COLUMNS).items():
        try:
            found.append(_precision(name, row))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return tuple(found)


def _precision(name: str, row: TableRow) -> Precision:
    weight_bits = _bits(row, "weight_bits", 0)
    zero_planes = frozenset(_zero_planes(row, weight_bits))
    return Precision(name, _bits(row, "activation_bits", 1), weight_bits, zero_planes)


def _bits(row: TableRow, column: str, least: int) -> int:
    bits = whole_number(row, column)
    if not least <= bits <= WIDEST_BITS:
        raise InputError(f"{row.where}: {column} {bits}: expected {least} to {WIDEST_BITS}")
    return bits


def _zero_planes(row: TableRow, weight_bits: int) -> Iterator[int]:
    """Yield the bits in a cell: numbers with spaces between them, or in YAML one alone."""
    for word in str(row.values.get(_ZERO_PLANES, "")).split():
        if not (word.isascii() and word.isdigit() and len(word) < 3 and int(word) < weight_bits):
            bits = f"from 0 to {weight_bits - 1}" if weight_bits else "of which it has none"
            raise InputError(
                f"{row.where}: {_ZERO_PLANES} {shortened(word)!r}: expected bits of a weight, "
                f"{bits}, with spaces between them"
            )
        yield int(word)
