"""Masks that are tensors of PyTorch, as a person has them after training."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from pgsim import GateTrace, InputError, LayerShape  # noqa: E402

LAYER = LayerShape(
    name="fc", op="linear", in_channels=2, out_channels=3, positions=4,
    activation_bits=4, msb_bits=2, weight_bits=8, gate="output",
)  # fmt: skip
DECIDED = [[[1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 1, 0]]]

KINDS = {
    "bool": lambda mask: mask.bool(),
    "uint8": lambda mask: mask.to(torch.uint8),
    "bfloat16": lambda mask: mask.bfloat16(),
    "with gradient": lambda mask: mask.float().requires_grad_(),
    "of a graph": lambda mask: mask.double().requires_grad_() * 1,
    "a parameter": lambda mask: torch.nn.Parameter(mask.half()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_of_zeros_and_ones_are_masks(kind: str) -> None:
    mask = KINDS[kind](torch.tensor(DECIDED))
    (layer,) = GateTrace.from_masks({"fc": mask}, [LAYER]).layers
    np.testing.assert_array_equal(layer.unpack(), np.array(DECIDED) == 1)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.full((1, 3, 4), 0.5).bfloat16(), r"not torch\.bfloat16 with 0\.5"),
        (torch.full((1, 3, 4), -1.0, requires_grad=True), r"not torch\.float32 with -1\.0"),
        (torch.full((1, 3, 4), torch.nan), "with nan"),
        (torch.ones(1, 3, 4).to_sparse(), "is an array of zeros and ones, not tensor"),
    ],
)
def test_other_tensors_are_refused(mask: Tensor, message: str) -> None:
    with pytest.raises(InputError, match=f"layer 'fc': a mask .*{message}"):
        GateTrace.from_masks({"fc": mask}, [LAYER])
