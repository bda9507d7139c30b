"""What moves, a file a rule: words of on-chip buffers, bursts of DRAM (MODEL.md M22 to M24)."""

from pgsim.model.traffic.dram import DRAM_TRAFFIC
from pgsim.model.traffic.network import NETWORK_TRAFFIC
from pgsim.model.traffic.rule import Tiles, TrafficRule, added
from pgsim.model.traffic.sram import SRAM_TRAFFIC

__all__ = ["TRAFFIC", "Tiles", "TrafficRule", "added"]

TRAFFIC: tuple[TrafficRule, ...] = (SRAM_TRAFFIC, DRAM_TRAFFIC, NETWORK_TRAFFIC)
