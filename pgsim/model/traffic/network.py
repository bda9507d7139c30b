"""Words that the array's own network and the PEs' register files move (MODEL.md M46)."""

from __future__ import annotations

from collections.abc import Mapping

from pgsim.arch import Counts
from pgsim.model.ledger import shown
from pgsim.model.traffic.rule import Tiles, TrafficRule, added

_COUNTS = (
    shown("network_words", "words", "words sent to PEs, and sums passed between them", priced=True),
    shown("register_file_words", "words", "words into and out of PEs' register files", priced=True),
)


def _counted(tiles: Tiles) -> Mapping[str, Counts]:
    """Return the words of every tile; none where PEs have no register files. Source: M46."""
    job, flow = tiles.job, tiles.job.flow
    moved, accessed = [], []
    lanes = job.tiling.lane_group_lanes[:, None]
    for each, loads in zip(tiles.timings, tiles.loads, strict=True):
        words = flow.array_words(job.shape, each.issue.slots, lanes, loads, each.rate)
        moved.append(words[0])
        accessed.append(words[1])
    return {"network_words": added(moved), "register_file_words": added(accessed)}


NETWORK_TRAFFIC = TrafficRule(_COUNTS, _counted)
