"""A precision system of the field: what it is, and how it is run on a committed network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgsim.workload import GateTrace, load_trace, widened_trace

FAMILIES = {
    "resnet20": "ResNet-20 on CIFAR-10",
    "char_lstm": "Character LSTM on tiny Shakespeare",
}


@dataclass(frozen=True)
class Run:
    """How a system is run on one network.

    trace: a committed one. changes: keys of the design that the system has its own way. widened:
    how many times the channels of the trace it has.
    """

    trace: str
    scheme: str
    changes: Mapping[str, object] = field(default_factory=dict)
    widened: int = 1

    def loaded(self) -> GateTrace:
        """Return the network that runs."""
        trace = load_trace(self.trace)
        return trace if self.widened == 1 else widened_trace(trace, self.widened)


@dataclass(frozen=True)
class System:
    """A precision system.

    kind: one of `results.system_kinds`. runs: how it is run, by family of network. lacks: what of
    it is not there. absent: why a family that is not in `runs` has no run.
    """

    name: str
    citation: str
    kind: str
    runs: Mapping[str, Run]
    lacks: str = ""
    absent: str = ""
