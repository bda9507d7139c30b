"""What every way to run a network's first layer is (MODEL.md M47)."""

from __future__ import annotations

from typing import ClassVar

from pgsim.arch.dataflows import Dataflow


class FirstLayer:
    """How the first layer of a network runs, which often has few input channels."""

    name: ClassVar[str]
    description: ClassVar[str]

    def flow(self, of_others: Dataflow) -> Dataflow:
        """Return the dataflow of the first layer, from that of all others."""
        raise NotImplementedError
