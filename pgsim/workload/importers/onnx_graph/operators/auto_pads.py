"""Where the padding of a convolution comes from: the words of its attribute `auto_pad`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgsim.kinds import by_name
from pgsim.workload.importers.onnx_graph.graph import Node
from pgsim.workload.importers.onnx_graph.operators.operator import Unfit, numbers


@dataclass(frozen=True)
class AutoPad:
    """What a word of `auto_pad` means.

    of_pads: whether the attribute `pads` has the margins; else there are none but those that follow
    from sizes. by_sizes: whether the output has the size of the input over the stride. more_behind:
    where the larger half of an odd sum goes.
    """

    name: str
    of_pads: bool = False
    by_sizes: bool = False
    more_behind: bool = False

    def given(self, node: Node, dimensions: int) -> tuple[list[int], list[int]]:
        """Return the margins before and behind each dimension, where they follow from no size."""
        ends = 2 * dimensions
        pads = numbers(node, "pads", ends, least=0) if self.of_pads else [0] * ends
        return pads[:dimensions], pads[dimensions:]

    def halves(self, sums: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the margins before and behind each dimension that have these sums."""
        less, more = [each // 2 for each in sums], [-(-each // 2) for each in sums]
        return (less, more) if self.more_behind else (more, less)


_NOTSET = AutoPad("NOTSET", of_pads=True)
_AUTO_PADS = by_name(
    (
        _NOTSET,
        AutoPad("VALID"),
        AutoPad("SAME_UPPER", by_sizes=True, more_behind=True),
        AutoPad("SAME_LOWER", by_sizes=True),
    )
)


def auto_pad(node: Node) -> AutoPad:
    """Return what a node's `auto_pad` means; raises Unfit for a word that ONNX does not have."""
    word = str(node.attributes.get("auto_pad") or _NOTSET.name)
    if word not in _AUTO_PADS:
        raise Unfit(f"auto_pad {word!r}")
    return _AUTO_PADS[word]
