"""What every kind of gate is: which layers have a mask, and of what."""

from __future__ import annotations

from typing import ClassVar, TypeVar

Of = TypeVar("Of")


class GateKind:
    """What has a bit of mask in a layer.

    masked: whether anything has. gates_outputs, gates_inputs: whether outputs have, or input
    pixels. opened: what a bit that is 1 means, in words.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    masked: ClassVar[bool] = True
    gates_outputs: ClassVar[bool] = False
    gates_inputs: ClassVar[bool] = False
    opened: ClassVar[str] = ""

    def masks(self, inputs: Of, outputs: Of) -> Of:
        """Return which of a layer's inputs and outputs the mask is laid over: sizes of either."""
        return outputs

    def mask_channels(self, out_channels: int) -> int:
        """Return the channels of the mask of a layer with so many output channels."""
        return out_channels

    def check_bits(self, activation_bits: int, msb_bits: int) -> None:
        """Raise ValueError unless the gate can see so many of an activation's bits.

        Where there is a mask it decides about at least one further bit.
        """
        top = activation_bits - self.masked
        if not 1 <= msb_bits <= top:
            raise ValueError(
                f"gate {self.name!r} with activation_bits {activation_bits} needs msb_bits "
                f"from 1 to {top}, not {msb_bits}"
                if top
                else f"gate {self.name!r} needs at least 2 activation_bits, to split them"
            )
