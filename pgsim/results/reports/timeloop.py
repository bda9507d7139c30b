"""`timeloop`: how often each action happened, and what it costs, as Accelergy has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pgsim.cost.exporters.timeloop import Timeloop, action_counts
from pgsim.results.reports.report import Report
from pgsim.results.tables import Result


class TimeloopReports(Report):
    """action_counts.yaml of all layers and images, with ERT.yaml and ART.yaml of the design."""

    name = "timeloop"
    description = "Accelergy's action_counts.yaml, with the design's ERT.yaml and ART.yaml"

    def files(self, result: Result) -> Mapping[str, str]:
        """Return all three; without logic that gates where no layer was gated (M31)."""
        ledger: Counter[str] = Counter()
        for layer in result.layer_results:
            ledger.update(layer.ledger.total())
        counts = action_counts(result.costs, ledger, gated=result.gated)
        tables = Timeloop().files(result.costs, gated=result.gated)
        return {**tables, "action_counts.yaml": counts}
