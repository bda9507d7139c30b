"""The one error that a person's input can cause."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """What a person gave pgsim is wrong; the message says where, and what was expected.

    Examples
    --------
    >>> from pgsim import network
    >>> network("resnet-20")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pgsim.errors.InputError: no network is named 'resnet-20' (...). Did you mean 'resnet20'?
    """


def nearest(name: object, valid: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the valid name most like `name`, or an empty string."""
    matches = difflib.get_close_matches(str(name), list(valid), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""
