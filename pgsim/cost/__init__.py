"""What a design costs: the prices of its parts, energy folded over the ledger, area, clock."""

from pgsim.cost.area import area_mm2, logic_area_mm2
from pgsim.cost.clock import PartPath, warn_of_clock
from pgsim.cost.energy import (
    PriceTable,
    energies,
    energies_of,
    energy_prices,
    exact_energies,
    price_table,
    priced_counts,
)
from pgsim.cost.parts import Costs, GatingCost, costs_of, gating_cost
from pgsim.cost.prices import PARTS, Price, price_list

__all__ = [
    "PARTS",
    "Costs",
    "GatingCost",
    "PartPath",
    "Price",
    "PriceTable",
    "area_mm2",
    "costs_of",
    "energies",
    "energies_of",
    "energy_prices",
    "exact_energies",
    "gating_cost",
    "logic_area_mm2",
    "price_list",
    "price_table",
    "priced_counts",
    "warn_of_clock",
]
