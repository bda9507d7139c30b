"""What chooses the precision of a system of the field, and whether a network was trained so."""

from __future__ import annotations

OUTPUTS = "gated outputs"
INPUTS = "gated inputs"
SEVERAL = "one weight set, several widths"
STATIC = "one width a layer"
VALUES = "values of operands"
KINDS = (OUTPUTS, INPUTS, SEVERAL, STATIC, VALUES)  # in the order in which figures have their marks

TRAINED, UNTRAINED = "trained", "not trained"
