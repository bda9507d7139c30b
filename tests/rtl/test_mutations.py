"""Every deliberate fault is of a line that is there once, and is tried on a build that is there."""

from __future__ import annotations

import pytest

from rtl.builds import BUILDS
from rtl.mutations import FAULTS, ROOT, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_can_be_made(fault: Fault) -> None:
    assert (ROOT / fault.file).read_text().count(fault.right) == 1
    assert fault.build in {build.name for build in BUILDS}
