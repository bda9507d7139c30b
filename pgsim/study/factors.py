"""What a sensitivity analysis varies: one small object a factor, and one line in FACTORS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from pgsim.arch import ArchConfig, load_technology
from pgsim.cost import Costs, costs_of
from pgsim.cost.what_ifs import with_dram_energy, with_synthesized_pes
from pgsim.errors import InputError

AUTO = "auto"


def _as_they_are(costs: Costs) -> Costs:
    return costs


@dataclass(frozen=True)
class Setting:
    """One value of a factor: keys of the design that it changes, and what it makes of prices."""

    name: str
    design: Mapping[str, object] = field(default_factory=dict)
    costs: Callable[[Costs], Costs] = _as_they_are


@dataclass(frozen=True)
class Factor:
    """What is varied, and over which settings on a design; none where it cannot be varied."""

    name: str
    settings: Callable[[ArchConfig], tuple[Setting, ...]]


def _dram_energy(arch: ArchConfig) -> tuple[Setting, ...]:
    return tuple(
        Setting(f"x {times:g}", costs=partial(with_dram_energy, times=times)) for times in (0.5, 2)
    )


def _corner(arch: ArchConfig) -> tuple[Setting, ...]:
    """Every other corner that reaches the design's clock."""
    settings = []
    for corner in load_technology(arch.technology).corners:
        with suppress(InputError):
            if corner.name != arch.corner and costs_of(arch.override({"corner": corner.name})):
                settings.append(Setting(corner.name, {"corner": corner.name}))
    return tuple(settings)


def _clock(arch: ArchConfig) -> tuple[Setting, ...]:
    """The clock of the slowest part for a clock that is claimed, and the other way."""
    claimed = load_technology(arch.technology).pe.synthesized_mhz
    other = claimed if arch.clocked_by_parts else AUTO
    return (Setting(str(other), {"clock_mhz": other}),)


def _pe_prices(arch: ArchConfig) -> tuple[Setting, ...]:
    return (Setting("130 nm", costs=with_synthesized_pes),)


def _batch(arch: ArchConfig) -> tuple[Setting, ...]:
    others = (batch for batch in (1, 4, 16, 64) if batch != arch.batch)
    return tuple(Setting(str(batch), {"batch": batch}) for batch in others)


FACTORS = (
    Factor("DRAM energy", _dram_energy),
    Factor("PE prices", _pe_prices),
    Factor("corner", _corner),
    Factor("clock", _clock),
    Factor("batch", _batch),
)
