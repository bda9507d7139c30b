"""Code of kernels that only kernels call: it becomes machine code in its callers alone.

Numba would optimise it and turn it into machine code for itself too, and do the same again in every
kernel that calls it. Nothing but those copies is ever run.
"""

from __future__ import annotations

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class InnerCompiler(Compiler):
    """Numba's compiler, but for what becomes of a kernel's code."""

    def compile_extra(self, func):
        """Return a function compiled for the types of its arguments."""
        self.state.library = InnerLibrary(self.state.targetctx.codegen(), func.__qualname__)
        return super().compile_extra(func)

    def define_pipelines(self):
        """Return Numba's steps, of which the last makes nothing for calls from Python.

        That is said no sooner, because Numba would compile its own functions for such kernels anew:
        it keeps them by all that was said before.
        """
        self.state.flags.no_cpython_wrapper = True
        return super().define_pipelines()


class InnerLibrary(JITCodeLibrary):
    """LLVM's form of a kernel, which waits to be linked into the kernels that call it."""

    def _optimize_final_module(self):
        """Leave it to the callers: only they know what it is given."""

    def _finalize_final_module(self):
        """Do what Numba does, but give the code to no engine, which would translate it."""
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Return Numba's address of a function that there is not."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self):
        """What Numba tells where the objects are that code refers to."""
        return self

    def set_env(self, env_name, env):
        """Tell nobody: there is no code here that could refer to an object."""
