"""One layer of a result: what ran, what was counted of it, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.model.job import Job
from pgsim.model.ledger import Ledger
from pgsim.results.operations import computed
from pgsim.schemes import Pass, Passes
from pgsim.workload import LayerShape, LayerTrace


@dataclass(frozen=True)
class LayerResult:
    """One layer's passes, its ledger and its energies, (batches,) each, in the order simulated."""

    job: Job
    ledger: Ledger
    energies: Mapping[str, npt.NDArray[np.float64]]

    @property
    def trace(self) -> LayerTrace:
        """The layer with its masks."""
        return self.job.layer

    @property
    def shape(self) -> LayerShape:
        """The layer's geometry and widths."""
        return self.job.shape

    @property
    def passes(self) -> Passes:
        """The passes that it made."""
        return self.job.passes

    @property
    def gated(self) -> bool:
        """Whether a mask steered any of them."""
        return self.job.gated

    @property
    def cycles(self) -> npt.NDArray[np.int64]:
        """Cycles of every batch, int64 (batches,)."""
        return self.ledger.cycles

    def computed(self, part: slice = slice(None)) -> list[tuple[Pass, int]]:
        """Return each pass with the MACs that it did in some batches."""
        return computed(self.job, self.ledger, part)
