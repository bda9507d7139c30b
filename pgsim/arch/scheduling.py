"""The section of an architecture file that says how gated passes are scheduled.

The ranges stand on the fields and are what error messages quote. The keys are the section's own and
those that its schedulers declare.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, create_model

from pgsim.arch.lane_orders import LANE_ORDERS, LaneOrder
from pgsim.arch.schedulers import SCHEDULERS, Scheduler
from pgsim.arch.section import NameIn, Section, configured, parameter_fields


class _Scheduler(Section):
    scheduler: Annotated[str, NameIn(SCHEDULERS)] = "skip"


# Its keys are those of all schedulers, so that a scheduler's own stand in its own file.
if TYPE_CHECKING:

    class _SchedulerParameters(_Scheduler): ...

else:
    _SchedulerParameters = create_model(
        "_LSB", __base__=_Scheduler, **parameter_fields(SCHEDULERS.values())
    )


class LSB(_SchedulerParameters):
    """How the LSB pass is scheduled; the keys of schedulers not chosen are kept for sweeps.

    Parameters
    ----------
    scheduler : str
        Which slots are issued for a mask, and when: the name of one of SCHEDULERS (M11).
    window : int or "auto"
        Slots of a window of a gated layer; `auto`: as many as the output buffer holds (M8).
    lane_order : str
        The order in which channels become lanes: the name of one of LANE_ORDERS (M7).
    gate_latency_cycles : int
        Cycles from a window's last sum until its gated pass may begin (M19).
    source : str
        Where the numbers come from.
    """

    window: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    lane_order: Annotated[str, NameIn(LANE_ORDERS)] = "raster"
    gate_latency_cycles: Annotated[int, Field(ge=0, le=64)] = 0
    source: str = ""

    @cached_property
    def chosen(self) -> Scheduler:
        """The scheduler that these keys describe."""
        return configured(SCHEDULERS[self.scheduler], self)

    @property
    def order(self) -> LaneOrder:
        """The order in which channels become lanes (M7)."""
        return LANE_ORDERS[self.lane_order]

    @property
    def by_density(self) -> bool:
        """Whether channels are sorted by the density of their masks (M7)."""
        return self.order.by_density

    @property
    def fixed_window(self) -> int | None:
        """The slots of a window, None if it is as long as the output buffer allows (M8)."""
        return self.window if isinstance(self.window, int) else None
