"""MatMul of operands of any axes: as many multiplications as NumPy does for the same sizes."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

pytest.importorskip("onnx")

from imports import imported, refusal
from onnx_cases import model, node

Sizes = tuple[int, ...]


def drawn(rng: Random) -> tuple[Sizes, Sizes]:
    """Return sizes of two operands that go together, vectors and single matrices among them."""
    rows, inner, columns = (rng.randint(1, 5) for _ in range(3))
    axes = [rng.randint(1, 4) for _ in range(rng.randint(0, 3))]
    sides = []
    for _ in range(2):
        own = [rng.choice((each, each, 1)) for each in axes]
        sides.append(own[rng.randint(0, len(own)) :])
    first, second = (*sides[0], rows, inner), (*sides[1], inner, columns)
    return (first if rng.random() > 0.1 else (inner,)), (second if rng.random() > 0.1 else (inner,))


def multiplications(first: Sizes, second: Sizes) -> int:
    product = np.matmul(np.zeros(first), np.zeros(second))
    return int(product.size * first[-1])


@pytest.mark.parametrize("constant", ["none", "first", "second"])
def test_macs_are_those_of_numpy(tmp_path: Path, constant: str) -> None:
    rng = Random(5)
    for _ in range(150):
        sizes = dict(zip(("first", "second"), drawn(rng), strict=True))
        inputs = {name: each for name, each in sizes.items() if name != constant}
        weights = {name: each for name, each in sizes.items() if name == constant}
        (layer,) = imported(tmp_path, model([node("MatMul", "first second", "y")], inputs, weights))
        assert layer.macs == multiplications(*sizes.values()), sizes
        assert layer.op == ("matmul" if constant == "none" else "linear")


def test_one_matrix_of_activations_goes_with_several(tmp_path: Path) -> None:
    # Four heads that share their keys: each multiplies them by queries of its own.
    nodes = [node("MatMul", "queries keys", "y")]
    sizes = {"queries": (1, 4, 7, 8), "keys": (1, 1, 8, 5)}
    (layer,) = imported(tmp_path, model(nodes, sizes, {}))
    assert (layer.groups, layer.positions) == (4, 7)
    assert (layer.in_channels, layer.out_channels) == (4 * 8, 4 * 5)


def test_matrices_of_weights_that_share_their_inputs_have_outputs_side_by_side(
    tmp_path: Path,
) -> None:
    nodes = [node("MatMul", "x w", "y")]
    (layer,) = imported(tmp_path, model(nodes, {"x": (1, 7, 8)}, {"w": (3, 8, 5)}))
    assert (layer.groups, layer.positions) == (1, 7)
    assert (layer.in_channels, layer.out_channels) == (8, 3 * 5)


@pytest.mark.parametrize(
    ("first", "second", "weights", "expected"),
    [
        ((2, 4, 5), (3, 5, 6), {}, "[2, 4, 5] by [3, 5, 6], which are not matrices in pairs"),
        ((4, 5), (6, 7), {}, "[4, 5] by [6, 7], which are not matrices in pairs"),
        ((2, 4, 5), (), {"second": (3, 5, 6)}, "weights [3, 5, 6], which are no groups of [2, 4"),
        ((4, 5), (), {"second": (6, 7)}, "[4, 5] by [6, 7], which no matrix product takes"),
        ((4, 5), (), {"second": np.array(2.0)}, "[4, 5] by [], expected matrices, not a number"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, first: Sizes, second: Sizes, weights: dict, expected: str
) -> None:
    inputs = {"first": first} | ({} if weights else {"second": second})
    found = refusal(tmp_path, model([node("MatMul", "first second", "y")], inputs, weights))
    assert f"\n  MatMul 'y': {expected}" in found
