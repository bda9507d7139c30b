"""Tables of the bits of each layer, as files: what `table:FILE` runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgsim.errors import InputError, nearest
from pgsim.files import opened, shipped
from pgsim.schemes.passes import WIDEST_BITS, Plane
from pgsim.text import shortened

_LARGEST_BYTES = 1 << 20  # a network of ten thousand layers
_NEEDED = ("layer", "activation_bits", "weight_bits")
_ZERO_PLANES = "zero_weight_planes"
_COLUMNS = (*_NEEDED, _ZERO_PLANES)


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


def read_precisions(name_or_path: str) -> tuple[Precision, ...]:
    """Return the rows of a table of precisions, a file or a shipped one.

    Raises InputError with the file, the line, the value and what was expected.
    """
    path = shipped("arch_configs/precisions", name_or_path, ".csv")
    rows: dict[str, Precision] = {}
    for line, cells in _lines(path):
        where = f"{path}: line {line}"
        row = _precision(cells, where)
        if row.layer in rows:
            raise InputError(f"{where}: layer {shortened(row.layer)!r} is there twice")
        rows[row.layer] = row
    if not rows:
        raise InputError(f"{path}: has no layer: expected a line for one at least")
    return tuple(rows.values())


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the number and the cells of every line of a table, by column."""
    with opened(path) as file:
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise InputError(f"{path}: larger than {_LARGEST_BYTES:,} bytes, the most that is read")
    try:
        lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        head = [cell.strip() for cell in next(lines, [])]
        _check_head(head, path)
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(head):
                raise InputError(
                    f"{path}: line {lines.line_num}: {len(cells)} values: expected {len(head)}"
                )
            found = zip(head, (cell.strip() for cell in cells), strict=True)
            yield lines.line_num, dict(found)
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text: expected a CSV table") from None
    except csv.Error as error:
        raise InputError(f"{path}: line {lines.line_num}: no CSV table: {error}") from None


def _check_head(head: list[str], path: Path) -> None:
    for name in head:
        if name not in _COLUMNS or head.count(name) > 1:
            raise InputError(
                f"{path}: line 1: column {shortened(name)!r}: expected each of "
                f"{', '.join(_COLUMNS)} once.{nearest(name, _COLUMNS)}"
            )
    if missing := [name for name in _NEEDED if name not in head]:
        raise InputError(f"{path}: line 1: no column {missing[0]!r}")


def _precision(cells: Mapping[str, str], where: str) -> Precision:
    weight_bits = _bits(cells, "weight_bits", 0, where)
    zero_planes = frozenset(_zero_planes(cells.get(_ZERO_PLANES, ""), weight_bits, where))
    activation_bits = _bits(cells, "activation_bits", 1, where)
    return Precision(cells["layer"], activation_bits, weight_bits, zero_planes)


def _bits(cells: Mapping[str, str], column: str, least: int, where: str) -> int:
    text = cells[column]
    if not (_is_small(text) and least <= int(text) <= WIDEST_BITS):
        raise InputError(
            f"{where}: {column} {shortened(text)!r}: expected {least} to {WIDEST_BITS}"
        )
    return int(text)


def _zero_planes(text: str, weight_bits: int, where: str) -> Iterator[int]:
    for word in text.split():
        if not (_is_small(word) and int(word) < weight_bits):
            raise InputError(
                f"{where}: {_ZERO_PLANES} {shortened(word)!r}: expected bits of a weight, "
                f"from 0 to {weight_bits - 1}, with spaces between them"
            )
        yield int(word)


def _is_small(text: str) -> bool:
    """Say whether a text is a whole number of two digits at most."""
    return text.isascii() and text.isdigit() and len(text) < 3
