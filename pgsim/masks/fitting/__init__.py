"""Synthetic masks fitted to real ones: what is counted, the model, what is drawn (M36)."""
