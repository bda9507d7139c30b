"""What a layer is mapped by once it was searched for (MODEL.md M41)."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.mapping import Nest


class Choice(NamedTuple):
    """What a layer is mapped by: a nest, or else the fixed order.

    window: slots of its windows, None where they are as many as there is room for.
    """

    nest: Nest | None = None
    window: int | None = None
