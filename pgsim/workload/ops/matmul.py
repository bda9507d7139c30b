"""The product of two activations, such as attention's."""

from __future__ import annotations

from pgsim.workload.ops.linear import Linear


class Matmul(Linear):
    """A matrix product with each of `positions` tokens, by another matrix for each image.

    That matrix stands in the place of weights, which images do not share (MODEL.md M60).
    """

    name = "matmul"
    description = "a product of two activations, such as attention's, whose second is each image's"
    shares_weights = False
