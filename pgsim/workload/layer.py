"""The shape of one layer: its geometry, its bit widths, and the counts that follow from them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pgsim.errors import InputError
from pgsim.workload.fields import (
    AxisSizes,
    Bits,
    GateName,
    Inputs,
    Margins,
    Name,
    Ones,
    OpName,
    PositiveSize,
    default_msb_bits,
)
from pgsim.workload.gates import GATE_KINDS, GateKind
from pgsim.workload.ops import OPS, Op, Sides, Size, fields_of_ops
from pgsim.workload.padding import SAME, same_padding
from pgsim.workload.possible import check_possible
from pgsim.workload.problems import describe, short
from pgsim.workload.zeros import Operand, Zeros

_NO_GEOMETRY = {"name", "inputs", "zeros"}
_LEFT_OUT: dict[str, object] = {"signed": False, "inputs": None, "zeros": None}  # where it is so


class LayerShape(BaseModel):
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

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: Name
    op: OpName
    in_channels: PositiveSize
    out_channels: PositiveSize
    in_size: AxisSizes | None = None
    kernel: Ones = Field(default=None, validate_default=True)
    stride: Ones = Field(default=None, validate_default=True)
    padding: Margins = Field(default=None, validate_default=True)
    dilation: Ones = Field(default=None, validate_default=True)
    groups: PositiveSize = 1
    positions: PositiveSize | None = None
    time_steps: PositiveSize | None = None
    activation_bits: Bits
    msb_bits: Annotated[Bits, BeforeValidator(default_msb_bits)] = Field(
        default=None, validate_default=True
    )
    weight_bits: Bits
    gate: GateName
    signed: bool = False
    inputs: Inputs | None = None
    zeros: Zeros | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_numbers(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        null = {name for name in fields_of_ops() if fields.get(name, name) is None}
        given = {name: each for name, each in fields.items() if name not in null}
        padding = given.get("padding")
        same = isinstance(padding, str) and padding == SAME
        return given | {"padding": same_padding(given)} if same else given

    @model_validator(mode="after")
    def _is_possible(self) -> LayerShape:
        check_possible(self)
        return self

    @property
    def kind(self) -> Op:
        """The layer's op, which knows all that is particular to it."""
        return OPS[self.op]

    @property
    def gate_kind(self) -> GateKind:
        """What of the layer has a bit of mask."""
        return GATE_KINDS[self.gate]

    @cached_property
    def geometry(self) -> Hashable:
        """Its op, sizes, widths and gate: layers that agree on it are computed alike."""
        fields = (name for name in type(self).model_fields if name not in _NO_GEOMETRY)
        return tuple(getattr(self, name) for name in fields)

    @cached_property
    def sides(self) -> Sides:
        """Rows and columns: which inputs of an image its outputs reach (M1, M50)."""
        return self.kind.sides(self)

    @cached_property
    def run_sides(self) -> Sides:
        """Rows and columns of one image in one run; recurrent: one position."""
        return self.kind.run_sides(self)

    @cached_property
    def out_size(self) -> Size:
        """Height and width of the output of one image (M1); of frames below each other (M50)."""
        rows, columns = self.sides
        return rows.outputs, columns.outputs

    @cached_property
    def image_in_size(self) -> Size:
        """Height and width of the input of one image; of frames below each other (M50)."""
        rows, columns = self.sides
        return rows.inputs, columns.inputs

    @cached_property
    def kernel_size(self) -> Size:
        """Height and width of the kernel; of several frames, the height of all (M50)."""
        rows, columns = self.sides
        return rows.taps, columns.taps

    @property
    def taps(self) -> int:
        """Kernel taps: the weights of an output channel and input channel."""
        return self.kernel_size[0] * self.kernel_size[1]

    @cached_property
    def outputs_per_channel(self) -> int:
        """Positions of one image: output pixels, tokens, or time steps."""
        return self.out_size[0] * self.out_size[1]

    @cached_property
    def margins(self) -> tuple[Size, ...]:
        """Padding before and after each axis (M50)."""
        one_each = len(self.padding) == len(self.kind.axes)
        ends = (self.padding, self.padding) if one_each else (self.padding[::2], self.padding[1::2])
        return tuple(zip(*ends, strict=True))

    @cached_property
    def runs_per_batch(self) -> int:
        """Runs that a batch takes one after the other: time steps depend on each other (M6)."""
        return self.kind.runs_per_batch(self)

    @cached_property
    def run_out_size(self) -> Size:
        """Height and width of the output of one image in one run; recurrent: one time step."""
        rows, columns = self.run_sides
        return rows.outputs, columns.outputs

    @cached_property
    def run_in_size(self) -> Size:
        """Height and width of the input of one image in one run; linear: one column of tokens."""
        rows, columns = self.run_sides
        return rows.inputs, columns.inputs

    @cached_property
    def mask_size(self) -> Size:
        """Height and width of the gate mask: of the input for `gate: input`, else of the output."""
        return self.gate_kind.masks(self.image_in_size, self.out_size)

    @cached_property
    def mask_positions(self) -> int:
        """Bits of the gate mask of one image and channel."""
        return self.mask_size[0] * self.mask_size[1]

    @property
    def mask_channels(self) -> int:
        """Channels of the gate mask: `out_channels`, or one shared by all for `gate: input`."""
        return self.gate_kind.mask_channels(self.out_channels)

    @cached_property
    def in_channels_per_group(self) -> int:
        """Input channels that one output depends on (icg of M1)."""
        return self.in_channels // self.groups

    @cached_property
    def channels_per_group(self) -> int:
        """Output channels of one group (K of M1)."""
        return self.out_channels // self.groups

    @cached_property
    def reduction(self) -> int:
        """Length of one output's dot product (D of M1)."""
        return self.taps * self.in_channels_per_group

    @cached_property
    def outputs(self) -> int:
        """Output elements of one image, over all time steps."""
        return self.out_channels * self.outputs_per_channel

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of one image, those on padding included (M1)."""
        return self.outputs * self.reduction

    @cached_property
    def group_inputs(self) -> int:
        """Input elements of one group of one image; of one time step of a recurrent layer (M23)."""
        return self.kind.group_inputs(self)

    @property
    def lsb_bits(self) -> int:
        """Least significant bits, B_lb = B - B_hb (M2)."""
        return self.activation_bits - self.msb_bits

    @property
    def gated(self) -> bool:
        """Whether the layer's outputs are gated, as in Precision Gating."""
        return self.gate_kind.gates_outputs

    @property
    def gates_inputs(self) -> bool:
        """Whether input pixels are gated (M52)."""
        return self.gate_kind.gates_inputs

    @property
    def masked(self) -> bool:
        """Whether the layer has a mask: of its outputs or of its input pixels."""
        return self.gate_kind.masked

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
