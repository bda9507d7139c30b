"""How layers come to their loop nests, one file a kind (MODEL.md M40, M41).

`MAPPING_KINDS` has them by their names in design files, `MappingKind` objects.

Examples
--------
>>> MAPPING_KINDS["search"].description
'every layer runs in the best loop nest that a search finds'
"""

from pgsim.arch.mapping_kinds.fixed import Fixed
from pgsim.arch.mapping_kinds.mapping_kind import MappingKind
from pgsim.arch.mapping_kinds.search import Search
from pgsim.kinds import by_name

__all__ = ["MAPPING_KINDS", "MappingKind"]

MAPPING_KINDS: dict[str, MappingKind] = by_name((Fixed(), Search()))
