"""Energy: prices folded over the ledger (MODEL.md M28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from pgsim.cost.parts import Costs
from pgsim.cost.prices import PARTS, Price, price_list
from pgsim.model.layer import LEDGER
from pgsim.model.ledger import Ledger

_PLACES = {part: place for place, part in enumerate(PARTS)}
_COUNTED = {
    name: place for place, name in enumerate(sorted(each.name for each in LEDGER if each.priced))
}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PriceTable:
    """Prices as a matrix, float64 (parts, counts), in pJ; its rows are PARTS."""

    counts: tuple[str, ...]
    matrix: npt.NDArray[np.float64]

    @cached_property
    def totals(self) -> Mapping[str, float]:
        """What each count costs in all parts together."""
        return dict(zip(self.counts, self.matrix.sum(axis=0).tolist(), strict=True))


@lru_cache(maxsize=64)
def energy_prices(costs: Costs, network_gated: bool) -> PriceTable:
    """Return the prices of a design as a matrix, for a network that is gated or not."""
    return price_table(price_list(costs, network_gated=network_gated))


def price_table(prices: Sequence[Price]) -> PriceTable:
    """Return prices as a matrix.

    Raises ValueError naming a count of the ledger that costs something and has no price, or a
    price of no such count: neither may be left out in silence.
    """
    priced = {each.count for each in prices}
    if missing := sorted(_COUNTED.keys() - priced):
        raise ValueError(f"no price for the count {missing[0]!r}: add one to pgsim/cost/prices.py")
    if unknown := sorted(priced - _COUNTED.keys()):
        raise ValueError(f"a price for {unknown[0]!r}, which no count of the ledger is named")
    matrix = [[0.0] * len(_COUNTED) for _ in PARTS]
    for each in prices:
        matrix[_PLACES[each.part]][_COUNTED[each.count]] += each.pj
    return PriceTable(tuple(_COUNTED), np.array(matrix))


def priced_counts(ledgers: Sequence[Ledger]) -> Floats:
    """Return what costs energy of some layers, over as many batches each.

    Returns float64 (layers, counts, batches), the counts in the order of `PriceTable.counts`.
    """
    counts = np.concatenate([each.counts[name] for each in ledgers for name in _COUNTED])
    return counts.reshape(len(ledgers), len(_COUNTED), -1).astype(np.float64)


def energies(table: PriceTable, ledger: Ledger) -> dict[str, Floats]:
    """Return the energy columns of one layer, float64 (batches,) in pJ."""
    return energies_of(table, priced_counts([ledger]))[0]


def energies_of(table: PriceTable, priced: Floats) -> list[dict[str, Floats]]:
    """Return the same of several layers; priced: of `priced_counts`."""
    parts = table.matrix @ priced
    totals = parts.sum(axis=1)
    return [
        {**dict(zip(PARTS, own, strict=True)), "energy_pj": total}
        for own, total in zip(parts, totals, strict=True)
    ]


def exact_energies(table: PriceTable, ledger: Ledger) -> dict[str, Fraction]:
    """Return the energy of each part of one layer over all batches, in pJ and without rounding.

    Counts are integers and prices are binary floats, so that each product is a fraction.
    """
    total = ledger.total()
    counts = [total[name] for name in table.counts]
    return {
        part: sum((Fraction(pj) * n for pj, n in zip(row, counts, strict=True)), Fraction(0))
        for part, row in zip(PARTS, table.matrix.tolist(), strict=True)
    }
