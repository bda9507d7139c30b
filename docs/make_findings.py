"""Rewrite the figures of README.md and of pages in docs, and all pictures, from what pgsim finds.

    python docs/make_findings.py

Between `<!-- figures: NAME -->` and `<!-- end of figures -->` a page has what the function NAME of
BLOCKS returns. All other text is without figures, so that no rerun makes it wrong. It takes
minutes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pandas as pd
from click.testing import CliRunner

import pgsim
from pgsim.cli import pgsim as command_line
from pgsim.cli.options import chosen_arch
from pgsim.results import Result
from pgsim.study.comparison import DEFAULT_ARCH, DEFAULT_TRACE, Comparison, Outcome
from pgsim.study.findings import alternatives_in_words, gating_in_words
from pgsim.study.published import PUBLISHED
from pgsim.study.rows import SAME_AREA
from pgsim.study.sensitivity import sensitivity
from pgsim.study.systems import SYSTEMS, System
from pgsim.study.waterfalls import waterfalls

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "findings.md", ROOT / "docs" / "systems_table.md")
PAGES += (ROOT / "docs" / "reproduced.md",)
PICTURES = ROOT / "notebooks"
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(\n<!-- end of figures -->)", re.S)
WIDTH = 100
SCHEDULERS = ("dense", "skip", "combine", "queue", "ideal")
DESIGNS = ("pg_os", "pg_ws", "pg_serial")


# What is asked, as a command and as an answer.


@dataclass(frozen=True)
class Ask:
    """A trace on a design with some values changed, as the command line would be told."""

    arch: str = DEFAULT_ARCH
    trace: str = DEFAULT_TRACE
    settings: tuple[str, ...] = ()
    calibration: int | None = None

    def compare(self, *more: str) -> str:
        """Return the command that compares."""
        trace = [] if self.trace == DEFAULT_TRACE else [self.trace]
        arch = [] if self.arch == DEFAULT_ARCH else ["--arch", self.arch]
        return self._command("compare", *trace, *arch, *more)

    def simulate(self, scheme: str = "pg") -> str:
        """Return the command that simulates."""
        schemes = [] if scheme == "pg" else ["--scheme", scheme]
        return self._command("simulate", self.trace, "--arch", self.arch, *schemes)

    def _command(self, *words: str) -> str:
        count = [] if self.calibration is None else ["--calibration-images", str(self.calibration)]
        settings = (word for each in self.settings for word in ("--set", each))
        return f"`pgsim {' '.join((*words, *count, *settings))}`"


@cache
def compared(ask: Ask) -> Comparison:
    """Return what `pgsim compare` finds."""
    arch = chosen_arch(ask.arch, ask.settings)
    return pgsim.compare(ask.trace, arch, calibration_images=ask.calibration)


@cache
def simulated(ask: Ask, scheme: str = "pg") -> Result:
    """Return what `pgsim simulate` finds."""
    arch = chosen_arch(ask.arch, ask.settings)
    return pgsim.simulate(ask.trace, arch, scheme, calibration_images=ask.calibration)


@cache
def swept(name: str) -> pd.DataFrame:
    """Return what `pgsim sweep` finds, summed over layers."""
    table = pgsim.sweep(pgsim.load_sweep(name))
    axes = [key for key in table.columns if key.startswith(("lsb.", "array."))]
    return table.groupby(["arch", "scheme", *axes], as_index=False).sum(numeric_only=True)


def printed(line: str) -> str:
    """Return what a command prints."""
    return CliRunner().invoke(command_line, line.split(), catch_exceptions=False).output


# How it is written.


def prose(*sentences: str) -> str:
    """Return sentences in lines of text."""
    return textwrap.fill(" ".join(sentences), WIDTH, break_on_hyphens=False, break_long_words=False)


def items(texts: Iterable[str], mark: str = "-") -> str:
    """Return texts as a list, numbered where the mark is a number."""
    wrapped = []
    for number, text in enumerate(texts, start=1):
        head = f"{number}. " if mark == "1" else f"{mark} "
        wrapped.append(
            textwrap.fill(
                text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head),
                break_on_hyphens=False, break_long_words=False,
            )
        )  # fmt: skip
    return "\n".join(wrapped)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def outcome(found: Comparison, name: str) -> Outcome:
    """Return a row of a comparison, by its name or by how that begins."""
    return next(each for each in found.outcomes if each.row.name.startswith(name))


def cost(each: Outcome) -> str:
    """Return a row's time and energy, of an image."""
    return f"{each.spent.time_us:,.1f} us, {each.spent.energy_pj / 1e6:,.1f} uJ"


def accuracy(each: Outcome) -> str:
    """Return a row's accuracy where it is known."""
    known = each.spent.accuracy
    return f"{known:.1%}" if known == known else "-"


def faster(baseline: float, own: float) -> str:
    """Return how many times fewer cycles there are."""
    return f"{baseline / own:.2f}x"


# The blocks of the pages.


def screen() -> str:
    """The first screen of the README, without its account of cycles and energy."""
    lines = [line.rstrip() for line in printed("compare").splitlines()]
    account = next(index for index, line in enumerate(lines) if line.startswith("Counting bits"))
    gap = max(index for index, line in enumerate(lines) if not line)
    shown = [*lines[: account - 1], "...", *lines[gap + 1 :]]
    return "\n".join(["```console", "$ python -m pip install . && pgsim compare", *shown, "```"])


def short() -> str:
    """What was found, in short."""
    found = compared(Ask())
    gated, ungated, base = (outcome(found, name) for name in ("PG", "ungated", "uniform 8,8"))
    time, energy = (
        (getattr(base.spent, name) - getattr(ungated.spent, name))
        / (getattr(base.spent, name) - getattr(gated.spent, name))
        for name in ("time_us", "energy_pj")
    )
    summary, other = gated.result.summary, ungated.result.summary
    moved = [
        (each["dram_read_bytes"] + each["dram_write_bytes"]) / each["images"]
        for each in (summary, other)
    ]
    return items(
        (
            f"**Fewer bits, or gating?** Of the time that PG saves against 8 bits on its array, "
            f"the same network ungated saves {time:.0%}, and of the energy {energy:.0%}.",
            f"**Something simpler in the same area?** {best_alternative(Ask())}",
            f"**What limits it?** {limits(found)} DRAM takes "
            f"{summary['energy_dram_pj'] / summary['energy_pj']:.0%} of PG's energy, and PG moves "
            f"{moved[0] / 1e3:,.0f} kB an image where the ungated network moves "
            f"{moved[1] / 1e3:,.0f} kB.",
        ),
        "1",
    )


def best_alternative(ask: Ask) -> str:
    """Return the sentence of a comparison about the best alternative."""
    gated, *others = (each.spent for each in compared(ask).outcomes)
    return alternatives_in_words(others, gated)


def limits(found: Comparison) -> str:
    """Return which step of the account costs PG most of the promised saving."""
    account = found.waterfalls[0]
    promised = account.network["baseline"] - account.network["promise"]
    changes = {step: each for step, each in account.changes().items() if step != "promise"}
    worst = max(changes, key=lambda step: changes[step])
    return (
        f"Of the cycles that counting bits promises to save, most are lost to {worst}: "
        f"{float(changes[worst] / promised):.0%}."
    )


def network() -> str:
    """The network that is gated, and its twins."""
    found, stated = compared(Ask()), pgsim.load_trace(DEFAULT_TRACE).accuracy
    names = {
        "top1_pg": "gated", "top1_full": "its gates all open", "top1_msb_only": "all closed",
        "top1_uniform_8": "8 bits", "top1_uniform_4": "4 bits", "top1_uniform_3": "3 bits",
        "top1_uniform_4_4": "4 bits of weights too",
    }  # fmt: skip
    known = ", ".join(f"{names[key]} {stated[key]:.1%}" for key in names if key in stated)
    return prose(
        "ResNet-20 on CIFAR-10, gated 4/2 bits at all 18 block convolutions. "
        f"{found.gated.summary['gated_density']:.1%} of its gates are open ({Ask().simulate()}).",
        f"Test images that are right: {known} (`pgsim trace info {DEFAULT_TRACE}`).",
        "[traces/README.md](../traces/README.md) says how they were trained.",
    )


def alternatives() -> str:
    """What stands beside PG on every design that it ships on."""
    rows = []
    for ask in (*(Ask(each) for each in DESIGNS), Ask("pg_serial", "resnet20_pg_4_3")):
        found = compared(ask)
        beside = [outcome(found, name) for name in ("PG", "ungated", "uniform 8,8")]
        area = [each for each in found.outcomes if each.row.group == SAME_AREA and each.row.first]
        best = min(area, key=lambda each: each.spent.product)
        cells = (f"{cost(each)}, {accuracy(each)}" for each in beside)
        own = f"{best.row.name}: {cost(best)}, {accuracy(best)}"
        rows.append((f"{ask.trace} on `{ask.arch}`", *cells, own, ask.compare()))
    head = ("trace, design", "PG", "ungated", "uniform 8,8", "in its logic area", "command")
    said = items(
        f"**`{each}`.** {best_alternative(Ask(each))} {gating(Ask(each))}" for each in DESIGNS
    )
    return f"{table(head, rows)}\n\n{said}"


def gating(ask: Ask) -> str:
    """Return what gating itself saves, against the same network ungated."""
    found = compared(ask)
    _, cycles, _, energy = (
        {step: float(total) for step, total in each.network.items()} for each in found.waterfalls
    )
    gated, ungated = (outcome(found, name).spent for name in ("PG", "ungated"))
    return gating_in_words(ungated, gated, cycles, energy)


def predicated() -> str:
    """What PG's own hardware saves: the LSB pass takes all its time."""
    ask = Ask(settings=("lsb.scheduler=dense",))
    found = compared(ask)
    gated, ungated = (outcome(found, name).spent for name in ("PG", "ungated"))
    return prose(
        f"On `pg_os` it takes {gated.time_us / ungated.time_us:.2f}x the time and "
        f"{gated.energy_pj / ungated.energy_pj:.2f}x the energy of the network ungated "
        f"({ask.compare()})."
    )


def schedulers() -> str:
    """Slots, speed and promise left by scheduler, on both arrays, by order of channels."""
    sweep, rows = swept("schedulers"), []
    for scheduler in SCHEDULERS:
        of = sweep[sweep["lsb.scheduler"] == scheduler]
        cells = []
        for order in ("raster", "density"):
            own = of[of["lsb.lane_order"] == order]
            for arch in ("pg-os-16x16", "pg-ws-16x16"):
                pg, base = (
                    own[(own["arch"] == arch) & (own["scheme"] == scheme)].iloc[0]
                    for scheme in ("pg", "uniform:8,8")
                )
                cells.append(faster(base["cycles"], pg["cycles"]))
            issued = pg["lsb_slots_issued"] / pg["lsb_slots_dense"]
            cells.append(f"{issued:.1%}")
        rows.append(
            (f"`{scheduler}`", *cells, *(survives(scheduler, arch) for arch in DESIGNS[:2]))
        )
    head = (
        "scheduler", "`pg_os`", "`pg_ws`", "slots issued",
        "sorted: `pg_os`", "`pg_ws`", "slots issued", "promise left, `pg_os`", "`pg_ws`",
    )  # fmt: skip
    return table(head, rows)


def survives(scheduler: str, arch: str) -> str:
    """Return what is left of the cycles that bits promise, on 180 images as in the sweep."""
    ask = Ask(arch, settings=(f"lsb.scheduler={scheduler}",), calibration=20)
    base, gated = simulated(ask, "uniform:8,8"), simulated(ask)
    totals = waterfalls({"": base}, gated)[0].network
    first, promise, *_, last = (float(each) for each in totals.values())
    return f"{(first - last) / (first - promise):.0%}"


def lanes() -> str:
    """Channels or positions side by side."""
    return side_by_side("lanes")


def serial() -> str:
    """The same on bit-serial PEs, and what gating saves there."""
    ask = Ask("pg_serial", "resnet20_pg_4_3", ("memory.weight_sram.kib=128",))
    fusion = Ask(trace="resnet20_pg_4_3")
    said = prose(
        f"Gated is the first convolution of each block, and "
        f"{compared(ask).gated.summary['gated_density']:.1%} of its gates are open. "
        f"{gating(ask)} ({ask.compare()}.) On the fusion PEs of `pg_os`, on which 3 bits cost 4: "
        f"{gating(fusion)} ({fusion.compare()}.)"
    )
    return f"{side_by_side('serial')}\n\n{said}"


def side_by_side(name: str) -> str:
    """Return a table of a sweep over schedulers and lanes."""
    sweep, rows = swept(name), []
    for scheduler in SCHEDULERS:
        cells = []
        for lanes in ("channels", "positions"):
            own = sweep[(sweep["lsb.scheduler"] == scheduler) & (sweep["array.lanes"] == lanes)]
            pg, base = (own[own["scheme"] == scheme].iloc[0] for scheme in ("pg", "uniform:8,8"))
            cells.append(f"{pg['lsb_slots_issued'] / pg['lsb_slots_dense']:.1%}")
            cells.append(faster(base["cycles"], pg["cycles"]))
        rows.append((f"`{scheduler}`", *cells))
    head = ("scheduler", "channels: slots issued", "faster", "positions: slots issued", "faster")
    return table(head, rows)


def narrow() -> str:
    """Networks of few bits everywhere, on the array of PG and on PEs made for them."""
    found, rows = compared(Ask()), []
    for each in found.outcomes:
        if each.row.scheme.name not in ("msb_only", "dual_dense"):
            rows.append((each.row.name, accuracy(each), cost(each), Ask().compare("--all")))
    trace = "resnet20_switchable_8_4_2"
    for bits in (8, 4, 2):
        beside = f"{trace}:uniform:{bits}"
        own = pgsim.compare(beside=[beside]).outcomes[-1]
        name = f"one set of weights, {bits} bits"
        rows.append((name, accuracy(own), cost(own), Ask().compare("--beside", beside)))
    return table(("network, array", "top-1", "an image", "command"), rows)


def dram() -> str:
    """What DRAM takes of PG's energy, and what gating does about it."""
    ask, demand = Ask(), Ask(settings=("memory.lsb_fetch=on_demand",))
    parts = simulated(ask).summary
    shares = ", ".join(
        f"{words} {parts[f'energy_{name}_pj'] / parts['energy_pj']:.0%}"
        for name, words in (("pe", "PEs"), ("gating", "gating"), ("sram", "SRAM"),
                            ("dram", "DRAM"), ("leakage", "leakage"))
    )  # fmt: skip
    moved = [
        [each.summary[f"dram_{way}_bytes"] / each.images / 1e3 for way in ("read", "write")]
        for each in (simulated(ask), simulated(ask, "full"), simulated(demand))
    ]
    read, full, asked = ([f"{each:,.1f} kB" for each in both] for both in moved)
    return prose(
        f"PG's energy on `pg_os` is spent so: {shares} ({ask.simulate()}). PG reads {read[0]} and "
        f"writes {read[1]} an image; the same network ungated reads {full[0]} and writes {full[1]} "
        f"({ask.simulate('full')}). To fetch LSBs only where a gate opens reads {asked[0]} "
        f"({demand.simulate()})."
    )


def lstm() -> str:
    """What gating saves in an LSTM."""
    trace = "char_lstm_pg_4_2"
    ask, large = Ask(trace=trace), Ask(trace=trace, settings=("memory.weight_sram.kib=512",))
    stated, found = pgsim.load_trace(trace).accuracy, compared(ask)
    return items(
        (
            f"`{trace}` has {found.gated.summary['gated_density']:.1%} of its gates open "
            f"({ask.simulate()}) and {stated['bits_per_character_pg']:.2f} bits a character, its "
            f"8-bit twin {stated['bits_per_character_uniform_8']:.2f} "
            f"(`pgsim trace info {trace}`).",
            f"{gating(ask)} {limits(found)} ({ask.compare()}.)",
            f"In a buffer that holds the weights of a hidden product: {gating(large)} "
            f"({large.compare()}.)",
        )
    )


def sensitive() -> str:
    """Which findings flip at other prices and designs."""
    return items(
        f"`{arch}`: {sensitivity(arch=arch).finding} ({Ask(arch).compare('--sensitivity')}.)"
        for arch in DESIGNS
    )


def systems_resnet20() -> str:
    """The field's systems on ResNet-20."""
    return shown("pgsim systems")


def systems_char_lstm() -> str:
    """The field's systems on the LSTM."""
    return shown("pgsim systems char_lstm")


def systems_searched() -> str:
    """What is found of them where loop nests are searched for."""
    finding = pgsim.systems("resnet20", objective="edp").finding
    return prose(finding, "(`pgsim systems --objective edp`.)")


def systems_run() -> str:
    """How each of the field's systems is run."""
    return table(
        ("system", "after", "precision", "ResNet-20", "LSTM", "what it lacks"),
        (
            (
                each.name, each.citation, each.kind, run_of(each, "resnet20"),
                run_of(each, "char_lstm"), each.lacks or ("" if each.runs else each.absent),
            )
            for each in SYSTEMS.values()
        ),
    )  # fmt: skip


def run_of(system: System, family: str) -> str:
    """Return the trace and the scheme of a system, and its own widths."""
    run = system.runs.get(family)
    if run is None:
        return "-"
    wider = "" if run.widened == 1 else f", {run.widened} x the channels"
    own = [str(run.bits[f"{each}_bits"]) for each in ("activation", "weight") if run.bits]
    bits = f", at {' x '.join(own)} bits" if own else ""
    return f"`{run.trace}`{wider}{bits}, `{run.scheme}`"


def shown(line: str) -> str:
    """Return a command and what it prints, as a terminal shows it."""
    output = printed(line.removeprefix("pgsim ")).rstrip()
    lines = "\n".join(each.rstrip() for each in output.splitlines())
    return f"```console\n$ {line}\n{lines}\n```"


BLOCKS = (
    screen, short, network, alternatives, predicated, schedulers, lanes, serial, narrow, dram, lstm,
    sensitive, systems_resnet20, systems_searched, systems_char_lstm, systems_run,
)  # fmt: skip


def main() -> None:
    """Rewrite the pages and the pictures."""
    blocks = {block.__name__: cache(block) for block in BLOCKS}
    for name in PUBLISHED:
        blocks[f"reproduced_{name}"] = partial(shown, f"pgsim reproduce {name}")
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        new = BLOCK.sub(lambda found: found[1] + blocks[found[2]]() + found[3], text)
        page.write_text(new, encoding="utf-8")
    pgsim.plot_comparison(compared(Ask()), PICTURES / "compare.png")
    from pgsim.plots import draw_sensitivity
    from pgsim.plots.drawing import write_figure

    write_figure(draw_sensitivity(sensitivity()), PICTURES / "sensitivity.png")
    trade = pgsim.windows(DEFAULT_TRACE, DEFAULT_ARCH, "layer1.1.conv1")
    pgsim.plot_windows(trade, ROOT / "docs" / "windows.png")
    pgsim.plot_systems(pgsim.systems("resnet20"), ROOT / "docs" / "systems_table.png")


if __name__ == "__main__":
    main()
