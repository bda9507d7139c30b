"""A precision system of the field: what it is, and how it is run on a committed network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgsim.text import counted
from pgsim.workload import GateTrace, layers_with_operands, load_trace, widened_trace

FAMILIES = {
    "resnet20": "ResNet-20 on CIFAR-10",
    "char_lstm": "Character LSTM on tiny Shakespeare",
}


@dataclass(frozen=True)
class Run:
    """How a system is run on one network.

    trace: a committed one. changes: keys of the design that the system has its own way. widened:
    how many times the channels of the trace it has. bits: its own widths in the layers that the
    trace gates, as `GateTrace.with_bits` takes them.
    """

    trace: str
    scheme: str
    changes: Mapping[str, object] = field(default_factory=dict)
    widened: int = 1
    bits: Mapping[str, int] = field(default_factory=dict)

    @property
    def network(self) -> tuple[str, object]:
        """What tells the network that runs from others: the trace, and what is done to it."""
        return self.trace, (self.widened, *self.bits.items())

    def loaded(self) -> GateTrace:
        """Return the network that runs."""
        trace = load_trace(self.trace).with_bits(**self.bits)
        return trace if self.widened == 1 else widened_trace(trace, self.widened)

    def missing(self, ran: GateTrace) -> str:
        """Say what of the trace does not run, in words; nothing where all of it does."""
        return ""


@dataclass(frozen=True)
class OperandRun(Run):
    """A run of the images and the layers alone whose integers lie beside the trace (M58)."""

    @property
    def network(self) -> tuple[str, object]:
        """The trace, cut to its operands."""
        return self.trace, "operands"

    def loaded(self) -> GateTrace:
        """Return the trace of those images and layers."""
        return layers_with_operands(load_trace(self.trace))

    def missing(self, ran: GateTrace) -> str:
        """Say how many images run, and which layers do not."""
        whole = load_trace(self.trace)
        names = {layer.shape.name for layer in ran.layers}
        others = [layer.shape for layer in whole.layers if layer.shape.name not in names]
        share = sum(each.macs for each in others) / sum(each.shape.macs for each in whole.layers)
        return (
            f"{counted(ran.images, 'image')} of {whole.images}, without "
            f"{', '.join(each.name for each in others)} ({100 * share:.2g}% of the MACs)"
        )


@dataclass(frozen=True)
class System:
    """A precision system.

    asked: what runs it, as options of `pgsim simulate`, another command or a name in Python.
    kind: one of `results.system_kinds`. runs: how it is run, by family of network. lacks: what of
    it is not there. absent: why a family that is not in `runs` has no run.
    """

    name: str
    citation: str
    asked: str
    kind: str
    runs: Mapping[str, Run]
    lacks: str = ""
    absent: str = ""
