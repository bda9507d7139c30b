"""Edits of any file's bytes, whatever they mean."""

from __future__ import annotations

from random import Random

_ODD_BYTES = (
    b"\x00", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\xed\xa0\x80", b"\x1b[31m", b"\r",
    b"\n", b'"', b"{", b"}", b"[", b",", b":", b"\\", b"\\u0000", b"\xe2\x80\xae", b"\t", b"-",
)  # fmt: skip


def flip_bits(rng: Random, data: bytes) -> bytes:
    """Change one to eight bits anywhere."""
    spoilt = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8)) if data else 0):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def flip_bits_in_front(rng: Random, data: bytes) -> bytes:
    """Change bits of the first bytes, where formats keep lengths and their magic."""
    return flip_bits(rng, data[:256]) + data[256:]


def insert_bytes(rng: Random, data: bytes) -> bytes:
    """Put odd bytes in between."""
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(_ODD_BYTES) * rng.choice((1, 1, 1, 2, 100)) + data[place:]


def overwrite_bytes(rng: Random, data: bytes) -> bytes:
    """Replace a few bytes by odd ones."""
    place, odd = rng.randrange(len(data) + 1), rng.choice(_ODD_BYTES)
    return data[:place] + odd + data[place + len(odd) :]


def cut_out(rng: Random, data: bytes) -> bytes:
    """Leave some bytes out."""
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.choice((1, 1, 2, 8, 64)) :]


def truncate(rng: Random, data: bytes) -> bytes:
    """Leave the end out, all of it now and then."""
    return data[: rng.choice((0, 1, 7, 8, rng.randrange(len(data) + 1), max(0, len(data) - 1)))]


def append(rng: Random, data: bytes) -> bytes:
    """Add bytes at the end, or the file once more."""
    return data + rng.choice((b"\x00", bytes(64), b"\n", b"}", data))


def repeat(rng: Random, data: bytes) -> bytes:
    """Have some bytes twice."""
    start = rng.randrange(len(data) + 1)
    part = data[start : start + rng.choice((1, 4, 16, 200))]
    return data[:start] + part * rng.choice((2, 2, 3, 200)) + data[start + len(part) :]


BYTE_EDITS = (
    flip_bits,
    flip_bits_in_front,
    insert_bytes,
    overwrite_bytes,
    cut_out,
    truncate,
    append,
    repeat,
)
