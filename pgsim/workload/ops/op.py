"""What is particular to one op: the manifest fields it takes, its sizes, its runs, its words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

Size = tuple[int, int]  # height and width


class Shape(Protocol):
    """What ops ask of a layer's shape: fields of its manifest, and what follows from them."""

    @property
    def in_size(self) -> Size | None: ...
    @property
    def kernel(self) -> Size: ...
    @property
    def stride(self) -> Size: ...
    @property
    def padding(self) -> tuple[int, ...]: ...
    @property
    def margins(self) -> tuple[Size, Size]: ...
    @property
    def dilation(self) -> Size: ...
    @property
    def groups(self) -> int: ...
    @property
    def in_channels_per_group(self) -> int: ...


class Op(ABC):
    """A kind of layer; all that is asked of it is asked with the layer's shape.

    `needed_fields` are the manifest fields that a layer of this op has to give, and `other_fields`
    those that it may give, beyond the fields that all layers have. `position` is the word for one
    position of its output. Every op counts as a convolution (MODEL.md M1).
    """

    name: ClassVar[str]
    description: ClassVar[str]
    needed_fields: ClassVar[tuple[str, ...]]
    other_fields: ClassVar[tuple[str, ...]] = ()
    position: ClassVar[str] = "position"

    @property
    def fields(self) -> tuple[str, ...]:
        """All manifest fields that a layer of this op takes and not every layer has."""
        return self.needed_fields + self.other_fields

    def check(self, shape: Shape) -> None:  # noqa: B027 - most ops refuse nothing
        """Raise ValueError where the fields are all there, but no layer can be like this."""

    @abstractmethod
    def in_size(self, shape: Shape) -> Size:
        """Return height and width of the whole input of one image."""

    @abstractmethod
    def out_size(self, shape: Shape) -> Size:
        """Return height and width of the whole output of one image."""

    def runs_per_batch(self, shape: Shape) -> int:
        """Return how many runs a batch takes, one after the other (MODEL.md M6)."""
        return 1

    def run_in_size(self, shape: Shape) -> Size:
        """Return height and width of the input of one image in one run."""
        return self.in_size(shape)

    def run_out_size(self, shape: Shape) -> Size:
        """Return height and width of the output of one image in one run."""
        return self.out_size(shape)

    def group_inputs(self, shape: Shape) -> int:
        """Return the input elements of one group of one image in one run (MODEL.md M23)."""
        height, width = self.run_in_size(shape)
        return shape.in_channels_per_group * height * width

    def mask_axes(self, size: Size) -> set[tuple[int, ...]]:
        """Return the axes, after images and channels, in which a mask of this size may be given."""
        height, width = size
        return {(height, width), (height * width,)}

    @abstractmethod
    def words(self, shape: Shape) -> str:
        """Return what the layer does in a few words, as a table shows it."""

    @abstractmethod
    def extent(self, shape: Shape) -> str:
        """Return the extent of the layer's input and output in positions, as a table shows it."""
