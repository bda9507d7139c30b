"""What a reader under test is: valid files, what spoils them, and a use of what is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from fuzz.mutators.byte_edits import BYTE_EDITS
from fuzz.mutators.mutator import Mutator, Unfit

_CROSSED = 0.03  # the share of inputs that are made of two files
_LAYERED = 0.85  # the share of steps that keep a file's syntax and so reach what lies behind it


class Broken(AssertionError):
    """What a reader took although it is wrong, or what came of its use."""


@dataclass(frozen=True)
class Input:
    """A file to try, and the mutators that made it, in order."""

    data: bytes
    steps: tuple[str, ...]


class Reader(ABC):
    """One kind of file and the functions of pgsim that read it.

    needs: modules that those import. plain_inputs: how many inputs a plain run of the tests tries,
    2,000 for all readers together, the more the less they cost.
    """

    name: str
    suffix: str
    mutators: tuple[Mutator, ...]
    plain_inputs: int
    needs: tuple[str, ...] = ()

    @cached_property
    @abstractmethod
    def valid(self) -> tuple[bytes, ...]:
        """Files that are right, from which all inputs are made."""

    @abstractmethod
    def use(self, path: Path) -> None:
        """Read a file and use all that it says, as pgsim's verbs do.

        Raises InputError where the file is refused, and Broken where what was taken is wrong.
        """

    def prepare(self, folder: Path) -> None:  # noqa: B027  (most readers need nothing)
        """Write what a file of this kind names, such as a sweep's trace, into its folder."""

    def input(self, seed: int, index: int) -> Input:
        """Return the input of a seed and an index, always the same one."""
        rng = Random(f"{self.name} {seed} {index}")
        data = rng.choice(self.valid)
        steps = []
        for _ in range(rng.choices((1, 2, 3), (6, 3, 1))[0]):
            mutator = rng.choice(self.mutators if rng.random() < _LAYERED else BYTE_EDITS)
            try:
                data = mutator(rng, data)
            except (Unfit, RecursionError):  # too deep to be written again
                continue
            steps.append(mutator.__name__)
        if rng.random() < _CROSSED:
            data = self.crossed(rng, data, rng.choice(self.valid))
            steps.append("crossed")
        return Input(data, tuple(steps))

    def crossed(self, rng: Random, one: bytes, other: bytes) -> bytes:
        """Return what is made of two files: the beginning of one and the end of the other."""
        return one[: rng.randrange(len(one) + 1)] + other[rng.randrange(len(other) + 1) :]
