"""A line says that kernels are compiled, and only where they are."""

import logging

import pytest

from pgsim.cli import compiling


@pytest.fixture
def logger():
    """The logger of kernels, whose handlers are taken away again."""
    found = logging.getLogger("pgsim.kernels")
    level, handlers = found.level, list(found.handlers)
    yield logging.getLogger("pgsim.kernels.compiled")
    found.setLevel(level)
    found.handlers[:] = handlers


def test_the_first_kernel_that_is_compiled_brings_a_line(logger, capsys):
    compiling.tell()
    assert capsys.readouterr().err == ""
    for name in ("one", "other"):
        logger.info("compiling %s", name)
    shown = capsys.readouterr().err
    assert shown.startswith("pgsim: compiles its kernels, ")
    assert shown.count("\n") == 1
