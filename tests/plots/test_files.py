"""Files of figures: every format, written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from plot_cases import fake_comparison, table

from pgsim.errors import InputError
from pgsim.plots import check_plot_path, plot_comparison, plot_results

SIGNATURES = {".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-", ".svg": b"<?xml"}


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_files_are_written_in_every_format_and_twice_alike(tmp_path: Path, suffix: str) -> None:
    first, again, results = (tmp_path / f"{name}{suffix}" for name in ("first", "again", "results"))
    plot_comparison(fake_comparison(), first)
    plot_comparison(fake_comparison(), again)
    plot_results(table({}), results)
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes().startswith(SIGNATURES[suffix])
    assert results.read_bytes().startswith(SIGNATURES[suffix])


def test_a_dollar_sign_in_a_name_is_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "plot.svg"
    plot_results(table({"arch": r"$\no$formula$"}, {"arch": "pg"}), path)
    plot_results(table({"arch": r"$\no$formula$"}, {"arch": "pg"}), path, x="arch", y="cycles")
    assert path.exists()


@pytest.mark.parametrize("name", ["plot.gif", "plot", "plot.pngg"])
def test_another_format_is_refused_and_nothing_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"ends in one of \.png, \.svg, \.pdf"):
        plot_results(table({}), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["plot.png", "plot.SVG", "plot.pdf"])
def test_a_path_that_can_be_written_is_returned(tmp_path: Path, name: str) -> None:
    assert check_plot_path(str(tmp_path / name)) == tmp_path / name


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match=r"ends in one of .*Did you mean '\.png'"):
        check_plot_path(tmp_path / "plot.pngg")
    with pytest.raises(InputError, match=r"its folder .*none does not exist"):
        check_plot_path(tmp_path / "none" / "plot.png")
    with pytest.raises(InputError, match="a folder"):
        check_plot_path(tmp_path / "folder.png")


def test_a_path_is_checked_without_matplotlib() -> None:
    code = "import sys, pgsim.plots.paths; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_figure_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")

    def half_written(figure: Figure, target: Path, **options: Any) -> None:
        target.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", half_written)
    with pytest.raises(KeyboardInterrupt):
        plot_comparison(fake_comparison(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
