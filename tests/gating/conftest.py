"""Random weights and warnings are the same whatever ran before, and in whichever process."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed PyTorch before every test, where it is installed, and let it warn in every test.

    Of itself it warns once in a process, in whichever test comes first.
    """
    if find_spec("torch") is not None:
        import torch

        torch.manual_seed(0)
        torch.set_warn_always(True)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Give PyTorch one thread: several only wait for each other in models as small as these."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
