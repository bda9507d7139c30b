"""The command line: one file per verb, imported when its verb is called.

`pgsim --help` imports click and nothing else that takes time.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Any

import click

from pgsim.cli import streams
from pgsim.errors import InputError, nearest
from pgsim.text import bounded, spelled_out
from pgsim.version import __version__

_COLLECTED_AT = 50_000  # objects: runs make many, and hardly any that only a search would free

VERBS = {
    "simulate": "Simulate a trace on a design, layer by layer.",
    "compare": "Set a gated design beside what one would build instead.",
    "systems": "Set the field's precision systems side by side, in equal area.",
    "requests": "Serve a stream of requests, each at its own precision.",
    "windows": "Set deep windows of a gated layer against many channels.",
    "sweep": "Simulate every combination of traces, designs, schemes and axes.",
    "optimize": "Search the best of those combinations, by trying some of them.",
    "merge": "Make the table of a sweep that ran in shards.",
    "plot": "Draw the results that simulate, compare or sweep wrote.",
    "report": "Write what was found as one HTML file: figures, tables, timeline.",
    "pareto": "Find the designs of a table that no other is better than.",
    "trace": "List, look into, check, draw, synthesize, widen or import traces.",
    "reproduce": "Set published results beside what pgsim computes.",
    "arch": "List, show, check, measure, import or export designs.",
    "schemes": "List the schemes, and what runs which system of the field.",
}


class _Refusal(click.ClickException):
    """What a person can mend: a message without a traceback."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message on stderr."""
        streams.say(f"pgsim: {self.message}", err=True)


class _Verbs(click.Group):
    """A group whose commands are the `command` of the modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            ctx.fail(f"no such verb {cmd_name!r}.{nearest(cmd_name, VERBS)}")
        command: click.Command = import_module(f"pgsim.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; `sweep merge` is `merge`, since a spec's name ends in .yaml."""
        return super().resolve_command(ctx, args[1:] if args[:2] == ["sweep", "merge"] else args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> None:
        """Run a verb; what its input refuses ends in one message."""
        try:
            if ctx.obj is not None:
                ctx.obj()
            super().invoke(ctx)
            sys.stdout.flush()
        except InputError as error:
            raise _Refusal(str(error)) from None
        except click.UsageError as error:  # it quotes arguments: a shell may have found them
            before = error.format_message()
            text = spelled_out(bounded(before), sys.stderr.encoding or "utf-8", keep="\n")
            if text == before:
                raise
            raise click.UsageError(text, error.ctx) from None
        except KeyboardInterrupt:
            streams.say("pgsim: interrupted", err=True)
            ctx.exit(130)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line; what the file system refuses ends in one message too."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:  # a reader of the output who has left is none: click ends quietly
            where = error.filename or "standard output"  # writers of files name theirs themselves
            _Refusal(bounded(f"{where}: {error.strerror or error}")).show()
            streams.drop_unwritten()
            sys.exit(_Refusal.exit_code)


@click.group(
    cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="pgsim")
def pgsim() -> None:
    """Cycle-level simulation of dual-precision DNN accelerators, from gate masks of trained nets.

    TRACE and ARCH are paths, or names of shipped ones (pgsim trace list, pgsim arch
    list). Start with: pgsim compare
    """


def main() -> None:
    """Run the command line: exit code 0, 2 for wrong input, 130 for an interrupt."""
    streams.prepare()
    gc.set_threshold(_COLLECTED_AT)
    pgsim(prog_name="pgsim", obj=_before_a_verb)


def _before_a_verb() -> None:
    import_module("pgsim.cli.compiling").tell()  # logging takes time, which --help has no use for
