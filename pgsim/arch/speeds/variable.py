"""`variable`: the variable-speed array of DRQ (Song et al., ISCA 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgsim.arch.speeds.speed import Speed
from pgsim.schemes import OPERANDS, Operand, Pass, Passes, Plane, union

if TYPE_CHECKING:
    from pgsim.arch.dataflows import Dataflow
    from pgsim.arch.pes import PEKind


class Variable(Speed):
    """All passes of a layer with gated inputs are one sweep, each step as long as it must be.

    A step of which no row has an important pixel takes the dense passes. Another one takes all, and
    the rows wait for each other.
    """

    name = "variable"
    description = "a step takes the passes that any of its input pixels needs"

    def taken(self, passes: Passes, pe: PEKind, flow: Dataflow) -> Passes:
        """Return one sweep of a layer whose inputs a mask gates, else the passes."""
        gate = next((each.gate for each in passes if each.gate), None)
        if gate is None or gate.waits_for_sums:
            return passes
        if not flow.holds_lane_operand:
            raise ValueError(
                "array.speed variable: a step has a pixel in each row where PEs hold an operand: "
                "expected dataflow ws, is or bitfusion, or array.speed steady"
            )
        macs = {pe.macs_and_cycles(each.activation_bits, each.weight_bits)[0] for each in passes}
        if len(macs) > 1:
            raise ValueError(
                f"array.speed variable: PEs do {' or '.join(map(str, sorted(macs)))} MACs side by "
                "side, depending on the pass, so that no step could take several: expected PEs "
                "that do as many in all, such as fixed ones"
            )
        activations, weights = (_joined(passes, each) for each in OPERANDS.values())
        return (Pass(activations, weights, gate, passes),)


def _joined(passes: Passes, operand: Operand) -> Plane:
    """Return the plane of all bits that any pass takes of an operand."""
    bits = union(operand.plane(each) for each in passes)
    low = (bits & -bits).bit_length() - 1
    plane = Plane(low, bits.bit_count())
    if plane.word != bits:
        raise ValueError(
            f"array.speed variable: the passes leave {operand.name} bits out between those that "
            "they take: expected planes that lie side by side"
        )
    return plane
