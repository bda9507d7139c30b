"""Which buffers' ports are waited for (M21, M43)."""

from __future__ import annotations

import pytest

from pgsim import load_arch
from pgsim.errors import InputError


@pytest.mark.parametrize(("name", "all_ports"), [("slots", False), ("all", True)])
def test_a_design_waits_for_one_port_or_for_all(name: str, all_ports: bool) -> None:
    assert load_arch("pg_os").override({"memory.ports": name}).memory.all_ports is all_ports


def test_the_nearest_name_is_told_of_one_that_there_is_not() -> None:
    with pytest.raises(
        InputError, match=r"memory.ports: value 'slot': expected one of slots, all. Did you mean"
    ):
        load_arch("pg_os").override({"memory.ports": "slot"})
