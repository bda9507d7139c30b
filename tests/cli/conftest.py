"""A runner of the command line, and a small trace."""

import pytest
from click.testing import CliRunner

from pgsim.cli import pgsim
from pgsim.masks import synthetic_trace
from pgsim.workload import save_trace

CONV = {
    "op": "conv2d",
    "in_channels": 4,
    "out_channels": 8,
    "in_size": [6, 6],
    "kernel": [3, 3],
    "padding": [1, 1],
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
}


@pytest.fixture
def run():
    """Return a function that runs `pgsim ...`, and checks that it neither failed nor crashed."""

    def call(*arguments, code=0):
        result = CliRunner().invoke(pgsim, [str(argument) for argument in arguments])
        crashed = result.exception is not None and not isinstance(result.exception, SystemExit)
        assert not crashed, result.exception
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The path of a synthetic trace of two layers and 10 images."""
    layers = [CONV | {"name": "gated", "gate": "output"}, CONV | {"name": "plain", "gate": "none"}]
    trace = synthetic_trace(layers, images=10, density=0.25)
    path = tmp_path_factory.mktemp("traces") / "small.safetensors"
    save_trace(trace, path)
    return path


@pytest.fixture
def cells():
    """Return a function that finds a table's row by its first word and gives its words."""

    def find(output, first):
        return next(line.split() for line in output.splitlines() if line.split()[:1] == [first])

    return find
