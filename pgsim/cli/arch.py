"""pgsim arch: list, show, check, measure, import and export designs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pgsim.arch import ArchConfig, load_arch
from pgsim.arch.importers import IMPORTERS, import_arch
from pgsim.cli.options import ARCH, chosen_arch, settings_option
from pgsim.cli.output import check_all, show, table
from pgsim.cli.streams import say
from pgsim.cost import area_mm2, costs_of, warn_of_clock
from pgsim.cost.exporters import EXPORTERS, export_arch
from pgsim.errors import InputError
from pgsim.files import shipped_names
from pgsim.results.numbers import decimal
from pgsim.yaml_source import yaml_text


@click.group("arch")
def command() -> None:
    """List, show, check, measure, import or export designs. ARCH is a file or a shipped name."""


@command.command("list")
def list_archs() -> None:
    """List the shipped designs."""
    names = shipped_names("arch_configs", ".yaml")
    designs = [load_arch(name) for name in names]
    columns = {
        "design": names,
        "array": [_array(design) for design in designs],
        "PE": [_pe(design) for design in designs],
        "LSB scheduler": [design.scheduler.label for design in designs],
        "SRAM\nKiB": decimal(map(_sram_kib, designs), 0),
        "clock\nMHz": decimal((costs_of(design).arch.mhz for design in designs), 0),
    }
    show(table(columns, words=("array", "PE", "LSB scheduler")))


@command.command("show")
@click.argument("arch", type=ARCH)
@settings_option
def show_arch(arch: str, settings: tuple[str, ...]) -> None:
    """Print ARCH with all its defaults, as YAML that can be read back."""
    resolved = chosen_arch(arch, settings).model_dump()
    any_letter = "utf" in sys.stdout.encoding.lower()
    say(yaml_text(resolved, width=88, any_letter=any_letter).removesuffix("\n"))


@command.command("check", short_help="Check ARCH, and the prices of its parts.")
@click.argument("archs", nargs=-1, required=True, metavar="ARCH...")
def check_archs(archs: tuple[str, ...]) -> None:
    """Check ARCH, and that its technology prices its parts; exit code 2 if anything is wrong."""
    check_all(archs, _problems)


@command.command("import", short_help="Write another simulator's design as pgsim's.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="ARCH.yaml",
    help="Where to write the design.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(IMPORTERS)),
    help="Of which simulator FILE is.  [default: as its sections tell]",
)
def import_file(file: Path, output: Path, format_: str | None) -> None:
    """Write the design that FILE describes, SCALE-Sim's .cfg or Bit Fusion's conf.ini.

    Each value of the YAML says which key of FILE it comes from. What has no counterpart in pgsim is
    warned of, key by key (MODEL.md, M51).
    """
    design = import_arch(file, output, format=format_)
    say(f"{output}: {design.name}, {_array(design)} {_pe(design)}")


@command.command("export", short_help="Write what ARCH's parts cost for another tool.")
@click.argument("arch", type=ARCH)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(EXPORTERS)),
    default="timeloop",
    show_default=True,
    help="For which tool.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder of the files.",
)
@settings_option
def export(arch: str, format_: str, output: Path, settings: tuple[str, ...]) -> None:
    """Write what ARCH's parts cost: energies of their actions in pJ, areas in um2.

    timeloop writes ERT.yaml and ART.yaml as Accelergy 0.4 has them. The counts of a simulation
    come from pgsim simulate --reports timeloop (MODEL.md, M51).
    """
    for path in export_arch(chosen_arch(arch, settings), output, format=format_):
        say(str(path))


@command.command("area")
@click.argument("arch", type=ARCH)
@settings_option
def arch_area(arch: str, settings: tuple[str, ...]) -> None:
    """Print the area of ARCH's parts in mm2."""
    design = chosen_arch(arch, settings)
    parts = area_mm2(costs_of(design))
    total = sum(parts.values())
    columns = {
        f"{design.name}, {design.technology}": [*parts, "total"],
        "mm2": decimal([*parts.values(), total], 4),
        "%": decimal((100 * part / total for part in (*parts.values(), total)), 1),
    }
    show(table(columns, total=True))


@command.command("clock")
@click.argument("arch", type=ARCH)
@settings_option
def arch_clock(arch: str, settings: tuple[str, ...]) -> None:
    """Print the paths of ARCH's parts in ns, and the clocks they reach."""
    design = chosen_arch(arch, settings)
    costs = costs_of(design)
    names = [*(path.part for path in costs.paths), "clock_mhz"]
    periods = [*(path.path_ns for path in costs.paths), 1e3 / costs.arch.mhz]
    columns = {
        f"{design.name}, {design.technology}": names,
        "ns": decimal(periods, 3),
        "MHz": decimal((1e3 / period for period in periods), 1),
    }
    show(table(columns, total=True))
    warn_of_clock(costs.arch, costs.paths)


def _problems(arch: str) -> list[str]:
    """Return what is wrong with a design's file, or with its technology's prices."""
    try:
        config = load_arch(arch)
    except InputError as error:
        return [str(error)]
    try:
        costs_of(config)
    except InputError as error:
        return [f"{arch}: {error}"]
    return []


def _array(design: ArchConfig) -> str:
    array = design.array
    usual = design.dataflow.lanes[0]
    lanes = f" over {design.lanes.name}" if design.lanes.name != usual else ""
    return f"{array.rows} x {array.columns} {array.dataflow}{lanes}"


def _pe(design: ArchConfig) -> str:
    pe = design.pe
    return f"{pe.name} {pe.max_activation_bits}x{pe.max_weight_bits}"


def _sram_kib(design: ArchConfig) -> float:
    return sum(buffer.kib for buffer in design.memory.buffers.values())
