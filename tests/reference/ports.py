"""M21, M43: the ports of the buffers: what a pass needs of each, cycle by cycle and step by step.

A port moves so much in every cycle of a pass, and the pass may not go on while it has moved less
than was needed so far. Under `memory.ports: all` every bank of the slots' operand is a port of one
word a cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .by_values import Fold, SteppedFold
from .folds import OutputStationaryFold
from .mapping import Job, TilePass
from .sram import bits_of_step, lane_bits, reads_of_pass, words_of_step

if TYPE_CHECKING:
    from .array import Wave


@dataclass
class Port:
    """What moves through one port in a cycle, has moved and was needed, in words or bits."""

    rate: int
    moved: int = 0
    needed: int = 0

    @property
    def late(self) -> bool:
        return self.moved < self.needed


@dataclass(frozen=True)
class BufferUse:
    """What a pass moves of the other two buffers: the lanes whose operands it reads, 0 for none,
    and the bits through the output buffer's ports."""

    lanes: int
    output_bits: int


@dataclass
class PassPorts:
    """The ports that one pass of a tile waits for."""

    ports: list[Port] = field(default_factory=list)
    begun: bool = False

    def cycle(self) -> None:
        for port in self.ports:
            port.moved += port.rate

    @property
    def late(self) -> bool:
        return any(port.late for port in self.ports)

    def enter(self, wave: Wave) -> None:
        """A wave is about to enter the array: what must have moved by its end."""

    def check(self) -> None:
        """Whether all that the pass moves was needed at some time."""


def name_of_slots(job: Job) -> str:
    return "activation_sram" if job.slots_are_positions else "weight_sram"


def name_of_lanes(job: Job) -> str:
    return "weight_sram" if job.slots_are_positions else "activation_sram"


def bits_a_cycle(job: Job, buffer: str) -> int:
    sram = job.arch["memory"][buffer]
    return sram["banks"] * sram["port_bits"]


def bits_for(job: Job, index: int) -> int:
    """What the slots' ports bring in a cycle to the array that takes a pass (M59): two arrays have
    parts of them like their rows, the predictor at least a bit and the executor what is left."""
    bits = bits_a_cycle(job, name_of_slots(job))
    if not job.predicts:
        return bits
    own = max(1, bits * job.predictor_rows // job.rows)
    return own if index < job.leading else bits - own


def ports_of(job: Job, one: TilePass, use: BufferUse) -> PassPorts:
    """The ports of a pass. Under `ideal` none limits a gated one."""
    scheduled = job.passes[one.index].gated and not job.passes[one.index].parts
    if scheduled and job.arch["lsb"]["scheduler"] == "ideal":
        return PassPorts()
    if job.arch["memory"].get("ports", "slots") == "all":
        return AllPorts(job, one, use)
    return SlotPort(job, one)


class SlotPort(PassPorts):
    """M21: the bits of the slots' operand, however they lie in the banks."""

    def __init__(self, job: Job, one: TilePass) -> None:
        super().__init__([Port(bits_for(job, one.index))])
        self.job, self.one = job, one

    def enter(self, wave: Wave) -> None:
        self.begun = self.begun or wave.fold is not None
        if wave.fold is not None and wave.ends_step:
            elements = wave.fold.elements(wave.step)
            self.ports[0].needed += elements * bits_of_step(
                self.job, self.one, wave.fold, wave.step
            )

    def check(self) -> None:
        assert self.ports[0].needed == sum(reads_of_pass(self.job, self.one))


class AllPorts(PassPorts):
    """M43: a port for each bank of the slots' operand, one for the lanes, one for the outputs."""

    def __init__(self, job: Job, one: TilePass, use: BufferUse) -> None:
        self.job, self.one, self.use = job, one, use
        banks = job.arch["memory"][name_of_slots(job)]["banks"]
        self.banks = [Port(1) for _ in range(banks)]
        self.lanes = Port(bits_a_cycle(job, name_of_lanes(job)))
        self.outputs = Port(bits_a_cycle(job, "output_sram"))
        super().__init__([*self.banks, self.lanes, self.outputs])
        self.fold: Fold | None = None  # of which the words that it has are held
        self.held: set[tuple[int, ...]] = set()
        self.rows_to_load: list[int] = []  # bits of each
        self.loaded_fold = -1

    def enter(self, wave: Wave) -> None:
        self.begun = True  # it may wait for the buses
        self._need_slots(wave)
        self._need_lanes(wave)
        if wave.fold is self.one.folds[-1] and self._ends_fold(wave):
            self.outputs.needed += self.use.output_bits

    def _ends_fold(self, wave: Wave) -> bool:
        return wave.fold is not None and wave.ends_step and wave.step == wave.fold.steps - 1

    def _need_slots(self, wave: Wave) -> None:
        if wave.fold is None or not wave.ends_step:
            return
        if isinstance(wave.fold, SteppedFold) and not self._ends_fold(wave):
            return
        if wave.fold is not self.fold:
            self.fold, self.held = wave.fold, set()
        for row, place, slot, elements in vectors_of(wave.fold, wave.step):
            words = words_of_step(self.job, self.one, wave.fold, wave.step, elements)
            fresh = {(row, place, *word) for word in words} - self.held
            self.held |= fresh
            self.banks[slot % len(self.banks)].needed += len(fresh)

    def _need_lanes(self, wave: Wave) -> None:
        if not self.use.lanes:
            return
        element_bits = self.use.lanes * lane_bits(self.job, self.one.index)
        if isinstance(wave.fold, SteppedFold):
            if self._ends_fold(wave):
                self.lanes.needed += wave.fold.weights_read * element_bits
            return
        if isinstance(wave.fold, OutputStationaryFold):
            if wave.ends_step:
                self.lanes.needed += len(wave.fold.chunks[wave.step]) * element_bits
            return
        if self._begins_to_load(wave):
            self.loaded_fold += 1
            chunks = self.one.folds[self.loaded_fold].chunks
            self.rows_to_load = [len(chunk) * element_bits for chunk in chunks]
        rows = len(self.rows_to_load) if self._ends_fold(wave) else 1
        self.lanes.needed += sum(self.rows_to_load[:rows])
        self.rows_to_load = self.rows_to_load[rows:]

    def _begins_to_load(self, wave: Wave) -> bool:
        """Whether a fold's operands are taken from this wave on, a row in each cycle."""
        if self.job.dataflow == "bitfusion" or self.job.arch["array"]["overlap"] == "folds":
            return wave.begins_fold
        return wave.loads

    def check(self) -> None:
        assert not self.rows_to_load


def vectors_of(fold: Fold, step: int) -> Iterator[tuple[int, int, int, Iterable[int]]]:
    """What a step reads: (issue slot, place in it, slot of the window, elements) of each vector."""
    if isinstance(fold, SteppedFold):
        issues, elements = range(len(fold.members)), [k for chunk in fold.chunks for k in chunk]
    elif isinstance(fold, OutputStationaryFold):
        issues, elements = range(len(fold.members)), list(fold.chunks[step])
    else:
        issues, elements = range(step, step + 1), [k for chunk in fold.chunks for k in chunk]
    for issue in issues:
        for place, slot in enumerate(fold.members[issue]):
            yield issue, place, slot, elements
