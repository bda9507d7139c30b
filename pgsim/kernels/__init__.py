"""The inner loops: packed 64-bit words in, integers out; numpy and numba only, no state."""
