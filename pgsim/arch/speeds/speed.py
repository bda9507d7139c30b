"""What every speed is: how the passes of a layer become sweeps of the array."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pgsim.schemes import Passes

if TYPE_CHECKING:
    from pgsim.arch.dataflows import Dataflow
    from pgsim.arch.pes import PEKind


class Speed:
    """How long the steps of an array are.

    name, description: as design files and lists have it.
    """

    name: ClassVar[str]
    description: ClassVar[str]

    def taken(self, passes: Passes, pe: PEKind, flow: Dataflow) -> Passes:
        """Return the sweeps in which the array takes the passes of a layer.

        Raises ValueError, as the end of a sentence, for passes that it cannot take.
        """
        raise NotImplementedError
