"""Which sides of a product of two activations are tokens, and which features.

A layer gives a matrix: a row a token (a position), a column a feature (a channel). Queries by keys
add up over features and give tokens; what comes of them by values adds up over tokens and gives
features. Only sizes tell which: those of the product, and of the layers that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape


@dataclass(frozen=True)
class ProductSides:
    """Whose features a product adds up over, and whose it gives; tokens where there are none."""

    reduced: frozenset[str]
    given: frozenset[str]


def product_sides(
    product: LayerShape, reads: Sequence[LayerShape | None], known: Mapping[str, ProductSides]
) -> ProductSides:
    """Return the sides of a product that reads these layers.

    Its positions are tokens. Its operands are of two layers, or both of the only one.

    Parameters
    ----------
    product : LayerShape
        A `matmul`.
    reads : sequence of LayerShape
        The layers that it reads, None for what no layer made.
    known : mapping of str to ProductSides
        Those of the products before it.

    Raises
    ------
    InputError
        Where its sizes fit no layers that it reads, or fit several in different ways.
    """
    read = [each for each in reads if each]
    operands = [_Operand(each, known.get(each.name)) for each in read]
    # Of one layer and what no layer made, that may be either operand.
    twice = [(each, each) for each in operands] if len(read) == len(reads) else []
    for are_windows in (False, True):
        for pairs in (list(permutations(operands, 2)), twice):
            found = {fit for pair in pairs for fit in _fits(product, *pair, are_windows)}
            if len({(bool(fit.reduced), bool(fit.given)) for fit in found}) > 1:
                raise _untold(product, read, "fit both")
            if found:
                return _joined(found)
        if any(_is_of_features(product, *pair) for pair in permutations(operands * 2, 2)):
            raise _untold(product, read, "say that its positions are features")
    raise _untold(product, read, "fit neither")


@dataclass(frozen=True)
class _Operand:
    """A layer whose output is an operand of a product; `sides` if it is a product itself."""

    layer: LayerShape
    sides: ProductSides | None

    @property
    def is_of_tokens(self) -> bool:
        """Whether both of its sides are tokens, as of what a softmax is taken of."""
        return self.sides is not None and not self.sides.given

    def is_matrix(self, rows: int, columns: int) -> bool:
        """Say whether its matrices are of this size, or stand transposed."""
        sizes = (self.layer.outputs_per_channel, self.layer.channels_per_group)
        return sizes in ((rows, columns), (columns, rows))

    def windows(self, tokens: int) -> int:
        """Return how many windows of so many tokens it has."""
        return max(1, self.layer.outputs_per_channel // tokens)

    def has(self, tokens: int, features: int, groups: int, windows: int = 1) -> bool:
        """Say whether it has so many tokens in each window, and features in so many groups.

        Groups are heads, in each of the windows. One layer may make several operands, and several
        groups may share one.
        """
        positions, channels = self.layer.outputs_per_channel, self.layer.out_channels
        if windows * tokens != positions or groups % windows:
            return False
        together = features * (groups // windows)
        is_part = not channels % together or not together % channels
        return not channels % features and is_part


def _fits(
    product: LayerShape, first: _Operand, second: _Operand, are_windows: bool
) -> Iterator[ProductSides]:
    """Yield the sides of a product whose operands may be these."""
    rows, inner, columns = product.positions or 1, product.reduction, product.channels_per_group
    groups, nothing = product.groups, frozenset[str]()
    if first.is_of_tokens:
        if not first.is_matrix(rows, inner):
            return
        if second.is_of_tokens:
            if second.is_matrix(inner, columns):
                yield ProductSides(nothing, nothing)
        elif second.has(inner, columns, groups, second.windows(inner) if are_windows else 1):
            yield ProductSides(nothing, frozenset({second.layer.name}))
    elif not second.is_of_tokens:
        windows = first.windows(rows) if are_windows else 1
        if first.has(rows, inner, groups, windows) and second.has(columns, inner, groups, windows):
            yield ProductSides(frozenset({first.layer.name, second.layer.name}), nothing)


def _is_of_features(product: LayerShape, first: _Operand, second: _Operand) -> bool:
    """Say whether a product adds up over tokens and gives features by features."""
    rows, inner, columns = product.positions or 1, product.reduction, product.channels_per_group
    return first.has(inner, rows, product.groups) and second.has(inner, columns, product.groups)


def _joined(found: set[ProductSides]) -> ProductSides:
    """Return sides of one kind together."""
    return ProductSides(
        frozenset().union(*(each.reduced for each in found)),
        frozenset().union(*(each.given for each in found)),
    )


def _untold(product: LayerShape, read: Sequence[LayerShape], fit: str) -> InputError:
    sizes = "; ".join(
        f"{each.name!r} gives {each.outputs_per_channel} x {each.out_channels}" for each in read
    )
    return InputError(
        f"layer {product.name!r}: a product of activations, {product.groups} of "
        f"{product.positions} x {product.reduction} by {product.reduction} x "
        f"{product.channels_per_group}: which of its sides are tokens and which features cannot be "
        f"told, because the sizes of what it reads {fit} "
        f"({sizes or 'no layer: name those that make its operands in its inputs'})"
    )
