"""What ops have in common whose positions are one column, each computed from its own inputs."""

from __future__ import annotations

from pgsim.workload.ops.op import Op, Shape, Sides, Sizes
from pgsim.workload.ops.side import Line, Side


class Column(Op):
    """An op over a column of positions; the one field that it needs is how many there are."""

    def length(self, shape: Shape) -> int:
        """Return how many positions there are."""
        (field,) = self.needed_fields
        length: int = getattr(shape, field)
        return length

    def sides(self, shape: Shape) -> Sides:
        """Return the column: each position gives one."""
        return Side(Line(self.length(shape))), Side()

    def mask_axes(self, shape: Shape) -> set[Sizes]:
        """Return what any op takes, and a row, which is as good as a column."""
        height, width = shape.mask_size
        return super().mask_axes(shape) | {(1, height * width)}

    def words(self, shape: Shape) -> str:
        """Return the name of the op."""
        return self.name

    def extent(self, shape: Shape) -> str:
        """Return the number of positions."""
        length = self.length(shape)
        return f"{length} {self.position}{'s' if length > 1 else ''}"
