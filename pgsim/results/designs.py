"""The designs of a table: which columns tell them apart, and their values over all layers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from pgsim.errors import InputError, nearest
from pgsim.results import COLUMNS, IDENTITY, SUMMED, Column
from pgsim.results.columns import DOMINATED, is_of_front
from pgsim.results.mask_sources import MASK_SOURCES, words_of
from pgsim.results.settings import belies_names, contradicts_names, fixed_settings

# A ratio over layers is their mean, weighted by what it is a ratio to (M4, M27).
_WEIGHTS = {
    "average_bits": "outputs",
    "mask_density": "outputs",
    "pe_utilization": "cycles",
    "msb_pe_utilization": "msb_cycles",
    "lsb_pe_utilization": "lsb_cycles",
}
_MEASURED = {
    name: column for name, column in COLUMNS.items() if name not in (*IDENTITY, "design", "image")
}
_NO_KEYS = ("layer", "image", DOMINATED)  # what tells no design from another
_NAMED = ("arch", "trace", "mask_source", "scheme")
NAMES = ("design", "arch", "trace")  # what a person or a sweep may call anew at every point


def column_of(name: str) -> Column:
    """Return the unit and meaning of a column; both are empty for one that pgsim did not write."""
    return COLUMNS.get(name, Column("", ""))


def check_columns(frame: pd.DataFrame, needed: Iterable[str]) -> None:
    """Raise InputError where a table is empty or lacks a needed column."""
    for name in needed:
        if name not in frame.columns:
            there = [str(column) for column in frame.columns]
            hint = nearest(name, there) or f" Its columns are {', '.join(there)}."
            raise InputError(f"column {name!r} is not in this table.{hint}")
    if frame.empty:
        raise InputError("the table has no rows: there is nothing to draw")


def check_results(frame: pd.DataFrame) -> None:
    """Raise InputError where a table is empty, or lacks what all results have."""
    check_columns(frame, _NAMED if is_of_front(frame.columns) else (*_NAMED, "images"))


def compared_in(frame: pd.DataFrame) -> list[str]:
    """Return the results that a table of designs has, in its order."""
    return [str(name) for name in frame.columns if name in _MEASURED and name != "images"]


def axis_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that tell designs apart: names, and whatever a sweep varied."""
    apart = [str(name) for name in frame.columns if name not in _MEASURED and name not in _NO_KEYS]
    first = ["design", "arch", "scheme"]
    return sorted(apart, key=lambda name: first.index(name) if name in first else len(first))


def in_floats(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """Return a table whose counts can be added up: of int64, sums of the largest would wrap."""
    return frame.astype(dict.fromkeys(columns, float))


def per_image(frame: pd.DataFrame, keys: list[str], columns: Sequence[str]) -> pd.DataFrame:
    """Return sums over the rows that share `keys`, per image, one row for each; keys come back."""
    groups = in_floats(frame, columns).groupby(keys, sort=False, dropna=False)
    return groups[list(columns)].sum().div(images_by(frame, keys), axis=0).reset_index()


def images_by(frame: pd.DataFrame, keys: list[str]) -> pd.Series[float]:
    """Return the images behind the rows that share `keys`; every layer saw all of them.

    Rows of a table of a front are of one image.
    """
    if is_of_front(frame.columns):
        return frame.groupby(keys, sort=False, dropna=False).size().clip(upper=1).astype(float)
    groups = in_floats(frame, ["images"]).groupby(keys, sort=False, dropna=False)
    return groups["images"].sum() / (groups["layer"].nunique() if "layer" in frame.columns else 1)


def value_by(frame: pd.DataFrame, keys: list[str], column: str) -> pd.DataFrame:
    """Return a column's value for the rows that share `keys`, one row for each; keys come back.

    What can be summed is, per image; a ratio is recomputed; what all those rows agree on stays.
    Raises InputError naming the columns that can be drawn where this one cannot.
    """
    possible = [str(name) for name in frame.columns if _is_drawable(frame, keys, str(name))]
    if column not in possible:
        raise InputError(
            f"column {column!r} cannot be drawn: it holds no numbers, or some that cannot be added "
            f"up; expected one of {', '.join(possible)}.{nearest(column, possible)}"
        )
    if column in SUMMED:
        return per_image(frame, keys, [column])
    by = [frame[key] for key in keys]
    if (weight := _WEIGHTS.get(column)) in frame.columns:
        weights = frame[weight].astype(float).where(frame[column].notna())
        found = (frame[column] * weights).groupby(by, sort=False, dropna=False).sum()
        total = weights.groupby(by, sort=False, dropna=False).sum()
        return (found / total.where(total > 0)).rename(column).reset_index()
    return frame.groupby(keys, sort=False, dropna=False)[column].first().reset_index()


def _is_drawable(frame: pd.DataFrame, keys: list[str], name: str) -> bool:
    if name in keys or not is_numeric_dtype(frame[name]) or is_bool_dtype(frame[name]):
        return False
    if name in SUMMED or _WEIGHTS.get(name) in frame.columns:
        return True
    return name in _MEASURED and is_determined(frame, keys, name)


def is_determined(frame: pd.DataFrame, by: list[str], column: str) -> bool:
    """Return whether rows that share the columns `by` always share `column` too."""
    return int(frame.groupby(by, dropna=False)[column].nunique(dropna=False).max()) <= 1


def told_apart(rows: pd.DataFrame, candidates: Sequence[str]) -> list[str]:
    """Return the columns that a label needs: the names of a design, and what else varies.

    A column that follows from one already there is left out, but never that masks are synthetic,
    nor what an architecture's name says otherwise: sides of the array in any case, other values
    where they follow from the name alone.
    """
    names = ("design",) if "design" in candidates else ("arch", "scheme")
    shown = [name for name in names if name in candidates]
    for name in candidates:
        varies = name not in shown and rows[name].nunique(dropna=False) > 1
        follows = any(
            is_determined(rows, [other], name)
            for other in shown
            if other != "mask_source" and not (other == "arch" and contradicts_names(rows, name))
        )
        if varies and (name == "mask_source" or not follows or belies_names(rows, name)):
            shown.append(name)
    return shown


def labels_of(rows: pd.DataFrame, shown: Sequence[str]) -> list[str]:
    """Return the label of every row: values of names, ``key=value`` of what a sweep varied."""
    texts = [[_text(name, value) for value in rows[name]] for name in shown]
    return [", ".join(row) for row in zip(*texts, strict=True)] if texts else [""] * len(rows)


def _text(name: str, value: object) -> str:
    return in_words(name, value) if name in (*IDENTITY, "design") else f"{name}={value}"


def in_words(name: str, value: object) -> str:
    """Return a cell of a column as people read it."""
    return MASK_SOURCES[str(value)].words if name == "mask_source" else str(value)


def without_what_ifs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose trace names do not repeat what a sweep varied of a trace.

    ``digits[weight_bits=4]`` at ``trace.weight_bits`` 4 is ``digits``.
    """
    columns = list(map(str, frame.columns))
    short = {name: name_without_what_ifs(str(name), columns) for name in frame["trace"].unique()}
    return frame.assign(trace=frame["trace"].map(short))


def name_without_what_ifs(name: str, columns: Iterable[str]) -> str:
    """Return a trace's name as `without_what_ifs` does, in a table of these columns."""
    for column in columns:
        if column.startswith("trace."):
            field = re.escape(column.removeprefix("trace."))
            name = re.sub(rf"(?<=[\[,]){field}=[^],]*,?", "", name)
            name = name.replace(",]", "]").replace("[]", "")
    return name


def title_of(frame: pd.DataFrame) -> str:
    """Return what a table is about: traces, images, masks (synthetic ones say so), designs.

    What a sweep set and all rows share stands at the end, where no name says it.
    """
    masks = words_of(map(str, frame["mask_source"].unique()))
    return (
        f"{_named_or_counted(frame, 'trace', 'traces')} ({_images(frame)}{masks}) "
        f"on {_named_or_counted(frame, 'arch', 'architectures')}; "
        f"{_named_or_counted(frame, 'scheme', 'schemes', 'scheme ')}{_fixed(frame)}"
    )


def _images(frame: pd.DataFrame) -> str:
    """Say how many images were simulated, where a table knows it."""
    if is_of_front(frame.columns):
        return ""
    images = images_by(frame, axis_columns(frame))
    least, most = int(images.min()), int(images.max())
    return f"{least if least == most else f'{least} to {most}'} images, "


def _fixed(frame: pd.DataFrame) -> str:
    settings = fixed_settings(frame)
    return f"; {', '.join(settings)}" if settings else ""


def _named_or_counted(frame: pd.DataFrame, column: str, plural: str, before: str = "") -> str:
    found = frame[column].unique()
    return before + ", ".join(map(str, found)) if len(found) <= 3 else f"{len(found)} {plural}"
