"""The one error that a person's input can cause."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

_LONGEST_NAME = 100  # characters of a name that is compared: comparing takes their square
_MOST_NAMES = 1000  # that a name is compared with


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
    """Return `` Did you mean 'x'?`` for the valid name most like `name`, or an empty string.

    Long names, and valid ones beyond the first thousand, are left out: an error comes at once.
    """
    if len(text := str(name)) > _LONGEST_NAME:
        return ""
    names = [each for each in islice(valid, _MOST_NAMES) if len(each) <= _LONGEST_NAME]
    matches = difflib.get_close_matches(text, names, n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""
