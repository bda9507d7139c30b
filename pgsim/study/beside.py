"""What a user sets beside a comparison: a design, or a trace, with a scheme (MODEL.md M48)."""

from __future__ import annotations

from pathlib import Path

from pgsim.arch import ArchConfig, load_arch
from pgsim.errors import InputError, nearest
from pgsim.files import shipped_names
from pgsim.schemes import scheme_named
from pgsim.study.rows import BESIDE, Row
from pgsim.workload import GateTrace, load_trace

_USUAL_SCHEME = "pg"


def row_beside(text: str, trace: GateTrace, arch: ArchConfig) -> Row:
    """Return the row of `ARCH`, `ARCH:SCHEME` or `TRACE:SCHEME`.

    ARCH runs `trace`, by default under `pg`; TRACE runs on `arch`. Raises InputError for a name
    that is neither's, with the nearest of both, for a trace without a scheme, and as loading does.
    """
    name, colon, asked = text.partition(":")
    scheme = scheme_named(asked) if colon else scheme_named(_USUAL_SCHEME)
    if _names(name, "arch_configs", ".yaml", ".yml"):
        return Row(text, BESIDE, trace, (load_arch(name),), scheme)
    if _names(name, "traces", ".safetensors"):
        if not colon:
            raise InputError(f"--beside {text}: a trace needs a scheme: {text}:full, for example")
        return Row(text, BESIDE, load_trace(name), (arch,), scheme)
    archs, traces = shipped_names("arch_configs", ".yaml"), shipped_names("traces", ".safetensors")
    raise InputError(
        f"--beside {text}: expected ARCH, ARCH:SCHEME or TRACE:SCHEME, where ARCH is a .yaml file "
        f"or one of {', '.join(archs)}, and TRACE a .safetensors file or one of "
        f"{', '.join(traces)}.{nearest(name, [*archs, *traces])}"
    )


def _names(name: str, kind: str, *suffixes: str) -> bool:
    """Say whether a name is that of a shipped file of some kind, or a path of one."""
    return name in shipped_names(kind, suffixes[0]) or Path(name).suffix in suffixes
