"""The clock of a design: what its parts reach, and what none of them does (MODEL.md M39, M45)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from pgsim.arch import ArchConfig, Technology
from pgsim.errors import ClockWarning, InputError

_MOST_PUSH = 2  # of the clock that PEs were synthesized for
_LEAST_MHZ = 1e-6  # one cycle a second


@dataclass(frozen=True)
class PartPath:
    """The critical path of a part in ns; at most one word of it a cycle."""

    part: str
    path_ns: float

    @property
    def mhz(self) -> float:
        """The clock that the part reaches."""
        return 1e3 / self.path_ns


def paths_of(arch: ArchConfig, technology: Technology, *, gated: bool) -> tuple[PartPath, ...]:
    """Return the paths of a design's parts at the technology's node, the PE's first.

    gated: whether a mask steers anything, so that the design has its LSB scheduler. A buffer is cut
    and pipelined to a word a cycle, but no bank is faster than the fastest of the technology.
    Raises InputError where the technology lacks what a part is made of. Source: MODEL.md M45.
    """
    paths = [PartPath(f"PE {arch.pe.name}", arch.pe.path_ns(technology))]
    scheduler_ns = arch.scheduler.path_ns(technology, arch.array.columns) if gated else 0
    if scheduler_ns:
        paths.append(PartPath(f"scheduler {arch.scheduler.label}", scheduler_ns))
    fastest_ns = min(row.access_ns for row in technology.sram.rows)
    return (*paths, PartPath("fastest SRAM bank", fastest_ns))


def own_clock_mhz(paths: Sequence[PartPath], technology: Technology) -> float:
    """Return the clock of the slowest part, at most what can be built (M39)."""
    return min(_MOST_PUSH * technology.pe.synthesized_mhz, *(each.mhz for each in paths))


def warn_of_clock(arch: ArchConfig, paths: Sequence[PartPath]) -> None:
    """Warn of a clock that a part does not reach, naming the slowest one (M45)."""
    slowest = min(paths, key=lambda path: path.mhz)
    if arch.mhz > slowest.mhz:
        warnings.warn(
            f"{arch.name}: clock_mhz {arch.mhz:.6g} is faster than its {slowest.part}, whose path "
            f"of {slowest.path_ns:.3g} ns reaches {slowest.mhz:.4g}: clock_mhz: auto runs at that",
            ClockWarning,
            stacklevel=3,
        )


def check_clock(arch: ArchConfig, technology: Technology) -> None:
    """Refuse a clock that no array or buffer of the technology reaches.

    Raises InputError naming the key, the value and the nearest clock that is possible. Source: M39.
    """
    fastest_ns = min(row.access_ns for row in technology.sram.rows)
    limits = (
        (
            _MOST_PUSH * technology.pe.synthesized_mhz,
            f"{_MOST_PUSH} times the {technology.pe.synthesized_mhz:.12g} MHz that its PEs were "
            "synthesized for",
        ),
        (1e3 / fastest_ns, f"a cycle for the {fastest_ns:.3g} ns of its fastest SRAM bank"),
    )
    most, reason = min(limits)
    if arch.mhz > most:
        raise InputError(
            f"clock_mhz: value {arch.mhz:.12g}: expected at most {most:.6g} in technology "
            f"{technology.name}: {reason}"
        )
    if arch.mhz < _LEAST_MHZ:
        raise InputError(
            f"clock_mhz: value {arch.mhz:.12g}: expected at least {_LEAST_MHZ}, a cycle a second"
        )
