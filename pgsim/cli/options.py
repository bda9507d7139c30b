"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pgsim.arch import OBJECTIVES, ArchConfig, load_arch
from pgsim.errors import InputError
from pgsim.files import shipped_names
from pgsim.yaml_source import read_literal

Function = TypeVar("Function", bound=Callable[..., Any])


class Shipped(click.ParamType):  # type: ignore[type-arg]  # generic in click 8.4 only
    """A path, or the name of a shipped file of some kind, such as ``traces``."""

    name = "text"

    def __init__(self, kind: str, suffix: str) -> None:
        self.kind = kind
        self.suffix = suffix

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """Return what may be given."""
        return f"Give a file, or one of {', '.join(shipped_names(self.kind, self.suffix))}."


TRACE = Shipped("traces", ".safetensors")
ARCH = Shipped("arch_configs", ".yaml")

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

objective_option = click.option(
    "--objective",
    type=click.Choice(list(OBJECTIVES)),
    help="Search for the loop nests of least cycles, energy, their product, or bytes of DRAM.  "
    "[default: what the design's mapping says]",
)

where_option = click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Take rows that meet it: a column, one of = != < <= > >=, a value, as in scheme=pg. May "
    "be repeated; of several values of one column one is enough.",
)
width_option = click.option(
    "--width",
    metavar="WIDTH",
    help="column or page: the widths of one column and of two in print.  [default: a screen]",
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
    if path is None:
        return None
    from pgsim.plots.paths import check_plot_path  # only now: it takes its time

    return check_plot_path(path)


def _check_table_path(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    if path is None:
        return None
    from pgsim.results.table_files import check_table_path  # only now: it takes its time

    return check_table_path(path)


def missing(ctx: click.Context, name: str) -> click.MissingParameter:
    """Return the error that an option of a command is not given, without which it can do nothing.

    name: of its parameter.
    """
    param = next(each for each in ctx.command.params if each.name == name)
    return click.MissingParameter(ctx=ctx, param=param)


def chosen_arch(name_or_path: str, settings: tuple[str, ...]) -> ArchConfig:
    """Return a design with the values of --set, which its name tells.

    Raises InputError as `load_arch` and `ArchConfig.override` do, and for no KEY=VALUE.
    """
    values: dict[str, object] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: expected KEY=VALUE, such as array.rows=32")
        values[key.strip()] = read_literal(text, f"--set {setting}")
    arch = load_arch(name_or_path)
    return arch.override(values) if values else arch
