"""Which tensors hold activations: what was computed from the batch, and not from weights alone."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch._ops import OpOverload
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from pgsim.gating.storages import is_whole, read_by, storage_of, tensors_in


class Activations(TorchDispatchMode):  # type: ignore[no-untyped-call, unused-ignore]
    """While it is entered, follows a batch through all operators of PyTorch.

    What goes through numpy is followed no further, and so counts as weights. So does a number of
    no axes: weights that are multiplied by the step of all activations are weights still.
    """

    supports_higher_order_operators = True

    def __init__(self, batch: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._storages: set[StorageWeakRef] = set()
        for each in tensors_in(batch):
            self._note(each, True)

    def __contains__(self, tensor: Tensor) -> bool:
        """Say whether any number of a tensor's storage came from the batch."""
        return any(storage_of(each) in self._storages for each in tensors_in(tensor))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operator; what it gives holds activations where what it read does."""
        kwargs = kwargs or {}
        name = func._schema.name if isinstance(func, OpOverload) else "higher_order"
        of_batch = any(each in self for each in read_by(name, args, kwargs))
        output = func(*args, **kwargs)
        for each in tensors_in(output):
            self._note(each, of_batch)
        return output

    def _note(self, tensor: Tensor, of_batch: bool) -> None:
        if of_batch and tensor.dim():
            self._storages.add(storage_of(tensor))
        elif is_whole(tensor):
            self._storages.discard(storage_of(tensor))
