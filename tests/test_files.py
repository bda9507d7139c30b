"""Files: found by path or by a shipped name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsim.errors import InputError, nearest
from pgsim.files import shipped, shipped_names


def test_a_path_goes_before_a_shipped_name(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("")
    assert shipped("arch_configs", own, ".yaml") == own
    assert shipped("arch_configs", "pg_os", ".yaml").name == "pg_os.yaml"


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(InputError, match=r"pg_oss: no such file.*Did you mean 'pg_os'\?"):
        shipped("arch_configs", "pg_oss", ".yaml")


def test_shipped_designs_and_traces_are_found() -> None:
    assert {"pg_os", "pg_ws", "bitfusion_isca_2018", "pg_serial", "fixed_8bit"} <= set(
        shipped_names("arch_configs", ".yaml")
    )
    assert "digits_pg_4_2" in shipped_names("traces", ".safetensors")


def test_nearest_is_silent_where_nothing_is_near() -> None:
    assert nearest("queue", ["queue", "skip"]) == " Did you mean 'queue'?"
    assert nearest("zzz", ["queue", "skip"]) == ""
    assert nearest("CONV1", ["conv10", "conv1", "Conv1"]) == " Did you mean 'conv1'?"
