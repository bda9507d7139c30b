"""Modules import each other in no circle, what only types need included."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

grimp = pytest.importorskip("grimp")  # which import-linter needs


def test_no_modules_import_each_other() -> None:
    # Unlike import-linter's contracts, which leave out what stands under TYPE_CHECKING.
    graph = grimp.build_graph("pgsim", exclude_type_checking_imports=False, cache_dir=None)
    imports = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    assert "pgsim.results.layer_results" in imports["pgsim.results.tables"]
    del imports["pgsim"]  # it imports all public names, and only when they are asked for
    for each in imports.values():
        each.discard("pgsim")
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the modules
