"""For which buffers' ports the array waits (MODEL.md M21, M43)."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.kinds import by_name


@dataclass(frozen=True)
class Ports:
    """Which ports are waited for.

    of_all_buffers: whether those of all three buffers are, bank by bank; else only the operand of
    the slots waits for its port, whose banks together are one.
    """

    name: str
    description: str
    of_all_buffers: bool


PORTS = by_name(
    (
        Ports("slots", "only the operand of the slots waits for its port", of_all_buffers=False),
        Ports("all", "the ports of all buffers are waited for, bank by bank", of_all_buffers=True),
    )
)
