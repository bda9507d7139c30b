"""The products that PyTorch computes, seen at its dispatcher: whoever asked for them, and how.

Every operator of PyTorch passes the dispatcher, from Python, from TorchScript, quantized or not.
PyTorch's own operator counter (``torch.utils.flop_counter``) listens there too, and has formulas
for the most used products. What it has no formula for is known by its name, so that operators of
later releases are known as well. An operator of another library may multiply or not: nobody can
tell, so it counts as a product.

What no dispatcher sees is not seen here: numpy, and kernels that a library calls by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

Found = Callable[[str, int | None, Sequence[Tensor]], None]
"""Called with each product's operator, as ``aten::mm``, its MACs, None where unknown, and what it
multiplies, as far as that is known."""

_TORCHS_OWN = {
    "_c10d_functional", "_native", "_quantized", "aten", "c10d", "inductor", "mkl", "mkldnn",
    "mkldnn_prepacked", "onednn", "prim", "prims", "profiler", "quantized", "sparse",
}  # fmt: skip
_MATRIX = r"[a-z0-9]*mm|[a-z]*mv|[a-z]*dot|matmul|q?linear|gemm"
_PRODUCT = re.compile(
    rf"(?:^|_)(?:{_MATRIX}|q?conv(?:olution)?(?:\dd)?|attention|transformer|einsum"
    r"|lstm|gru|rnn|bilinear|trilinear|cdist|euclidean)(?:_|$)"
)
_ONE_MATRIX = re.compile(rf"(?:^|_)(?:{_MATRIX})(?:_|$)")
_ADDS = re.compile(r"::_?b?add")
_NO_PRODUCT = re.compile(r"(?:^|_)(?:upsample|prepack|pack|unpack|reorder)(?:_|$)")


class Operators(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, sees each operator that PyTorch runs: in its parts where it has any.

    PyTorch's operator counter takes operators apart in the same way.
    """

    supports_higher_order_operators = True

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operator, or its parts."""
        kwargs = kwargs or {}
        if not isinstance(func, OpOverload):
            return self.run(f"higher_order::{func.name()}", func, args, kwargs)
        if torch.is_inference_mode_enabled() and not types:
            with self:  # only there does an operator come whole that is made of others
                output = func.decompose(*args, **kwargs)
            if output is not NotImplemented:
                return output
        return self.run(func._schema.name, func, args, kwargs)

    def run(self, name: str, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return what an operator gives; in one of a higher order nothing more can be seen."""
        raise NotImplementedError


class Products(Operators):
    """While it is entered, tells `found` of each product that PyTorch computes.

    Parameters
    ----------
    found : callable
        Called after the product is computed, or before for an operator of a higher order, such as
        ``cond``.
    """

    def __init__(self, found: Found) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.found = found

    def run(self, name: str, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run an operator, and tell of it if it is a product."""
        if not isinstance(func, OpOverload):
            self.found(name, None, ())
            return func(*args, **kwargs)
        output = func(*args, **kwargs)
        if is_product(name):
            self.found(name, _macs(func, args, kwargs, output), factors_of(name, args))
        return output


@cache
def is_product(operator: str) -> bool:
    """Say whether an operator sums up products, or might, being none of PyTorch's own.

    >>> [is_product(f"aten::{name}") for name in ("addmm", "lgamma", "upsample_bilinear2d")]
    [True, False, False]
    """
    library, _, name = operator.partition("::")
    if library not in _TORCHS_OWN:
        return True
    return bool(_PRODUCT.search(name)) and not _NO_PRODUCT.search(name)


def _macs(func: OpOverload, args: tuple[Any, ...], kwargs: Any, output: Any) -> int | None:
    """Return the MACs of a product, None where that takes a formula that nobody has."""
    if formula := flop_registry.get(func._overloadpacket):
        flops: int = formula(*args, **kwargs, out_val=output)
        return flops // 2
    factors = factors_of(func._schema.name, args)
    is_one_matrix = _ONE_MATRIX.search(func._schema.name.partition("::")[2])
    if not (is_one_matrix and isinstance(output, Tensor) and factors):
        return None
    return output.numel() * factors[0].shape[-1]


def factors_of(operator: str, args: Iterable[object]) -> list[Tensor]:
    """Return the tensors that a product multiplies, from what its operator is called with.

    What it adds them to comes before them, and a bias after them.

    >>> bias, rows, columns = torch.ones(5), torch.ones(3, 4), torch.ones(4, 5)
    >>> [list(each.shape) for each in factors_of("aten::addmm", [bias, rows, columns])]
    [[3, 4], [4, 5]]
    """
    tensors = [each for each in args if isinstance(each, Tensor)]
    adds = _ADDS.search(operator) is not None and len(tensors) > 1
    return tensors[adds : adds + 2]
