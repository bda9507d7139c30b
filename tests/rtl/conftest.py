"""What the tests of the RTL share: the designs that Verilator builds for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rtl.building import Programs, verilated
from rtl.builds import BUILDS


@pytest.fixture(scope="module")
def programs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Programs]:
    """The built designs by name; Verilator works on the next ones while tests run."""
    own = [item for item in request.session.items if item.path == request.path]
    cases = [getattr(item, "callspec", None) for item in own]
    asked = {case.params.get("name", case.params.get("build")) for case in cases if case}
    wanted = [build for build in BUILDS if build in asked or build.name in asked]
    with verilated(wanted, tmp_path_factory.getbasetemp() / "designs") as programs:
        yield programs
