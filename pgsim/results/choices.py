"""What a row of a table of windows is: the words of the column `choice` (MODEL.md M41)."""

from __future__ import annotations

FIXED = "fixed order"
CHOSEN = "chosen"
BEST = "best of its window"

CHOICES = (FIXED, CHOSEN, BEST)
