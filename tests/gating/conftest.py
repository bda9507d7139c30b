"""Random weights are the same whatever ran before, and in whichever process."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed PyTorch before every test, where it is installed."""
    if find_spec("torch") is not None:
        import torch

        torch.manual_seed(0)
