"""What holds of pgsim as a package, in a checkout and installed: imports, versions, caches.

Expected values come from the rules of CONTRIBUTING.md, from the specifications of the files that
say who made pgsim (CFF 1.2.0, Keep a Changelog, PEP 561), and from the standard library.
"""

from __future__ import annotations

import ast
import os
import pkgutil
import subprocess
import sys
import tempfile
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import pgsim
from pgsim.files import shipped_names

CHECKOUT = Path(__file__).parents[1]
PACKAGE = Path(pgsim.__file__).parent
PACKAGES = [
    ".".join(init.parent.relative_to(PACKAGE.parent).parts)
    for init in sorted(PACKAGE.rglob("__init__.py"))
]
HEAVY = {"numba", "pandas", "matplotlib", "pyarrow", "torch"}


def python(*arguments: str, **environment: str) -> str:
    """Return what a fresh interpreter prints, in a folder that is not the checkout."""
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=tempfile.gettempdir(),
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def imported_by(*arguments: str) -> set[str]:
    """Return the top-level names of every module that a fresh interpreter tries to import."""
    script = (
        "import runpy, sys\n"
        "sys.argv = sys.argv[1:]\n"
        "try:\n"
        "    runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code, stop.code\n"
        "print('\\n' + ' '.join(name.partition('.')[0] for name in sys.modules))\n"
    )
    return set(python("-c", script, *arguments).splitlines()[-1].split())


def test_importing_pgsim_imports_nothing_heavy() -> None:
    script = "import sys, pgsim; print(*{name.partition('.')[0] for name in sys.modules})"
    assert not set(python("-c", script).split()) & (HEAVY | {"numpy", "pydantic"})


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_asking_the_command_about_itself_imports_nothing_heavy(option: str) -> None:
    assert not imported_by("pgsim", option) & (HEAVY | {"pydantic"})


def test_a_comparison_is_printed_without_what_only_tables_need() -> None:
    """`compare` begins a quarter of a second sooner without them."""
    asked = ("compare", "digits_pg_4_2", "--arch", "fixed_8bit")
    assert not imported_by("pgsim", *asked) & (HEAVY - {"numba"})


def test_module_and_package_agree_on_the_version() -> None:
    assert pgsim.__version__ in python("-m", "pgsim", "--version").split()


def test_the_citation_is_of_this_version_and_license() -> None:
    citation = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["version"] == pgsim.__version__
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]


def test_the_license_is_the_one_that_is_named() -> None:
    assert (CHECKOUT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")


def test_the_changelog_has_this_version() -> None:
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [line for line in changelog.splitlines() if line.startswith("## ")]
    assert headings[0] == "## [Unreleased]"
    assert any(line.startswith(f"## [{pgsim.__version__}]") for line in headings)


def test_type_checkers_read_the_annotations_of_the_package() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("name", pgsim.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    public = getattr(pgsim, name)
    assert name in dir(pgsim)
    assert isinstance(public, dict) or public.__doc__


def test_importing_the_module_of_a_function_leaves_the_function() -> None:
    script = (
        "import pgsim.study.simulation, pgsim.study.comparison, pgsim.study.sweeps\n"
        "print(*(type(each).__name__ for each in (pgsim.simulate, pgsim.compare, pgsim.sweep)))\n"
    )
    assert python("-c", script).split() == ["function"] * 3


@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_is_what_its_package_knows_by_its_name(package: str) -> None:
    """No function or class of a package bears the name of one of its modules, or hides it."""
    if package == "pgsim.gating":
        pytest.importorskip("torch")
    namespace = import_module(package)
    for module in pkgutil.iter_modules(namespace.__path__):
        if module.name == "gating" and find_spec("torch") is None:
            continue
        found = import_module(f"{package}.{module.name}")
        assert getattr(namespace, module.name) is found
        assert module.name not in getattr(namespace, "__all__", [])


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="simulator"):
        _ = pgsim.simulator


def test_every_public_name_has_a_home() -> None:
    assert set(pgsim.__all__) == set(pgsim._HOMES)


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda p: p.stem)
def test_kernels_import_numpy_numba_and_each_other_only(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: a relative import"
            imported.add(str(node.module))
    others = {name for name in imported if not name.startswith("pgsim.kernels.")}
    packages = {name.partition(".")[0] for name in others}
    assert packages - set(sys.stdlib_module_names) <= {"numpy", "numba"}


@pytest.mark.parametrize(
    ("kind", "suffix", "name"),
    [
        ("arch_configs", ".yaml", "pg_ws"),
        ("arch_configs/technology", ".yaml", "45nm"),
        ("arch_configs/synthesis", ".yaml", "sky130"),
        ("traces", ".safetensors", "digits_pg_4_2"),
        ("traces", ".operands.safetensors", "digits_pg_4_2"),
        ("traces", ".margins.safetensors", "digits_pg_4_2"),
    ],
)
def test_shipped_data_is_found_from_any_folder(
    kind: str, suffix: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert name in shipped_names(kind, suffix)
