"""Processing elements: what they do with two operand widths, one file a kind (MODEL.md M5).

`PES` has them by their names in design files, subclasses of `PEKind`.

Examples
--------
>>> PES["fusion"].description
'2-bit bricks that fuse: narrower operands, more MACs side by side'
"""

from pgsim.arch.pes.binary import Binary
from pgsim.arch.pes.fixed import Fixed
from pgsim.arch.pes.fusion import Fusion
from pgsim.arch.pes.isolation import SIDE_BY_SIDE, side_by_side
from pgsim.arch.pes.laconic import Laconic
from pgsim.arch.pes.pe import FoldWork, PEKind
from pgsim.arch.pes.pragmatic import Pragmatic
from pgsim.arch.pes.serial_activation import SerialActivation
from pgsim.arch.pes.serial_both import SerialBoth
from pgsim.arch.pes.serial_weight import SerialWeight
from pgsim.arch.pes.tactical_essential import TacticalEssential
from pgsim.arch.pes.tactical_precision import TacticalPrecision
from pgsim.arch.pes.zero_skip import ZeroSkip
from pgsim.kinds import by_name

__all__ = ["PES", "SIDE_BY_SIDE", "FoldWork", "PEKind", "side_by_side"]

PES: dict[str, type[PEKind]] = by_name(
    (
        Fixed,
        Fusion,
        SerialActivation,
        SerialWeight,
        SerialBoth,
        Binary,
        ZeroSkip,
        Pragmatic,
        Laconic,
        TacticalEssential,
        TacticalPrecision,
    )
)
