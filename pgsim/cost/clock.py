"""The clock that a design's parts can reach (MODEL.md M39)."""

from __future__ import annotations

from pgsim.arch import ArchConfig, Technology
from pgsim.errors import InputError

_MOST_PUSH = 2  # of the clock that PEs were synthesized for
_LEAST_MHZ = 1e-6  # one cycle a second


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
    if arch.clock_mhz > most:
        raise InputError(
            f"clock_mhz: value {arch.clock_mhz:.12g}: expected at most {most:.6g} in technology "
            f"{technology.name}: {reason}"
        )
    if arch.clock_mhz < _LEAST_MHZ:
        raise InputError(
            f"clock_mhz: value {arch.clock_mhz:.12g}: expected at least {_LEAST_MHZ}, a cycle a "
            "second"
        )
