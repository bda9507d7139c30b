"""Designs of other simulators: read, checked, and written as pgsim's."""

from __future__ import annotations

import warnings
from pathlib import Path

from pgsim.arch.config import ArchConfig, load_arch
from pgsim.arch.importers.importer import Importer, Sourced
from pgsim.arch.importers.ini import IniFile, read_ini
from pgsim.arch.importers.keys import (
    Unfit,
    defaulted,
    read_keys,
    refusal,
    without_counterpart,
)
from pgsim.arch.importers.kinds import IMPORTERS
from pgsim.arch.importers.writing import values_of, yaml_of
from pgsim.arch.validation import check_values
from pgsim.errors import CounterpartWarning, InputError, nearest
from pgsim.files import check_new_file
from pgsim.text import spelled_out
from pgsim.writing import replacing


def import_arch(
    path: str | Path, output: str | Path | None = None, *, format: str | None = None
) -> ArchConfig:
    r"""Return the design that a file of another simulator describes.

    Parameters
    ----------
    path : str or Path
        SCALE-Sim's .cfg, or Bit Fusion's conf.ini.
    output : str or Path, optional
        Where to write the design, as YAML in which each value says where it comes from. The file
        appears, or replaces another, only when the usual reader takes it.
    format : str, optional
        `scalesim` or `bitfusion` (default: that whose sections the file has).

    Returns
    -------
    ArchConfig
        The design, checked and frozen.

    Raises
    ------
    InputError
        For everything wrong in the file at once, one line each with file, line and key.

    Warns
    -----
    CounterpartWarning
        For each key that is missing, has no counterpart or is taken otherwise.

    Notes
    -----
    Cycles of what comes from SCALE-Sim are counted as SCALE-Sim counts them: MODEL.md, M51. The
    conventions of Bit Fusion are those of M47.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> sizes = "ArrayHeight = 8\nArrayWidth = 4\nDataflow = is\nBandwidth = 10\n"
    >>> sizes += "IfmapSramSzkB = 64\nFilterSramSzkB = 64\nOfmapSramSzkB = 32\n"
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "small.cfg"
    ...     _ = file.write_text(
    ...         f"[general]\nrun_name = small\n[architecture_presets]\n{sizes}"
    ...         "[run_presets]\nInterfaceBandwidth = CALC\n"
    ...     )
    ...     design = import_arch(file)
    >>> design.name, design.pes, design.array.convention, design.memory.dram.model
    ('small', 32, 'scalesim', 'ideal')
    """
    file = read_ini(path)
    importer = _importer(file, format)
    values = read_keys(file, importer.keys)
    notes = defaulted(file, importer.keys)
    notes += without_counterpart(file, importer.keys, importer.ignored)
    try:
        found, taken = importer.design(values, spelled_out(file.path.stem) or importer.name)
    except Unfit as unfit:
        key = next(each for each in importer.keys if each.name == unfit.key)
        raise InputError(refusal(file, key, unfit)) from None
    where = f"{importer.description}, {spelled_out(file.path.name)}"
    design = {"name": found["name"], "source": Sourced(where), **found}
    arch = check_values(ArchConfig, values_of(design), str(path))
    if output is not None:
        _write(yaml_of(design, f"Imported from {where}."), Path(output), arch)
    for note in (*notes, *taken):
        warnings.warn(f"{path}: {note}", CounterpartWarning, stacklevel=2)
    return arch


def _importer(file: IniFile, format: str | None) -> Importer:
    """Return the format of a file: that which is asked for, or that whose sections it has."""
    if format is not None:
        if format not in IMPORTERS:
            hint = nearest(format, IMPORTERS)
            raise InputError(f"format {format!r}: expected one of {', '.join(IMPORTERS)}.{hint}")
        return IMPORTERS[format]
    for each in IMPORTERS.values():
        if set(each.sections) & set(file.sections):
            return each
    expected = "; ".join(
        f"{each.description} has [{'] or ['.join(each.sections)}]" for each in IMPORTERS.values()
    )
    raise InputError(f"{file.path}: of no format that pgsim imports: {expected}")


def _write(text: str, output: Path, arch: ArchConfig) -> None:
    """Write a design, and hold it to what the usual reader makes of it."""
    check_new_file(output)
    with replacing(output) as scratch:
        scratch.write_text(text, encoding="utf-8")
        if load_arch(scratch) != arch:
            raise ValueError(f"{output}: the design that is written is another one")
