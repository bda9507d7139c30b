"""SCALE-Sim's topologies: a row a layer, a convolution or a matrix product.

What a row means is what `topology_utils.py` of SCALE-Sim v2 and v3 makes of it. It is more lenient
here: its first line need not be a header, and a row need not end in a comma.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pgsim.errors import InputError
from pgsim.workload.importers.importer import Importer, named_apart, require_few
from pgsim.workload.importers.source import Row, Source, mark_between
from pgsim.workload.problems import short

_CONVOLUTION = (
    "IFMAP height",
    "IFMAP width",
    "filter height",
    "filter width",
    "channels",
    "number of filters",
    "stride",
)
_PRODUCT = ("M", "N", "K")
_FEWEST_OF_CONVOLUTION = 5  # numbers in a row that is nearer to a convolution, if one is misspelt
_WHOLE = re.compile(r"[0-9]{1,9}")
_WORD = re.compile(r"[A-Z]*")
_STRIDE = re.compile(r"stride|^s[ _]?[wx](?![a-z])", re.I)  # also `Sw`, behind `Sh`
# Blanks before or behind a cell in quotes, which csv takes for a part of it.
_AROUND_QUOTES = r'(?:^|(?<={mark}))[^\S{mark}]+"|"[^\S{mark}]+(?={mark}|$)'
_CODE = frozenset("[({=")  # in what begins a line of a program
_DEPTHWISE = "DP"  # in a layer's name
_LAYOUT = "intraline"  # in a header of SCALE-Sim's layouts


class _Line(NamedTuple):
    """A row of the file that says something: its line, its name, and what follows."""

    number: int
    name: str
    cells: list[str]
    fault: str = ""  # why it has no cells, where it cannot be split


class ScaleSim(Importer):
    """The layers of a topology; rows and columns that a stride leaves over are dropped."""

    name = "scale_sim"
    description = "a topology of SCALE-Sim: convolutions, or M, N, K of matrix products, as CSV"

    def recognises(self, source: Source) -> bool:
        """Say whether one of the first rows is a header, or has a name and three whole numbers."""
        if source.begins_as_json:
            return False
        head = source.head.decode("utf-8", "replace")
        first = [line for _, line in zip(range(8), _lines(head), strict=False)]
        return any(
            _is_header(line.cells)
            or (
                len(line.cells) >= 3
                and all(map(_WHOLE.fullmatch, line.cells[:3]))
                and not _CODE.intersection(line.name)
            )
            for line in first
        )

    def read(self, source: Source) -> list[Row]:
        """Return the layers; a row of a name alone is a title, and passed over."""
        lines = [line for line in _whole(source, _lines(source.text())) if line.cells]
        header = lines.pop(0).cells if lines and _says_words(lines[0]) else []
        if not lines:
            raise InputError(f"{source.path}: no layer: expected a name and whole numbers a row")
        require_few(len(lines), source.path)
        if any(_LAYOUT in cell.lower() for cell in header):
            raise InputError(
                f"{source.path}: a layout of SCALE-Sim, which says where elements lie: expected a "
                "topology, with the sizes of layers"
            )
        if _is_of_products(source, header, lines[0]):
            heads = next((at for at, cell in enumerate(header) if "batch" in cell.lower()), None)
            rows = [_product(source, line, heads) for line in lines]
        else:
            behind = header[len(_CONVOLUTION) : len(_CONVOLUTION) + 1]
            one_stride = any(not _STRIDE.search(cell) for cell in behind)
            rows = [self._convolution(source, line, one_stride) for line in lines]
        return list(named_apart(rows))

    def padding(
        self, in_size: Sequence[int], kernel: Sequence[int], stride: Sequence[int]
    ) -> list[int]:
        """Return the padding of a convolution: topologies have what they pad in their inputs."""
        return [0, 0]

    def _convolution(self, source: Source, line: _Line, one_stride: bool) -> Row:
        """Return a convolution; behind its stride may stand another one, of its columns."""
        height, width, kernel_height, kernel_width, channels, filters, stride = _numbers(
            source, line, _CONVOLUTION
        )
        further = line.cells[len(_CONVOLUTION) :]
        two_strides = bool(further) and not one_stride and _WHOLE.fullmatch(further[0])
        strides = [stride, int(further[0]) if two_strides else stride]
        groups = channels if _DEPTHWISE in line.name else 1
        fields: dict[str, object] = {
            "name": line.name,
            "op": "conv2d",
            "in_channels": channels,
            "out_channels": filters * groups,
            "in_size": [height, width],
            "kernel": [kernel_height, kernel_width],
            "stride": strides,
            "padding": self.padding([height, width], [kernel_height, kernel_width], strides),
            "groups": groups,
        }
        return Row(f"{source.path}:{line.number}", fields)


class ScaleSimCeil(ScaleSim):
    """The same, with the outputs that SCALE-Sim counts: ceil((H - FH + S) / S) a column.

    That is one more than floor((H - FH) / S) + 1 wherever H - FH is no multiple of S. The last
    window then hangs over the edge; SCALE-Sim reads nothing there, so it is padding at the end. It
    is the only window of a filter that is larger than its input by less than a stride.
    """

    name = "scale_sim_ceil"
    description = "the same, with an output also where the last window hangs over the edge"

    def recognises(self, source: Source) -> bool:
        """Say no: only a person can say which of both is meant."""
        return False

    def padding(
        self, in_size: Sequence[int], kernel: Sequence[int], stride: Sequence[int]
    ) -> list[int]:
        """Return [top, bottom, left, right]: what the last window lacks."""
        below, right = (
            -(size - side) % step if size - side > -step else 0
            for size, side, step in zip(in_size, kernel, stride, strict=True)
        )
        return [0, below, 0, right]


def _lines(text: str) -> Iterator[_Line]:
    """Yield the rows that have a name; cells are between commas, else semicolons, else tabs."""
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            cells = [cell.strip() for cell in _split(line)]
        except csv.Error as error:
            yield _Line(number, "", [], str(error))
            continue
        comment = next((at for at, cell in enumerate(cells) if cell.startswith("#")), len(cells))
        del cells[comment:]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield _Line(number, cells[0], cells[1:])


def _split(line: str) -> list[str]:
    """Return a line's cells; one that holds the mark between them may stand in quotes.

    Raises csv.Error, such as for a quote that does not end, but for none in a comment.
    """
    if line.lstrip().startswith("#"):
        return []
    mark = mark_between(line)
    line = re.sub(_AROUND_QUOTES.format(mark=mark), '"', line)
    return next(csv.reader([line], delimiter=mark, skipinitialspace=True, strict=True), [])


def _whole(source: Source, lines: Iterable[_Line]) -> Iterator[_Line]:
    """Yield the rows; raises InputError for one that cannot be split."""
    for line in lines:
        if line.fault:
            raise InputError(
                f"{source.path}:{line.number}: no row of cells ({line.fault}): expected quotes "
                "around whole cells, or none"
            )
        yield line


def _says_words(line: _Line) -> bool:
    """Say whether a row is a header: of words, without a number that a layer would have."""
    return not any(map(_WHOLE.fullmatch, line.cells))


def _is_header(cells: Sequence[str]) -> bool:
    """Say whether a row names the columns of a topology."""
    first = [cell.upper() for cell in cells[:1]]
    return sorted(_first_words(cells)) == sorted(_PRODUCT) or first in (
        ["IFMAP HEIGHT"],
        ["IFMAP WIDTH"],
    )


def _first_words(header: Sequence[str]) -> list[str]:
    """Return how the first three columns are called, such as M of `M (rows)`."""
    return [match[0] for cell in header[:3] if (match := _WORD.match(cell.upper()))]


def _is_of_products(source: Source, header: Sequence[str], first: _Line) -> bool:
    """Say whether rows are matrix products, by the header, or by how many numbers a row has."""
    names = _first_words(header)
    if sorted(names) == sorted(_PRODUCT):
        if tuple(names) != _PRODUCT:
            raise InputError(
                f"{source.path}: the header says {', '.join(header[:3])}, but SCALE-Sim reads M, N "
                "and K in this order whatever it says: put the columns in this order"
            )
        return True
    cells = first.cells[: len(_CONVOLUTION)]
    numbers = sum(1 for cell in cells if _WHOLE.fullmatch(cell))
    return not header and (len(cells) < len(_CONVOLUTION) or numbers < _FEWEST_OF_CONVOLUTION)


def _product(source: Source, line: _Line, batch: int | None) -> Row:
    """Return a matrix product, M x K by K x N: a linear layer of M positions.

    Several, as many as the column `batch` says, are those of two activations, as of attention's
    heads: a group each.
    """
    positions, outputs, inputs = _numbers(source, line, _PRODUCT)
    said = line.cells[batch] if batch is not None and batch < len(line.cells) else ""
    heads = _number(_where(source, line), "Batch", said) if said else 1
    fields: dict[str, object] = {
        "name": line.name,
        "op": "matmul" if heads > 1 else "linear",
        "in_channels": heads * inputs,
        "out_channels": heads * outputs,
        "positions": positions,
        "groups": heads,
    }
    return Row(f"{source.path}:{line.number}", fields)


def _numbers(source: Source, line: _Line, columns: Sequence[str]) -> list[int]:
    """Return the numbers of a row, which has one in each of these columns."""
    if not line.name:
        raise InputError(f"{source.path}:{line.number}: the row has no name in its first cell")
    where = _where(source, line)
    found = [_number(where, *each) for each in zip(columns, line.cells, strict=False)]
    if len(line.cells) < len(columns):
        raise InputError(
            f"{where}: {len(line.cells)} numbers, expected {len(columns)}: {', '.join(columns)}"
        )
    return found


def _number(where: str, column: str, cell: str) -> int:
    """Return the number in a cell; raises InputError, by its column, for anything else."""
    if not _WHOLE.fullmatch(cell) or not int(cell):
        raise InputError(
            f"{where}: {column}: expected a whole number, at least 1, not {short(cell)}"
        )
    return int(cell)


def _where(source: Source, line: _Line) -> str:
    return f"{source.path}:{line.number}: layer {short(line.name)}"
