"""Text that comes from strangers' files, made fit for a terminal, a figure, a file or a message."""

from __future__ import annotations

_LONGEST_NAME = 120  # characters
_LONGEST_LINE = 2_000  # characters, more than a path of any file system that one meets
_LONGEST_MESSAGE = 9_000


def spelled_out(text: str, encoding: str = "utf-8", *, keep: str = "") -> str:
    r"""Return text in which whatever cannot be shown stands as its escape.

    So do control characters, which a terminal obeys, marks that turn the direction of writing,
    lone surrogates, which stand for bytes of a file name that are no UTF-8, and what `encoding`
    has no code for.

    keep: characters that stay though they are not printable.

    Examples
    --------
    >>> print(spelled_out("conv\x1b[31m"), spelled_out("größe", "ascii"))
    conv\x1b[31m gr\xf6\xdfe
    """
    if not text.isprintable():
        text = "".join(
            each if each.isprintable() or each in keep else ascii(each)[1:-1] for each in text
        )
    return text.encode(encoding, "backslashreplace").decode(encoding)


def counted(number: int, thing: str) -> str:
    """Return a number of things, in words that agree with it.

    Examples
    --------
    >>> counted(1, "image"), counted(2000, "image")
    ('1 image', '2,000 images')
    """
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def writable(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates stand as their escapes, all else stays."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shortened(text: str, longest: int = _LONGEST_NAME) -> str:
    """Return a text of at most about `longest` characters: its middle gives way to a count.

    Examples
    --------
    >>> shortened("layer" * 1000, 20)
    'layerlayer...(4,980 characters)...layerlayer'
    """
    half = longest // 2
    left_out = len(text) - 2 * half
    if left_out <= half:
        return text
    return f"{text[:half]}...({left_out:,} characters)...{text[-half:]}"


def bounded(text: str) -> str:
    """Return lines of text as an error may print them: spelled out, and of bounded length."""
    lines = spelled_out(text, keep="\n").split("\n")
    shown: list[str] = []
    length = 0
    for line in lines:
        short = shortened(line, _LONGEST_LINE)
        length += len(short) + 1
        if shown and length > _LONGEST_MESSAGE:
            return "\n".join([*shown, f"... and {len(lines) - len(shown):,} lines more"])
        shown.append(short)
    return "\n".join(shown)
