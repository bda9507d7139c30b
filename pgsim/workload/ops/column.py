"""What ops have in common whose positions are one column, each computed from its own inputs."""

from __future__ import annotations

from pgsim.workload.ops.op import Op, Shape, Size


class Column(Op):
    """An op over a column of positions; the one field that it needs is how many there are."""

    def in_size(self, shape: Shape) -> Size:
        """Return the column's length, and a width of 1."""
        (field,) = self.needed_fields
        length: int = getattr(shape, field)
        return length, 1

    def out_size(self, shape: Shape) -> Size:
        """Return the input's size: each position gives one."""
        return self.in_size(shape)

    def mask_axes(self, size: Size) -> set[tuple[int, ...]]:
        """Return what any op takes, and a row, which is as good as a column."""
        height, width = size
        return super().mask_axes(size) | {(1, height * width)}

    def words(self, shape: Shape) -> str:
        """Return the name of the op."""
        return self.name

    def extent(self, shape: Shape) -> str:
        """Return the number of positions."""
        length, _ = self.in_size(shape)
        return f"{length} {self.position}{'s' if length > 1 else ''}"
