"""A small trace that sweeps can name."""

import pytest
from designs import conv

from pgsim.masks import synthetic_trace
from pgsim.workload import save_trace


@pytest.fixture(scope="session")
def gated(tmp_path_factory):
    """The path of a synthetic trace of 20 images: layers `output0` (gated) and `none1` (not)."""
    layers = [
        conv(4, 8, 6, 3, padding=[1, 1], name=name, gate=gate)
        for name, gate in (("output0", "output"), ("none1", "none"))
    ]
    trace = synthetic_trace(layers, images=20, density=0.3, channel_spread=0.2)
    path = tmp_path_factory.mktemp("traces") / "gated.safetensors"
    save_trace(trace, path)
    return str(path)
