"""Says that kernels are compiled, which a first run waits for."""

from __future__ import annotations

import logging

from pgsim.cli import streams

_LINE = "pgsim: compiles its kernels, which this run waits for; later ones find them compiled"


class _Once(logging.Handler):
    """Says it at the first message, and no more."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Say the line on stderr."""
        self._logger.removeHandler(self)
        streams.say(_LINE, err=True)


def tell() -> None:
    """Let a line of stderr say when kernels are compiled, once."""
    logger = logging.getLogger("pgsim.kernels")
    logger.setLevel(logging.INFO)
    logger.addHandler(_Once(logger))
