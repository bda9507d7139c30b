"""What widened networks of fewer bits cost (WRPN, Mishra et al., ICLR 2018; MODEL.md M56)."""

from __future__ import annotations

from pgsim.study.published.result import Figure, Published
from pgsim.workload import network, relative_cost

_ROWS = ((4, 4, 0.50), (4, 2, 0.38), (2, 2, 0.25), (1, 1, 0.13))  # activation bits, weight bits


class WideReducedPrecision(Published):
    """WRPN's relative costs of a network twice as wide."""

    name = "wrpn"
    citation = "Mishra et al., WRPN, ICLR 2018, table of batch-normalized Inception"
    unit = "cost over that of the network at 32 bits"
    differs = (
        "The network: VGG-16 here, of which all layers but the first and the last have four times "
        "the MACs when they are twice as wide. The paper's figures are those of four times."
    )

    def figures(self) -> tuple[Figure, ...]:
        """Return the cost at each pair of bits."""
        layers = network("vgg16")
        return tuple(
            Figure(
                f"2x wide, {activation} x {weight} bits",
                published,
                relative_cost(layers, 2, activation, weight),
            )
            for activation, weight, published in _ROWS
        )
