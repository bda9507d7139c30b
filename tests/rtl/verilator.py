"""Whether RTL tests can run here: they need Verilator, or are skipped with a line that says so."""

from __future__ import annotations

import os
import shutil

import pytest

# With PGSIM_RTL=required nothing is skipped: without Verilator the tests fail.
needs_verilator = pytest.mark.skipif(
    shutil.which("verilator") is None and os.environ.get("PGSIM_RTL") != "required",
    reason="Verilator is not installed: apt-get install verilator (version 5 or newer)",
)
