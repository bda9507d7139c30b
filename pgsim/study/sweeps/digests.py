"""Digests of all that decides the results of a sweep, so that no two kinds are mixed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from pgsim import version
from pgsim.kernels.sources import digest_of_sources
from pgsim.schemes import scheme_named
from pgsim.study.sweeps.points import Points
from pgsim.study.sweeps.sources import Source

_PACKAGE = Path(version.__file__).resolve().parent


def digests_of(points: Points) -> dict[str, str]:
    """Return the SHA-256 of each thing that decides results, by what it is called."""
    return {
        "pgsim": pgsim_digest(),
        "spec": _sha256(points.spec.model_dump_json()),
        "architectures": _sha256(json.dumps([arch.model_dump_json() for arch in points.archs])),
        "schemes": _of_schemes(points.spec.schemes),
        "traces": _of_files(points.trace_sources),
        "technologies": _of_files(points.technology_sources),
    }


def pgsim_digest() -> str:
    """Return the SHA-256 of pgsim's version and of its sources, as they were when first asked."""
    return _digest_of(version.__version__)


@cache
def _digest_of(version: str) -> str:
    return digest_of_sources(_PACKAGE, version)


def _of_schemes(names: Iterable[str]) -> str:
    """Return the SHA-256 of what schemes are, the tables that they read included."""
    schemes = map(scheme_named, names)
    return _sha256(repr([(each.name, vars(each)) for each in schemes]))


def _of_files(sources: Mapping[str, Iterable[Source]]) -> str:
    """Return the SHA-256 of what files say, wherever they lie and whenever they were written."""
    told = {
        name: [(each.path.name, each.size_bytes, each.head_sha256) for each in files]
        for name, files in sources.items()
    }
    return _sha256(json.dumps(told, sort_keys=True))


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()
