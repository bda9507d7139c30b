"""What moves: words of on-chip buffers, bursts of DRAM, and what gates (MODEL.md M22 to M28)."""
