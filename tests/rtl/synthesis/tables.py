"""The table that synthesize.py writes, and the same beside figures that others measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pgsim.arch import load_technology

PERIOD_NS = 10.0

_HEADER = """\
# Gate-level costs of the array's parts on SkyWater's 130 nm cells: pgsim's own RTL (tests/rtl).
# Written by tests/rtl/synthesis/synthesize.py; the same tools and cells give the same file.
# Before placement: no wires, no clock tree, no sizing for speed. Gates switch without glitches.
name: sky130
source: >-
  pgsim's SystemVerilog, synthesized with {tools}
cells: sky130_fd_sc_hd, tt, 25 C, 1.8 V (SkyWater and Google, Apache-2.0)
method: >-
  Yosys: synth -flatten, dfflibmap, abc, stat. OpenSTA, at a period of {period:g} ns: the power of
  each gate, times how often it switches in a simulation of the netlist. This OpenSTA charges
  internal energy twice (the energies of a rise and of a fall with each transition); half is taken.
activity: >-
  Operands and streams are random in every bit and cycle (an activity of 0.5), unsigned activations
  by signed weights, at the widest operands unless a name says at which; a sum or window begins in
  one cycle of 64; masks have a density of 0.3. Enables are taken as clock gates, and as open, but
  isolated PEs have cells that gate clocks, whose flip-flops count when clocked. Where half_zero is
  in a name, half of the activations are 0, the others random.
modules:
"""

# A registered multiply-accumulate measured elsewhere in the same cells: um2, pJ a cycle at 0.5.
_MEASURED = {"2x2": (920, 2.32), "4x4": (1853, 3.50), "4x8": (3005, 5.45), "8x8": (4656, 7.27)}


@dataclass(frozen=True)
class Cost:
    """What one module costs; the energy of a cycle is without leakage."""

    area_um2: float
    dynamic_pj_per_cycle: float
    leakage_uw: float
    critical_path_ns: float


def table(costs: Mapping[str, Cost], tools: str) -> str:
    """Return the table as YAML, a row for each module."""
    rows = []
    for name, cost in costs.items():
        values = ", ".join(f"{key}: {value:.5g}" for key, value in asdict(cost).items())
        rows.append(f"  {name}:\n    {{{values}}}\n")
    return _HEADER.format(tools=tools, period=PERIOD_NS) + "".join(rows)


def comparison(modules: Mapping[str, Mapping[str, float]]) -> str:
    """Return in Markdown what modules cost at 130 nm and, where measured, at 45 nm (Bit Fusion).

    Each column is relative to the fixed 8 x 8 PE. The multiply-accumulate units follow, as area in
    um2 and energy in pJ a cycle, beside figures measured elsewhere in the same cells.
    """
    pes = load_technology("45nm").pe
    at_45nm = {
        f"{kind}_{row.max_bits}x{row.max_bits}": row.model_dump()
        for kind, rows in (("fixed", pes.fixed), ("fusion", pes.fusion))
        for row in rows
    }
    lines = [
        "| module | area, 45 nm | area, 130 nm | energy, 45 nm | energy, 130 nm "
        "| leakage, 45 nm | leakage, 130 nm | path, ns at 130 nm |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in modules:
        if name.startswith("multiply_accumulate"):
            continue
        cells = [
            f"{source[name][key] / source['fixed_8x8'][key]:.3g}" if name in source else ""
            for key in ("area_um2", "dynamic_pj_per_cycle", "leakage_uw")
            for source in (at_45nm, modules)
        ]
        cells.append(f"{modules[name]['critical_path_ns']:.1f}")
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    lines += ["", "| multiply-accumulate | um2 | elsewhere | pJ | elsewhere |"]
    lines += ["|---|---|---|---|---|"]
    for widths, (area, energy) in _MEASURED.items():
        own = modules[f"multiply_accumulate_{widths}"]
        lines.append(
            f"| {widths} | {own['area_um2']:.0f} | {area} "
            f"| {own['dynamic_pj_per_cycle']:.2f} | {energy} |"
        )
    return "\n".join(lines)
