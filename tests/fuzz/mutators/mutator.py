"""What a mutator is: something that spoils the bytes of a valid file, or says that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Mutator = Callable[[Random, bytes], bytes]
"""Returns a file's bytes, spoilt; raises Unfit where they are of no such file."""


class Unfit(Exception):
    """Bytes that a mutator cannot take, because an earlier one left no such file."""
