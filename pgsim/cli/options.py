"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pgsim.arch import ArchConfig, load_arch
from pgsim.arch.yaml_source import read_literal
from pgsim.errors import InputError

Function = TypeVar("Function", bound=Callable[..., Any])

settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a value of the design, such as array.rows=32. May be repeated.",
)
verify_option = click.option(
    "--verify/--no-verify",
    default=True,
    help="Whether the masks are held to the SHA-256 that their files state, before anything else. "
    "Without it a trace that you trust loads at once.  [default: verify]",
)
calibration_option = click.option(
    "--calibration-images",
    type=click.IntRange(min=0),
    metavar="N",
    help="The trace's first N images only measure channels for lane_order: density, and are not "
    "simulated.  [default: 0, or a tenth under that lane order]",
)


def table_option(meaning: str) -> Callable[[Function], Function]:
    """Return the option -o for a table's file; its name is checked before any work is done."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        callback=_check_table_path,
        metavar="FILE",
        help=f"{meaning}, as .csv, .parquet or .json.",
    )


def figure_option(*names: str, meaning: str) -> Callable[[Function], Function]:
    """Return an option for a figure's file; its name is checked before any work is done."""
    return click.option(
        *names,
        type=click.Path(path_type=Path),
        callback=_check_plot_path,
        metavar="FILE",
        help=meaning,
    )


def _check_plot_path(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    from pgsim.plots.paths import check_plot_path

    return path if path is None else check_plot_path(path)


def _check_table_path(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    from pgsim.results.table_files import check_table_path

    return path if path is None else check_table_path(path)


def chosen_arch(name_or_path: str, settings: tuple[str, ...]) -> ArchConfig:
    """Return a design with the values of --set; its name tells them, so that tables do.

    Raises InputError as `load_arch` and `ArchConfig.override` do, and for no KEY=VALUE.
    """
    arch = load_arch(name_or_path)
    if not settings:
        return arch
    values: dict[str, object] = {"name": f"{arch.name}[{','.join(settings)}]"}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: expected KEY=VALUE, such as array.rows=32")
        values[key.strip()] = read_literal(text, f"--set {setting}")
    return arch.override(values)
