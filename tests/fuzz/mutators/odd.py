"""Numbers, texts and keys that seldom stand where they are put."""

from __future__ import annotations

from random import Random

_NUMBERS = (
    "0", "-0", "-1", "1", "2", "3", "4", "7", "8", "16", "63", "64", "65", "255", "256", "1000",
    "0.5", "-0.5", "1.0", "1e0", "1e3", "1E3", "0.1", "1e-9", "1e-400", "5e-324", "1e308", "1e400",
    "-1e400", "NaN", "Infinity", "-Infinity", "65535", "65536", "16777216", "16777217",
    "2147483647", "2147483648", "4294967296", "1099511627776", "9007199254740993",
    "4611686018427387904", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "18446744073709551616", "-9223372036854775809", "1" + "0" * 30, "1" + "0" * 400, "9" * 5000,
)  # fmt: skip

ODD_TEXTS = (
    "", " ", "0", "1", "-1", "1e5", "nan", "null", "true", "network", "none", "output", "input",
    "synthetic", "captured", "conv2d", "linear", "recurrent", "pg", "full", "os", "ws", "auto",
    "conv1d", "conv3d", "conv_transpose2d", "same",
    "uniform:8,8", "uniform:99", "planes:2,2", "planes:", "45nm", "sky130", "pg_os", "tiny",
    "\x00", "a\x00b", "\x1b[31mred\x1b[0m", "\x07", "\x7f", "\x85", "a\nb", "a\rb", "a\tb",
    "\u202eabc", "\u2066x", "\u200b", "\u2028", "\ufeff", "\ud800", "a\udfff", "\U0010ffff", "漢字",
    "e\u0301", "\u00fc", "🦔", "=1+1", "+cmd", "@x", "-2+3", "[red]", "[/]", "[bold", "$x$",
    "$\\frac$",
    "\\", "'", '"', "a,b", "a;b", "%s", "{0}", "{", "a" * 100, "b" * 5000, "漢" * 300,
    "x" * 100_000,
    "..", ".", "/", "../x", "/dev/null", "/dev/zero", "a/b", "~", "CON", "a.gate_mask", "*", "&a",
)  # fmt: skip

ODD_KEYS = (
    "", " ", "0", "name", "images", "layers", "kind", "rows", "source", "__class__", "__proto__",
    "__metadata__", "model_config", "copy", "\x00", "\u202e", "\ud800", "漢", "k" * 500, "a.b",
    "<<",
    "on", "null", "\x1b[2J", "self", "field", "in_size", "gate", "format_version",
)  # fmt: skip


def odd_number(rng: Random) -> str:
    """Return a number's spelling."""
    return rng.choice(_NUMBERS)
