"""The one error that a person's input can cause, and what it may be warned of."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

from pgsim.text import bounded

_LONGEST = 100  # characters of a name that a hint is looked for
_MOST = 2_000  # names that are looked at


class InputError(ValueError):
    """What a person gave pgsim is wrong; the message says where, and what was expected.

    A message quotes names of files, layers and keys, so it is made fit to be printed: control
    characters are spelled out, and what is very long is cut, with a count of what is left out.

    Parameters
    ----------
    message : object
        What is wrong; its text is taken.

    Examples
    --------
    >>> from pgsim import network
    >>> network("resnet-20")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    pgsim.errors.InputError: no network is named 'resnet-20' (...). Did you mean 'resnet20'?
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(bounded(str(message)))


class ClockWarning(UserWarning):
    """A design claims a faster clock than its parts reach (MODEL.md M45)."""


class CounterpartWarning(UserWarning):
    """A key of another simulator's file that pgsim leaves out, or takes otherwise."""


def nearest(name: object, valid: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the valid name most like `name`, or an empty string.

    Small letters and capitals count as alike. Of very many names only the first ones are looked at,
    and none that is very long.
    """
    wanted = str(name)
    if len(wanted) > _LONGEST:
        return ""
    short = islice((each for each in valid if len(each) <= _LONGEST), _MOST)
    folded = {each.casefold(): each for each in reversed(list(short))}  # the first of those alike
    matches = difflib.get_close_matches(wanted.casefold(), list(folded), n=1, cutoff=0.5)
    return f" Did you mean {folded[matches[0]]!r}?" if matches else ""
