"""What is particular to one op: the manifest fields it takes, its sizes, its runs, its words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

from pgsim.workload.gates import GateKind
from pgsim.workload.ops.side import Side

Size = tuple[int, int]  # height and width
Sizes = tuple[int, ...]  # of each of an op's axes
Sides = tuple[Side, Side]  # rows and columns


class Shape(Protocol):
    """What ops ask of a layer's shape: fields of its manifest, and what follows from them."""

    @property
    def in_size(self) -> Sizes | None: ...
    @property
    def kernel(self) -> Sizes: ...
    @property
    def stride(self) -> Sizes: ...
    @property
    def padding(self) -> Sizes: ...
    @property
    def margins(self) -> tuple[Size, ...]: ...
    @property
    def dilation(self) -> Sizes: ...
    @property
    def groups(self) -> int: ...
    @property
    def in_channels_per_group(self) -> int: ...
    @property
    def gate_kind(self) -> GateKind: ...
    @property
    def mask_size(self) -> Size: ...
    @property
    def sides(self) -> Sides: ...
    @property
    def run_sides(self) -> Sides: ...


class Op(ABC):
    """A kind of layer; all that is asked of it is asked with the layer's shape.

    `needed_fields` are the manifest fields that a layer of this op has to give, and `other_fields`
    those that it may give, beyond the fields that all layers have. `axes` are the dimensions of its
    input, `ends` the two ends of each, and `position` is the word for one position of its output.
    `shares_weights` says whether all images have the same weights (M60), and `reads_own_state`
    whether its operand is what it gave the position before, to which is added what other layers
    give. Every op counts as a convolution of rows and columns (MODEL.md M1).
    """

    name: ClassVar[str]
    description: ClassVar[str]
    needed_fields: ClassVar[tuple[str, ...]]
    other_fields: ClassVar[tuple[str, ...]] = ()
    axes: ClassVar[tuple[str, ...]] = ("height", "width")
    ends: ClassVar[tuple[str, ...]] = ("top", "bottom", "left", "right")
    position: ClassVar[str] = "position"
    shares_weights: ClassVar[bool] = True
    reads_own_state: ClassVar[bool] = False

    @property
    def fields(self) -> tuple[str, ...]:
        """All manifest fields that a layer of this op takes and not every layer has."""
        return self.needed_fields + self.other_fields

    def check(self, shape: Shape) -> None:  # noqa: B027 - most ops refuse nothing
        """Raise ValueError where the fields are all there, but no layer can be like this."""

    @abstractmethod
    def sides(self, shape: Shape) -> Sides:
        """Return rows and columns: what lies under the taps of the outputs of one image."""

    def run_sides(self, shape: Shape) -> Sides:
        """Return rows and columns of one run, of which a batch may take several."""
        return shape.sides

    def runs_per_batch(self, shape: Shape) -> int:
        """Return how many runs a batch takes, one after the other (MODEL.md M6)."""
        return 1

    def images_together(self, batch: int) -> int:
        """Return how many images of a batch are computed together: those that share weights."""
        return batch if self.shares_weights else 1

    def group_inputs(self, shape: Shape) -> int:
        """Return the input elements of one group of one image in one run (MODEL.md M23)."""
        rows, columns = shape.run_sides
        return shape.in_channels_per_group * rows.inputs * columns.inputs

    def mask_axes(self, shape: Shape) -> set[Sizes]:
        """Return the axes, after images and channels, in which a layer's mask may be given."""
        height, width = shape.mask_size
        return {(height, width), (height * width,)}

    @abstractmethod
    def words(self, shape: Shape) -> str:
        """Return what the layer does in a few words, as a table shows it."""

    @abstractmethod
    def extent(self, shape: Shape) -> str:
        """Return the extent of the layer's input and output in positions, as a table shows it."""
