"""The shape of one layer: its geometry, its bit widths, and the counts that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from pgsim.errors import InputError, nearest

_LARGEST_SIZE = 2**24  # of one dimension: far beyond any network, and small enough to multiply
_MOST_MACS = 2**53  # of one image: counts stay exact, in int64 and in float64
_CONV_ONLY = ("in_size", "kernel", "stride", "padding", "dilation")
_EXTENT = {"linear": "positions", "recurrent": "time_steps"}
_TOTAL = "network"  # what tables call the total of all layers


def _pair(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected a pair [height, width]")
    return tuple(value)


def _default_msb_bits(value: object, info: ValidationInfo) -> object:
    # Where activation_bits is wrong, that error is the one to report, and any number does here.
    return info.data.get("activation_bits", 1) if value is None else value


def _printable(value: object) -> object:
    if isinstance(value, str) and not (value.strip() and value.isprintable()):
        raise ValueError("expected a non-empty name of printable characters")
    return value


_Name = Annotated[str, BeforeValidator(_printable)]
_Size = Annotated[int, Field(ge=1, le=_LARGEST_SIZE)]
_Margin = Annotated[int, Field(ge=0, le=_LARGEST_SIZE)]
_Bits = Annotated[int, Field(ge=1, le=16)]
_SizePair = Annotated[tuple[_Size, _Size], BeforeValidator(_pair)]
_MarginPair = Annotated[tuple[_Margin, _Margin], BeforeValidator(_pair)]


class LayerShape(BaseModel):
    """One layer as the trace manifest describes it; pairs are (height, width).

    A `linear` layer has `positions` tokens and a `recurrent` one `time_steps`, in place of sizes;
    both count as a 1 x 1 convolution over one column (M1). Construction raises pydantic's
    ValidationError, a ValueError; `layer_shape` raises InputError instead and says where.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: _Name
    op: Literal["conv2d", "linear", "recurrent"]
    in_channels: _Size
    out_channels: _Size
    in_size: _SizePair | None = None
    kernel: _SizePair = (1, 1)
    stride: _SizePair = (1, 1)
    padding: _MarginPair = (0, 0)
    dilation: _SizePair = (1, 1)
    groups: _Size = 1
    positions: _Size | None = None
    time_steps: _Size | None = None
    activation_bits: _Bits
    msb_bits: Annotated[_Bits, BeforeValidator(_default_msb_bits)] = Field(
        default=None, validate_default=True
    )
    weight_bits: _Bits
    gate: Literal["output", "input", "none"]
    signed: bool = False

    @model_validator(mode="after")
    def _is_possible(self) -> LayerShape:
        if self.name == _TOTAL:
            raise ValueError(f"the name {_TOTAL!r} stands for the total of all layers: rename it")
        self._check_fields_of_op()
        for side in ("in_channels", "out_channels"):
            if (channels := getattr(self, side)) % self.groups:
                raise ValueError(f"{side} {channels} is no multiple of groups {self.groups}")
        if min(self.out_size) < 1:
            raise ValueError(
                f"kernel {list(self.kernel)} with dilation {list(self.dilation)} does not fit into "
                f"in_size {list(self.in_size or ())} with padding {list(self.padding)}"
            )
        if self.macs > _MOST_MACS:
            raise ValueError(f"{self.macs} MACs an image are more than pgsim counts ({_MOST_MACS})")
        top = self.activation_bits - (self.gate != "none")
        if not 1 <= self.msb_bits <= top:
            raise ValueError(
                f"gate {self.gate!r} with activation_bits {self.activation_bits} needs msb_bits "
                f"from 1 to {top}, not {self.msb_bits}"
                if top
                else f"gate {self.gate!r} needs at least 2 activation_bits, to split them"
            )
        return self

    def _check_fields_of_op(self) -> None:
        needed = ("in_size", "kernel") if self.op == "conv2d" else (_EXTENT[self.op],)
        taken = _CONV_ONLY if self.op == "conv2d" else needed
        refused = {*_CONV_ONLY, *_EXTENT.values()} - set(taken)
        given = {field for field in self.model_fields_set if getattr(self, field) is not None}
        for field in needed:
            if field not in given:
                raise ValueError(f"op {self.op!r} needs {field!r}")
        if wrong := sorted(given & refused):
            raise ValueError(f"op {self.op!r} takes no {', '.join(map(repr, wrong))}")

    @property
    def out_size(self) -> tuple[int, int]:
        """Height and width of the output of one image (M1); linear and recurrent: one column."""
        if self.in_size is None:
            return (self.positions or self.time_steps or 0, 1)
        height, width = (
            (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            for size, padding, dilation, kernel, stride in zip(
                self.in_size, self.padding, self.dilation, self.kernel, self.stride, strict=True
            )
        )
        return height, width

    @property
    def outputs_per_channel(self) -> int:
        """Positions of one image: output pixels, tokens, or time steps."""
        return self.out_size[0] * self.out_size[1]

    @property
    def runs_per_batch(self) -> int:
        """Runs that a batch takes one after the other: time steps depend on each other (M6)."""
        return self.time_steps or 1

    @property
    def run_out_size(self) -> tuple[int, int]:
        """Height and width of the output of one image in one run; recurrent: one time step."""
        return (1, 1) if self.time_steps else self.out_size

    @property
    def run_in_size(self) -> tuple[int, int]:
        """Height and width of the input of one image in one run; linear: one column of tokens."""
        return self.in_size or (self.positions or 1, 1)

    @property
    def mask_size(self) -> tuple[int, int]:
        """Height and width of the gate mask: of the input for `gate: input`, else of the output."""
        return self.in_size if self.gate == "input" and self.in_size else self.out_size

    @property
    def mask_positions(self) -> int:
        """Bits of the gate mask of one image and channel."""
        return self.mask_size[0] * self.mask_size[1]

    @property
    def mask_channels(self) -> int:
        """Channels of the gate mask: `out_channels`, or one shared by all for `gate: input`."""
        return 1 if self.gate == "input" else self.out_channels

    @property
    def in_channels_per_group(self) -> int:
        """Input channels that one output depends on (icg of M1)."""
        return self.in_channels // self.groups

    @property
    def channels_per_group(self) -> int:
        """Output channels of one group (K of M1)."""
        return self.out_channels // self.groups

    @property
    def reduction(self) -> int:
        """Length of one output's dot product (D of M1)."""
        return self.kernel[0] * self.kernel[1] * self.in_channels_per_group

    @property
    def outputs(self) -> int:
        """Output elements of one image, over all time steps."""
        return self.out_channels * self.outputs_per_channel

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one image, those on padding included (M1)."""
        return self.outputs * self.reduction

    @property
    def group_inputs(self) -> int:
        """Input elements of one group of one image; of one time step of a recurrent layer (M23)."""
        if self.in_size is not None:
            return self.in_channels_per_group * self.in_size[0] * self.in_size[1]
        return self.in_channels_per_group * (self.positions or 1)

    @property
    def lsb_bits(self) -> int:
        """Least significant bits, B_lb = B - B_hb (M2)."""
        return self.activation_bits - self.msb_bits

    @property
    def gated(self) -> bool:
        """Whether the layer's outputs are gated, as in Precision Gating."""
        return self.gate == "output"

    def manifest(self) -> dict[str, Any]:
        """Return the layer as the trace manifest has it: the fields of its `op`, in fixed order."""
        kept = set(_CONV_ONLY) if self.op == "conv2d" else {_EXTENT[self.op]}
        left_out = {*_CONV_ONLY, *_EXTENT.values()} - kept
        return self.model_dump(
            mode="json", exclude=left_out if self.signed else left_out | {"signed"}
        )

    def replace(self, where: str = "", **fields: object) -> LayerShape:
        """Return the layer with some fields changed and all checked again; raises InputError."""
        return layer_shape(self.manifest() | fields, where)


def layer_shape(fields: Mapping[str, object], where: str = "") -> LayerShape:
    """Return the LayerShape of a mapping of manifest fields.

    Raises InputError that begins with `where`, names the layer, and lists every problem.
    """
    try:
        return LayerShape.model_validate(dict(fields))
    except ValidationError as error:
        name = fields.get("name", "without a name")
        raise InputError(
            f"{where}{': ' if where else ''}layer {_short(name)}: "
            f"{describe(error, LayerShape.model_fields)}"
        ) from None


def layer_shapes(
    layers: Iterable[LayerShape | Mapping[str, object]], where: str
) -> tuple[LayerShape, ...]:
    """Return the LayerShapes of a list of LayerShapes or mappings of manifest fields.

    Raises InputError, that begins with `where`, as `layer_shape` does, for anything but a list of
    layers, and where two share a name.
    """
    if isinstance(layers, LayerShape | Mapping | str) or not isinstance(layers, Iterable):
        raise _no_layers(layers, where)
    by_name: dict[str, LayerShape] = {}
    for number, each in enumerate(layers, start=1):
        if not isinstance(each, LayerShape | Mapping):
            raise _no_layers(each, where)
        shape = each if isinstance(each, LayerShape) else layer_shape(each, where)
        if shape.name in by_name:
            raise InputError(f"{where}: layer {shape.name!r} appears again as layer {number}")
        by_name[shape.name] = shape
    return tuple(by_name.values())


def _no_layers(found: object, where: str) -> InputError:
    return InputError(
        f"{where}: expected a list of layers, each a LayerShape or a mapping of its manifest "
        f"fields, not {_short(found)}"
    )


def describe(error: ValidationError, fields: Iterable[str]) -> str:
    """Return what a validation found, in one line: each field, what was expected, what is there."""
    valid = list(fields)
    return "; ".join(_describe_one(problem, valid) for problem in error.errors(include_url=False))


def _describe_one(problem: Mapping[str, Any], valid: list[str]) -> str:
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown field {field!r}.{nearest(field, valid)}"
    if problem["type"] == "missing":
        return f"field {field!r} is missing"
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if not field:
        return message
    return f"field {field!r}: {message}, not {_short(problem['input'])}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
