"""Which files a design is written to, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pgsim import InputError, export_arch, load_arch
from pgsim.cost.exporters.exporting import EXPORTERS


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_design_is_the_same_by_name_by_file_and_loaded(tmp_path: Path) -> None:
    """By hand: Accelergy's two tables, in a folder that is made."""
    by_name = export_arch("pg_os", tmp_path / "name")
    assert by_name == (tmp_path / "name" / "ERT.yaml", tmp_path / "name" / "ART.yaml")
    loaded = load_arch("pg_os")
    export_arch(loaded, str(tmp_path / "loaded"))
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(loaded.model_dump(mode="json", exclude_unset=True)))
    export_arch(file, tmp_path / "file")
    own = contents(tmp_path / "name")
    assert sorted(own) == ["ART.yaml", "ERT.yaml"]
    assert own == contents(tmp_path / "loaded") == contents(tmp_path / "file")


def test_what_steers_gated_passes_is_among_the_parts(tmp_path: Path) -> None:
    """M51: areas are of the design, whatever network it runs."""
    export_arch("pg_os", tmp_path)
    assert "system_top_level.scheduler[1..1]" in (tmp_path / "ART.yaml").read_text()


def test_exporters_are_found_by_their_names() -> None:
    assert {name: each.name for name, each in EXPORTERS.items()} == {"timeloop": "timeloop"}


def test_an_unknown_format_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected one of timeloop\. Did you mean 'timeloop'"):
        export_arch("pg_os", tmp_path / "none", format="timelop")
    assert not (tmp_path / "none").exists()
