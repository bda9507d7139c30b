"""`timeloop`: the energy and area reference tables of Accelergy (Wu et al., ICCAD 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgsim.cost.exporters.components import Component, components
from pgsim.cost.exporters.exporter import Exporter
from pgsim.cost.parts import Costs
from pgsim.yaml_source import yaml_text

_VERSION = "0.4"  # of the layout, as Accelergy 0.4 writes it
_ROOT = "system_top_level"


class Timeloop(Exporter):
    """ERT.yaml in pJ an action and ART.yaml in um2, both of one instance of a component."""

    name = "timeloop"
    description = "Accelergy's ERT.yaml and ART.yaml, which Timeloop reads"

    def files(self, costs: Costs, *, gated: bool) -> Mapping[str, str]:
        """Return both tables."""
        parts = components(costs, gated=gated)
        energies = [
            {
                "name": _name(each),
                "actions": [
                    {"name": own.name, "arguments": {}, "energy": own.pj} for own in each.actions
                ],
            }
            for each in parts
        ]
        areas = [{"name": _name(each), "area": each.area_um2} for each in parts]
        return {
            "ERT.yaml": _text({"ERT": {"version": _VERSION, "tables": energies}}),
            "ART.yaml": _text({"ART": {"version": _VERSION, "tables": areas}}),
        }


def action_counts(costs: Costs, ledger: Mapping[str, int], *, gated: bool) -> str:
    """Return how often each action happened, as Accelergy's calculator of energies reads it.

    ledger: counts by name. Counts of a component are those of all its instances together.
    """
    local = [
        {
            "name": _name(each),
            "action_counts": [
                {"name": own.name, "counts": own.done(ledger)} for own in each.actions
            ],
        }
        for each in components(costs, gated=gated)
        if each.actions
    ]
    return _text({"action_counts": {"version": _VERSION, "local": local}})


def _name(component: Component) -> str:
    """Return a component's name in tables, with the range of its instances."""
    return f"{_ROOT}.{component.name}[1..{component.instances}]"


def _text(content: Mapping[str, Any]) -> str:
    return yaml_text(content, width=100)
