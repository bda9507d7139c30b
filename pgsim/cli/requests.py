"""pgsim requests: a stream of requests to one network, each at its own precision."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from pgsim.cli.options import (
    ARCH,
    TRACE,
    chosen_arch,
    settings_option,
    table_option,
    verify_option,
)
from pgsim.cli.output import paragraph, show, table
from pgsim.cli.streams import say
from pgsim.errors import InputError
from pgsim.results.numbers import percent, scaled, whole
from pgsim.results.table_files import write_table
from pgsim.study.request_stream import RequestStream, request_stream
from pgsim.workload import load_trace


@click.command("requests", short_help="Serve a stream of requests, each at its own precision.")
@click.argument("trace", type=TRACE)
@click.argument("stream", nargs=-1, required=True, metavar="SCHEME=N [SCHEME=N]")
@click.option("--arch", type=ARCH, required=True, help="The design: a file or a shipped name.")
@click.option(
    "--weights-stay/--weights-leave",
    default=True,
    help="Whether weight planes stay on chip from request to request where all that the stream "
    "reads fit the weight buffer.  [default: weights-stay]",
)
@settings_option
@verify_option
@table_option("Write the whole table")
def command(
    trace: str,
    stream: tuple[str, ...],
    arch: str,
    weights_stay: bool,
    settings: tuple[str, ...],
    verify: bool,
    output: Path | None,
) -> None:
    """Serve requests to TRACE, an image each, so many in a row at each precision (MODEL.md, M55).

    A stream is a list such as top:4,4=100 top:8,8=1 top:2,2=50. Where weights stay on
    chip, a request at more bits loads the planes that are not there yet, and one at
    fewer bits loads none. Where they do not fit, each request loads what it reads.

    \b
    The columns that it prints, each of all requests of a row:
      accuracy    what the trace states of the network at this precision
      weights     bytes of weights that DRAM brings; activations, outputs likewise
    """
    what, on = load_trace(trace, verify=verify), chosen_arch(arch, settings)
    asked = [_asked(each) for each in stream]
    found = request_stream(what, on, asked, weights_stay=weights_stay)
    if output is not None:
        write_table(found.table, output)
        say(f"{output}: written", err=True)
    kept = "stay on chip" if found.weights_stay else "are loaded by every request"
    paragraph(f"{found.trace} on {found.arch}; weights {kept}:")
    show(stream_table(found))


def _asked(text: str) -> tuple[str, int]:
    scheme, equals, count = text.rpartition("=")
    if not (equals and scheme and count.isascii() and count.isdigit() and len(count) < 19):
        raise InputError(f"{text!r}: expected SCHEME=N, such as top:4,4=100")
    return scheme, int(count)


def stream_table(found: RequestStream) -> Table:
    """Return a row for each stretch of requests, and one of all."""
    frame = found.table
    unit, energies = scaled(frame["energy_pj"] * 1e-12, "J")
    columns = {
        "requests at": frame["scheme"].tolist(),
        "\nrequests": whole(frame["requests"]),
        "accuracy\n%": percent(frame["accuracy"]),
        "\ncycles": whole(frame["cycles"]),
        f"energy\n{unit}": energies,
        "DRAM bytes\nweights": whole(frame["dram_weight_read_bytes"]),
        "\nactivations": whole(frame["dram_activation_read_bytes"]),
        "\noutputs": whole(frame["dram_write_bytes"]),
    }
    return table(columns)
