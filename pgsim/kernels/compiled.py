"""The decorator of all kernels: compiled when first called, and kept for the runs to come."""

from __future__ import annotations

import gc
import hashlib
import logging
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.serialize import dumps
from numba.core.types import unliteral

from pgsim.kernels.cache_folder import cache_folder
from pgsim.kernels.file_lock import locked
from pgsim.kernels.inner_code import InnerCompiler
from pgsim.kernels.sources import cache_digest

_LOGGER = logging.getLogger(__name__)


def kernel(
    function: Callable[..., Any] | None = None,
    *,
    inner: bool = False,
    inlined: bool = False,
) -> Any:
    """Compile a function of this package when it is first called, unless an earlier run has.

    A kernel releases the interpreter's lock, and may call kernels of other files of this package.

    Parameters
    ----------
    function: without it, a decorator is returned.
    inner: only kernels call it, so that it is compiled and kept as a part of those alone. A call
        from Python would end the process.
    inlined: it is an inner one, and put into its callers however large it is.
    """
    if function is None:
        return partial(kernel, inner=inner, inlined=inlined)
    inner = inner or inlined
    options: dict[str, Any] = {"no_cfunc_wrapper": True}  # for calls from C
    if inner:
        options["pipeline_class"] = InnerCompiler
    dispatcher: Any = numba.njit(
        function,
        nogil=True,
        forceinline=inlined,  # by LLVM: Numba's own `inline` compiles it anew for each call
        error_model="numpy",
        **options,
    )
    folder = None if inner else _folder()
    if folder is not None:
        dispatcher._cache = KernelCache(folder, function)
    dispatcher.compile = partial(_compile, dispatcher)
    return dispatcher


def _compile(dispatcher: Any, types: tuple[Any, ...]) -> Any:
    """Return a kernel's code for arguments of some types; Numba calls this where it has none.

    Constants are arguments as others are. Otherwise each would have a kernel of its own.
    """
    types, cache = tuple(map(unliteral, types)), dispatcher._cache
    with global_compiler_lock:
        if types in dispatcher.overloads:
            return dispatcher.overloads[types].entry_point
        alone: Any = nullcontext()
        if isinstance(cache, KernelCache):
            alone = cache.alone(types, dispatcher.targetctx)
        with alone, _no_collections():
            return type(dispatcher).compile(dispatcher, types)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Let Python look for no garbage: of the time that Numba takes, a seventh is that."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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

    def alone(self, sig: Any, target_context: Any) -> AbstractContextManager[None]:
        """Let other processes wait that want the same code, unless it is there.

        A kernel may wait so while it is compiled as part of another one, whose lock this process
        holds. Nobody waits in a circle, because no kernel calls itself, by others or at once. The
        threads of this process wait too, as they do while it compiles. Numba looks for the code
        again once the lock is held.
        """
        file = self._file(sig, target_context.codegen())
        return nullcontext() if file.exists() else locked(file.with_suffix(".lock"))

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

    def _file(self, sig: Any, codegen: Any) -> Path:
        """Return the file for a signature on this kind of processor."""
        key = hashlib.sha256(repr((sig, codegen.magic_tuple())).encode()).hexdigest()
        return self._folder / f"{self._name}-{key[:16]}.kernel"
