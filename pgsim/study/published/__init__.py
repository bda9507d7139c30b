"""Published results computed again, a file each.

`PUBLISHED` has them by their names.

Examples
--------
>>> [round(each.computed, 2) for each in PUBLISHED["cpt"].figures()]
[36.67, 30.05, 30.11, 20.69, 23.16]
"""

from pgsim.kinds import by_name
from pgsim.study.published.ant import Ant
from pgsim.study.published.bit_fusion import BitFusion
from pgsim.study.published.cyclic_precision import CyclicPrecisionTraining
from pgsim.study.published.precision_gating import PrecisionGating
from pgsim.study.published.result import Figure, Published
from pgsim.study.published.stripes import Stripes
from pgsim.study.published.wide_reduced_precision import WideReducedPrecision

__all__ = ["PUBLISHED", "Figure", "Published"]

PUBLISHED: dict[str, Published] = by_name(
    (
        PrecisionGating(),
        WideReducedPrecision(),
        CyclicPrecisionTraining(),
        Stripes(),
        BitFusion(),
        Ant(),
    )
)
