"""How long each part of a layer takes: issue, passes, edges, on-chip traffic, DRAM."""
