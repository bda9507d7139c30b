"""The command line: one file per verb, imported when its verb is called.

`pgsim --help` imports click and nothing else that takes time.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from pgsim import __version__
from pgsim.errors import InputError, nearest

VERBS = {
    "simulate": "Simulate a trace on a design, layer by layer.",
    "compare": "Set a gated design beside what one would build instead.",
    "sweep": "Simulate every combination of traces, designs, schemes and axes.",
    "plot": "Draw the results that simulate, compare or sweep wrote.",
    "trace": "Look into, check, draw or synthesize gate masks.",
    "arch": "List, show, check or measure designs.",
    "schemes": "List the schemes: rules from a layer to its passes.",
}


class _Refusal(click.ClickException):
    """What a person can mend: a message without a traceback."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message on stderr."""
        click.echo(f"pgsim: {self.message}", file=file, err=True)


class _Verbs(click.Group):
    """A group whose commands are the `command` of the modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            ctx.fail(f"no such verb {cmd_name!r}.{nearest(cmd_name, VERBS)}")
        command: click.Command = import_module(f"pgsim.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; what its input or the file system refuses ends in one message."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise _Refusal(str(error)) from None
        except BrokenPipeError:  # the reader of the output has left: click ends quietly
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise _Refusal(f"{where}{error.strerror or error}") from None
        except KeyboardInterrupt:
            click.echo("pgsim: interrupted", err=True)
            ctx.exit(130)


@click.group(
    cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="pgsim")
def pgsim() -> None:
    """Cycle-level simulation of dual-precision DNN accelerators, from gate masks of trained nets.

    TRACE and ARCH are paths, or names of shipped ones (pgsim arch list). Start with: pgsim compare
    """


def main() -> None:
    """Run the command line: exit code 0, 2 for wrong input, 130 for an interrupt."""
    pgsim(prog_name="pgsim")
