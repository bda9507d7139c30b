"""pgsim report: what was found, as one HTML file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pgsim.cli.options import (
    ARCH,
    calibration_option,
    chosen_arch,
    objective_option,
    settings_option,
    verify_option,
)
from pgsim.cli.streams import say
from pgsim.report.paths import check_report_path

_TABLES = (".csv", ".parquet", ".json")
_OF_SUBJECTS = ("subject", "output")  # what every report takes
_OF_TABLES = ("spec",)  # what only a table takes
_OF_COMPARISONS = ("beside",)  # what only a comparison takes
_OF_SIMULATIONS = ("scheme", "objective")  # what only a simulation takes


def _check_path(ctx: click.Context, param: click.Parameter, path: Path) -> Path:
    return check_report_path(path)


@click.command("report")
@click.argument("subject", metavar="TRACE|TABLE")
@click.option("--arch", type=ARCH, help="The design: a file or a shipped name.")
@click.option("--scheme", default="pg", show_default=True, help="See pgsim schemes.")
@settings_option
@calibration_option
@verify_option
@objective_option
@click.option("--compare", "compared", is_flag=True, help="Set what one would build beside it.")
@click.option(
    "--beside",
    multiple=True,
    metavar="WHAT",
    help="With --compare: set ARCH, ARCH:SCHEME or TRACE:SCHEME beside it too. May be repeated.",
)
@click.option("--spec", metavar="SPEC", help="Of TABLE: the sweep that it is of.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=_check_path,
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="The report, as .html.",
)
@click.pass_context
def command(ctx: click.Context, /, subject: str, output: Path, **asked: Any) -> None:
    """Write a report of TRACE on a design, or of TABLE, as one HTML file.

    \b
    pgsim report TRACE --arch ARCH            of a simulation
    pgsim report TRACE --arch ARCH --compare  of a comparison
    pgsim report TABLE.csv                    of a table of results

    The file has its figures in itself, asks for nothing from a network, and can be read without
    scripts and printed. TABLE is a .csv, .parquet or .json that simulate, compare or sweep wrote.
    With the SPEC of a sweep its fastest design is told of as a simulation is.
    """
    from pgsim.report.writing import write_report

    spec = None
    if asked["spec"] is not None:
        from pgsim.study.sweeps import load_sweep

        spec = load_sweep(asked["spec"])
    found = _found(ctx, subject, asked)
    write_report(found, output, commands=list(_commands(ctx)), spec=spec)
    say(f"{output}: written", err=True)


def _found(ctx: click.Context, subject: str, asked: dict[str, Any]) -> Any:
    """Return what the report is of: a table, a comparison or a simulation."""
    given = {name for name in asked if ctx.get_parameter_source(name) != ParameterSource.DEFAULT}
    if Path(subject).suffix in _TABLES:
        _refuse(ctx, "a report of a table", given - {*_OF_TABLES})
        from pgsim.cli.tables import table_of

        return table_of(Path(subject))
    _refuse(ctx, "a report of a trace", given & {*_OF_TABLES})
    if asked["arch"] is None:
        raise click.UsageError("a report of a trace needs --arch, the design")
    from pgsim.workload import load_trace

    trace = load_trace(subject, verify=asked["verify"])
    arch = chosen_arch(asked["arch"], asked["settings"])
    calibration = asked["calibration_images"]
    if asked["compared"]:
        _refuse(ctx, "a report of a comparison", given & {*_OF_SIMULATIONS})
        from pgsim.study.comparison import compare

        return compare(trace, arch, calibration_images=calibration, beside=asked["beside"])
    _refuse(ctx, "a report without --compare", given & {*_OF_COMPARISONS})
    from pgsim.study.simulation import simulate

    return simulate(
        trace, arch, asked["scheme"], calibration_images=calibration, objective=asked["objective"]
    )


def _refuse(ctx: click.Context, what: str, given: set[str]) -> None:
    """Raise UsageError where options are given that mean nothing."""
    for param in ctx.command.params:
        if param.name in given:
            raise click.UsageError(f"{what} takes no {param.opts[-1]}")


def _commands(ctx: click.Context) -> Iterator[str]:
    """Return the command of this report, and for a trace the one that prints its figures."""
    subject, compared = ctx.params["subject"], ctx.params["compared"]
    words = list(_words(ctx))
    yield shlex.join(["pgsim", "report", subject, *words, "-o", "report.html"])
    if Path(subject).suffix not in _TABLES:
        verb = "compare" if compared else "simulate"
        rest = [word for word in words if word != "--compare"]
        table = "designs.csv" if compared else "layers.csv"
        yield shlex.join(["pgsim", verb, subject, *rest, "-o", table])


def _words(ctx: click.Context) -> Iterator[str]:
    """Return the options that were given, as they could be again."""
    for param in ctx.command.params:
        name = str(param.name)
        if name in _OF_SUBJECTS or ctx.get_parameter_source(name) == ParameterSource.DEFAULT:
            continue
        value = ctx.params[name]
        if isinstance(value, bool):
            yield param.opts[-1] if value else param.secondary_opts[-1]
            continue
        for each in value if isinstance(value, tuple) else (value,):
            yield from (param.opts[-1], str(each))
