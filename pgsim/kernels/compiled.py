"""The decorator of all kernels: compiled when first called, and kept for the runs to come."""

from __future__ import annotations

import hashlib
import logging
import pickle
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from pgsim.kernels.cache_folder import cache_folder
from pgsim.kernels.sources import cache_digest

_LOGGER = logging.getLogger(__name__)


def kernel(
    function: Callable[..., Any] | None = None,
    *,
    inline: Literal["never", "always"] = "never",
    inner: bool = False,
) -> Any:
    """Compile a function of this package when it is first called, unless an earlier run has.

    A kernel releases the interpreter's lock, and may call kernels of other files of this package.

    Parameters
    ----------
    function: without it, a decorator is returned.
    inline: `always` puts the function into its callers before they are compiled (`numba.njit`).
    inner: only kernels call it, so that nothing is compiled for calls from Python.
    """
    if function is None:
        return partial(kernel, inline=inline, inner=inner)
    wrappers: dict[str, Any] = {"no_cpython_wrapper": inner, "no_cfunc_wrapper": inner}
    dispatcher: Any = numba.njit(
        function, nogil=True, inline=inline, error_model="numpy", **wrappers
    )
    folder = _folder()
    if folder is not None:
        dispatcher._cache = KernelCache(folder, function)
    return dispatcher


def are_kept() -> bool | None:
    """Say whether any compiled kernel is kept for the runs to come; None where none can be."""
    folder = _folder()
    return None if folder is None else any(folder.glob("*.kernel"))


@cache
def _folder() -> Path | None:
    """Return the folder of compiled kernels; warn, once, where there can be none."""
    chosen = getattr(numba.config, "CACHE_DIR", "")  # NUMBA_CACHE_DIR, or Numba's own settings file
    sources = Path(__file__).parent
    digest = cache_digest(sources, f"numba {numba.__version__}")
    folder = None if digest is None else cache_folder(chosen, sources, digest)
    if folder is None:
        warnings.warn(
            "pgsim compiles its kernels anew in every run, because there is no folder in which it "
            "can keep them. Set NUMBA_CACHE_DIR to a folder that you can write.",
            RuntimeWarning,
            stacklevel=3,
        )
    return folder


class KernelCache(NullCache):
    """Where Numba looks for the compiled code of one function, and where it leaves it.

    Numba's own cache looks in places of its choice, does not notice a change in another file, and
    lets two processes that compile two signatures at once write both into one file. Here each
    signature has a file of its own in a folder of these sources.
    """

    def __init__(self, folder: Path, function: Callable[..., Any]) -> None:
        self._folder = folder
        self._name = f"{function.__module__}.{function.__qualname__}"

    @property
    def cache_path(self) -> str:
        """The folder of the files."""
        return str(self._folder)

    def load_overload(self, sig, target_context):
        """Return the compiled code for a signature; None if it has to be compiled."""
        target_context.refresh()
        try:
            reduced = pickle.loads(self._file(sig, target_context.codegen()).read_bytes())
            return CompileResult._rebuild(target_context, *reduced)
        except Exception:  # there is no file yet, or a damaged one, which will be replaced
            _LOGGER.info("compiling %s", self._name)
            return None

    def save_overload(self, sig, data):
        """Keep the compiled code for a signature, where the disk has room for it."""
        if data.library.has_dynamic_globals:  # it holds addresses of this process
            return
        file = self._file(sig, data.codegen)
        with suppress(OSError), tempfile.TemporaryDirectory(dir=self._folder) as scratch:
            whole = Path(scratch) / file.name
            whole.write_bytes(dumps(data._reduce()))
            whole.replace(file)  # in one step: nobody reads half a file

    def _file(self, sig, codegen):
        """Return the file for a signature on this kind of processor."""
        key = hashlib.sha256(repr((sig, codegen.magic_tuple())).encode()).hexdigest()
        return self._folder / f"{self._name}-{key[:16]}.kernel"
