"""What a design is made of, part by part, and what each action of a part costs (MODEL.md M51).

These are the prices of the ledger's counts (M28), told by the part that spends them: counts times
what actions cost add up to the same energy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pgsim.arch import SIDE_BY_SIDE
from pgsim.cost.parts import Costs
from pgsim.cost.prices import price_list
from pgsim.schemes import OPERANDS

_UW_PER_MW = 1000.0


@dataclass(frozen=True)
class Action:
    """Something that a component does, and what doing it once costs in one of its instances.

    counts: of the ledger; each of them stands for `times` actions.
    """

    name: str
    pj: float
    counts: tuple[str, ...]
    times: int = 1

    def done(self, ledger: Mapping[str, int]) -> int:
        """Return how often it happened in all instances, from a ledger's counts by name."""
        return self.times * sum(ledger[name] for name in self.counts)


@dataclass(frozen=True)
class Component:
    """So many parts alike: the area of one, the power that it leaks, and what it does."""

    name: str
    instances: int = 1
    area_um2: float = 0.0
    leakage_uw: float = 0.0
    actions: tuple[Action, ...] = ()


def components(costs: Costs, *, gated: bool) -> tuple[Component, ...]:
    """Return the parts of a design, with their actions.

    gated: with what steers gated passes (M29). What costs nothing is no action.
    """
    parts = [*_array(costs), *_buffers(costs), Component("dram")]
    parts += _steering(costs) if gated else []
    own = _actions(costs, gated=gated)
    own.setdefault("pe", []).insert(0, _idle(costs))
    parts += [Component(name) for name in own if name not in {each.name for each in parts}]
    return tuple(
        replace(each, actions=(*own.get(each.name, ()), *_leak(costs, each))) for each in parts
    )


def _array(costs: Costs) -> Iterator[Component]:
    pes = costs.arch.pes
    yield Component("pe", pes, costs.pe.area_um2, costs.pe.leakage_uw)
    if costs.register_files is not None:
        own = costs.registers
        yield Component("register_file", pes, own.area_um2, _UW_PER_MW * own.leakage_mw)


def _buffers(costs: Costs) -> Iterator[Component]:
    for name, cost in costs.buffers.items():
        yield Component(f"{name}_sram", 1, cost.area_um2, _UW_PER_MW * cost.leakage_mw)


def _steering(costs: Costs) -> list[Component]:
    own = costs.gating
    gate, scheduler, bits, bit = own.comparator, own.scheduler, own.stream_bits, own.stream_bit
    table_uw = _UW_PER_MW * own.issue_table.leakage_mw
    return [
        Component("comparator", own.columns, gate.area_um2, gate.leakage_uw),
        Component("scheduler", 1, scheduler.area_um2, scheduler.leakage_uw),
        Component("operand_streams", 1, bits * bit.area_um2, bits * bit.leakage_uw),
        Component("issue_table", 1, own.issue_table.area_um2, table_uw),
    ]


def _idle(costs: Costs) -> Action:
    """Return what every PE does in each cycle, busy or not."""
    pj = costs.technology.pe_idle_fraction * costs.pe.dynamic_pj_per_cycle
    return Action("idle", pj, ("cycles",), costs.arch.pes)


def _leak(costs: Costs, component: Component) -> tuple[Action, ...]:
    """Return what every instance leaks in each cycle, if anything."""
    pj = component.leakage_uw / costs.arch.mhz
    return (Action("leak", pj, ("cycles",), component.instances),) if pj else ()


def _actions(costs: Costs, *, gated: bool) -> dict[str, list[Action]]:
    """Return what components do as counts other than cycles tell; actions alike are one."""
    alike: dict[tuple[str, str, float], list[str]] = {}
    for price in price_list(costs, network_gated=gated):
        if price.count == _CYCLES or not price.pj:
            continue
        component, action = _SPENT_BY.get((price.part, price.count), (_OTHER, price.count))
        if gated or component not in _STEERING:
            alike.setdefault((component, action, price.pj), []).append(price.count)
    found: dict[str, list[Action]] = {}
    for (component, action, pj), counts in alike.items():
        found.setdefault(component, []).append(Action(action, pj, tuple(counts)))
    return found


def _spent_by() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield the part and the count of each price, with the component and the action it is of."""
    pe, gating, sram, dram = (f"energy_{part}_pj" for part in ("pe", "gating", "sram", "dram"))
    for which in ("msb", "lsb"):
        yield (pe, f"{which}_busy_pe_cycles"), ("pe", "compute")
    for macs in SIDE_BY_SIDE:
        yield (pe, f"zero_pe_cycles_of_{macs}"), ("pe", f"zero_of_{macs}")
    yield (pe, "register_file_words"), ("register_file", "access")
    yield (pe, "network_words"), ("network", "transfer")
    yield (gating, "compared_outputs"), ("comparator", "compare")
    yield (gating, "scanned_slots"), ("scheduler", "scan")
    yield (gating, "further_stream_half_bits"), ("operand_streams", "transfer")
    for way, done in (("read", "read"), ("write", "written")):
        yield (gating, f"issue_table_{done}_words"), ("issue_table", way)
        for name in (*OPERANDS, "output"):
            yield (sram, f"{name}_sram_{way}_words"), (f"{name}_sram", way)
    for name, buffer in (*((each, each) for each in OPERANDS), ("sum", "output")):
        yield (sram, f"dram_{name}_read_bursts"), (f"{buffer}_sram", "fill")
        yield (dram, f"dram_{name}_read_bursts"), ("dram", "read")
    yield (dram, "dram_write_bursts"), ("dram", "write")


_CYCLES, _OTHER = "cycles", "other"  # of every part; of what no component is known for
_SPENT_BY = dict(_spent_by())
_STEERING = {"comparator", "scheduler", "operand_streams", "issue_table"}
