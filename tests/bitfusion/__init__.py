"""Bit Fusion as published: its authors' figures, their formulas, and pgsim beside both."""
