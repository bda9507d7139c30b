"""The linear layer, as PyTorch's nn.Linear has it."""

from __future__ import annotations

from pgsim.workload.ops.column import Column


class Linear(Column):
    """A matrix product with each of `positions` tokens."""

    name = "linear"
    description = "a matrix product with the features of each position, such as a token"
    needed_fields = ("positions",)
