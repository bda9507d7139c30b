"""Edits of a CSV table: its cells, columns and rows, and how they are written."""

from __future__ import annotations

import csv
import io
from random import Random

from fuzz.mutators.mutator import Unfit
from fuzz.mutators.odd import ODD_KEYS, ODD_TEXTS, odd_number

Rows = list[list[str]]


def cell_edit(rng: Random, data: bytes) -> bytes:
    """Replace one cell, of the heading now and then, or a whole column's."""
    rows = _rows(data)
    row = rng.choice(rows[:1] * (rng.random() < 0.1) or rows[1:] or rows)
    column = rng.randrange(len(row)) if row else 0
    odd = rng.choice(
        (odd_number(rng), rng.choice(ODD_TEXTS), "inf", "-inf", "nan", "NA", "TRUE", "1,5")
    )
    for each in rows[1:] if rng.random() < 0.2 else [row]:
        each[column : column + 1] = [odd]
    return _written(rng, rows)


def nudge_edit(rng: Random, data: bytes) -> bytes:
    """Change one number a little: sign, size, a fraction, an exponent."""
    rows = _rows(data)
    row = rng.choice(rows)
    column = rng.randrange(len(row)) if row else 0
    cell = row[column] if row else ""
    changed = (
        f"-{cell}",
        f"{cell}.5",
        f"{cell}0",
        f"{cell}e9",
        f" {cell}",
        f"{cell} ",
        f'"{cell}"',
    )
    row[column : column + 1] = [rng.choice(changed)]
    return _written(rng, rows)


def column_edit(rng: Random, data: bytes) -> bytes:
    """Drop, double, rename, swap or add a column."""
    rows = _rows(data)
    width = max(map(len, rows))
    one, other = rng.randrange(width), rng.randrange(width)
    name = rng.choice((*ODD_KEYS, "cycles", "axis", "array.rows", "trace.weight_bits", "area_mm2"))

    def drop(row: list[str]) -> list[str]:
        return row[:one] + row[one + 1 :]

    def double(row: list[str]) -> list[str]:
        return row + row[one : one + 1]

    def swap_cells(row: list[str]) -> list[str]:
        return [row[{one: other, other: one}.get(place, place)] for place in range(len(row))]

    def rename(row: list[str]) -> list[str]:
        return [
            name if row is rows[0] and place == one else row[place] for place in range(len(row))
        ]

    def add(row: list[str]) -> list[str]:
        return [name if row is rows[0] else odd, *row]

    odd = rng.choice((odd_number(rng), rng.choice(ODD_TEXTS)))
    change = rng.choice((drop, double, swap_cells, rename, add))
    try:
        return _written(rng, [change(row) for row in rows])
    except IndexError:  # a row that is shorter than another
        raise Unfit from None


def row_edit(rng: Random, data: bytes) -> bytes:
    """Drop, double, multiply, shorten, lengthen or empty a row."""
    rows = _rows(data)
    place = rng.randrange(len(rows))
    row = rows[place]
    changed = ([], [row, row], [row] * 300, [row[:-1]], [[*row, "1"]], [[""] * len(row)], [[]])
    rows[place : place + 1] = rng.choice(changed)
    return _written(rng, rows)


CELL_EDITS = (cell_edit, cell_edit, cell_edit, nudge_edit, column_edit, row_edit)


def _rows(data: bytes) -> Rows:
    try:
        rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise Unfit from None
    if not any(rows):
        raise Unfit
    return rows


def _written(rng: Random, rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    delimiter = rng.choices((",", ";", "\t"), (30, 1, 1))[0]
    ending = rng.choices(("\n", "\r\n", "\r"), (30, 2, 1))[0]
    quoting = rng.choices((csv.QUOTE_MINIMAL, csv.QUOTE_ALL), (20, 1))[0]
    csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows(rows)
    mark = "\ufeff" if rng.random() < 0.03 else ""
    return (mark + text.getvalue()).encode("utf-8", "surrogatepass")
