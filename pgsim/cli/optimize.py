"""pgsim optimize: the best designs of a sweep, found by simulating some of its points."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.cli.options import missing, table_option
from pgsim.cli.progress import bar
from pgsim.cli.streams import say
from pgsim.results.fronts import undominated
from pgsim.study.fronts import objectives_of
from pgsim.study.optimizing import TRIALS, optimize_into
from pgsim.study.searches import Found
from pgsim.study.sweeps import SweepSpec, load_sweep

_MOST_FAILURES = 20  # that are told each; of the others there is a count


def _names(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> list[str]:
    return [name.strip() for text in texts for name in text.split(",")]


@click.command("optimize")
@click.argument("spec")
@click.option(
    "--minimize",
    multiple=True,
    callback=_names,
    metavar="COLUMNS",
    help="Result columns of which less is better, such as energy_pj,time_us. May be repeated.",
)
@click.option(
    "--maximize",
    multiple=True,
    callback=_names,
    metavar="COLUMNS",
    help="Those of which more is better, such as accuracy. May be repeated.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=TRIALS,
    show_default=True,
    metavar="N",
    help="Points that are simulated at most.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Another one tries other points.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes, and points that are chosen together. Another one tries other points.",
)
@table_option("Write the designs that no other is better than, one row each")
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    minimize: list[str],
    maximize: list[str],
    trials: int,
    seed: int,
    jobs: int,
    output: Path | None,
) -> None:
    """Search a sweep for the designs that no other is better than.

    SPEC is what pgsim sweep takes. Some of its points are simulated, those that are likely to be
    better, one after another or, with --jobs, some at a time. Sums over layers are per image. -o is
    needed, and is written whenever the designs improve. A search that was ended goes on when the
    same command is given again, or one of more trials. The same seed and jobs give the same
    designs.
    """
    if output is None:
        raise missing(ctx, "output")
    asked, objectives = load_sweep(spec), objectives_of(minimize, maximize)
    if asked.point_count <= trials:
        say(f"note: all {asked.point_count:,} points are tried: a sweep does as well", err=True)
    with bar() as told:
        found = optimize_into(
            output,
            asked,
            minimize,
            maximize,
            trials=trials,
            seed=seed,
            jobs=jobs,
            progress=told("simulating"),
        )
    _say_what_was_left(asked, found, trials)
    say(f"{output}: {undominated(found.front, found.finished, str(objectives))}", err=True)


def _say_what_was_left(asked: SweepSpec, found: Found, trials: int) -> None:
    """Say what was finished before, what was not simulated, and why a search ended early."""
    if found.before:
        say(f"note: {found.before:,} points were finished before", err=True)
    if found.left_out:
        say(f"note: constraints leave out {found.left_out:,} of the points tried", err=True)
    for each in found.failures[:_MOST_FAILURES]:
        say(f"skipped: {' '.join(each.split())}", err=True)
    if (more := len(found.failures) - _MOST_FAILURES) > 0:
        say(f"skipped: {more:,} points more", err=True)
    if found.trials < trials < asked.point_count:
        why = "no point is left" if found.is_whole else "the next ones could all not be simulated"
        say(f"note: ended after {found.trials:,} of {trials:,} trials: {why}", err=True)
