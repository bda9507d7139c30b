"""The shape of one layer: a LayerShape, and how it is made of the fields of a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError, model_validator

from pgsim.errors import InputError
from pgsim.workload.layer_fields import LayerFields
from pgsim.workload.ops import fields_of_ops
from pgsim.workload.possible import check_possible
from pgsim.workload.problems import describe, short
from pgsim.workload.zeros import Operand

_LEFT_OUT: dict[str, object] = {"signed": False, "inputs": None, "zeros": None}  # where it is so


class LayerShape(LayerFields):
    """One layer as the trace manifest describes it.

    Construction raises pydantic's ValidationError, a ValueError; `layer_shape` raises InputError
    instead and says where. Source: MODEL.md M1, M2.

    Parameters
    ----------
    name, op : str
        A name of its own in the network, and one of `OPS`, which decides the fields that follow.
    in_channels, out_channels, groups : int
        Channels of all groups; one group by default.
    in_size, kernel, stride, dilation : tuples of int
        A convolution's geometry, a number for each of its op's axes: (height, width) of a `conv2d`,
        (length,) of a `conv1d`, (depth, height, width) of a `conv3d`. All other ops count as a
        1 x 1 convolution over one column.
    padding : tuple of int, or "same"
        One number for each axis, or one for each of its ends: (top, bottom, left, right). "same"
        becomes the numbers that make the output the input over the stride, rounded up (M50).
    positions, time_steps : int
        Tokens of a `linear` layer or a `matmul`, steps of a `recurrent` one.
    activation_bits, msb_bits, weight_bits : int
        Widths, and how many of an activation's bits the gate sees; all of them without a gate.
    gate : str
        What has one bit of mask: each `output`, each `input` pixel, or `none`.
    signed : bool
        Whether activations are in two's complement.
    inputs : tuple of str, optional
        The layers whose outputs it reads, see `connections`; by default the layer before.
    zeros : Zeros, optional
        What fraction of its operands was zero where that was measured.

    Examples
    --------
    >>> widths = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}
    >>> LayerShape(
    ...     name="fc", op="linear", in_channels=64, out_channels=10, positions=1, **widths
    ... ).macs
    640
    """

    @model_validator(mode="after")
    def _is_possible(self) -> LayerShape:
        check_possible(self)
        return self

    def manifest(self) -> dict[str, Any]:
        """Return the layer as the trace manifest has it.

        Returns
        -------
        dict of str to JSON values
            The fields of its `op`, in fixed order.
        """
        left_out = fields_of_ops().difference(self.kind.fields)
        left_out |= {name for name, value in _LEFT_OUT.items() if getattr(self, name) == value}
        return self.model_dump(mode="json", exclude=left_out)

    def zero_fraction(self, operand: Operand, low: int, bits: int) -> float | None:
        """Return what fraction of an operand's plane was zero, None where it was not measured.

        Parameters
        ----------
        operand : str
            `activation` or `weight`.
        low, bits : int
            The plane: its lowest bit, and how many there are.

        Returns
        -------
        float or None
            Of all inputs of the images that were captured, padding left out; or of all weights.
        """
        return self.zeros.fraction(operand, low, bits) if self.zeros else None

    def replace(self, where: str = "", **fields: object) -> LayerShape:
        """Return the layer with some fields changed and all checked again.

        Parameters
        ----------
        where : str
            What an error's message begins with.
        **fields
            Manifest fields.

        Returns
        -------
        LayerShape
            A new one.

        Raises
        ------
        InputError
            Where there is no such layer.
        """
        return layer_shape(self.manifest() | fields, where)


def layer_shape(fields: Mapping[str, object], where: str = "") -> LayerShape:
    """Return the LayerShape of a mapping of manifest fields.

    Raises InputError that begins with `where`, names the layer, and lists every problem.

    Examples
    --------
    >>> from pgsim import network
    >>> layer_shape(network("resnet20")[-1].manifest() | {"kernel": [1, 1]})
    Traceback (most recent call last):
    pgsim.errors.InputError: layer 'linear': op 'linear' takes no 'kernel'
    """
    try:
        return LayerShape.model_validate(dict(fields))
    except ValidationError as error:
        name = fields.get("name", "without a name")
        raise InputError(
            f"{where}{': ' if where else ''}layer {short(name)}: "
            f"{describe(error, LayerShape.model_fields)}"
        ) from None
