"""The fields of a layer: its geometry, its bit widths, and the counts that follow from them."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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
from pgsim.workload.zeros import Zeros

_NO_GEOMETRY = {"name", "inputs", "zeros"}


class LayerFields(BaseModel):
    """What a manifest says of one layer, each field by itself; `LayerShape` is one that can be."""

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
