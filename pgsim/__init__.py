"""pgsim: a cycle-level simulator of dual-precision DNN accelerators.

The same verbs as the command line, each loaded from its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgsim.version import __version__ as __version__

if TYPE_CHECKING:
    from pgsim.arch import ArchConfig, load_arch
    from pgsim.arch.importers import import_arch
    from pgsim.cost.exporters import export_arch
    from pgsim.errors import InputError
    from pgsim.masks import mask_measures, synthetic_trace
    from pgsim.model.work_store import WorkStore
    from pgsim.plots import (
        plot_array_use,
        plot_comparison,
        plot_heat_map,
        plot_masks,
        plot_pareto,
        plot_results,
        plot_roofline,
        plot_systems,
        plot_windows,
    )
    from pgsim.report.writing import write_report
    from pgsim.results import COLUMNS
    from pgsim.results.array_use import array_use
    from pgsim.results.reports import write_reports
    from pgsim.results.table_files import read_table, write_table
    from pgsim.schemes import SCHEMES
    from pgsim.study.comparison import compare
    from pgsim.study.optimizing import optimize
    from pgsim.study.pareto import pareto
    from pgsim.study.precision_schedule import CyclicPrecision, saved_bit_operations
    from pgsim.study.request_stream import request_stream
    from pgsim.study.simulation import simulate
    from pgsim.study.sweeps import SweepSpec, load_sweep, read_sweep, sweep
    from pgsim.study.systems.table import systems
    from pgsim.study.timeline import write_timeline
    from pgsim.study.training import training
    from pgsim.study.window_study import windows
    from pgsim.workload import (
        GateTrace,
        LayerShape,
        LayerTrace,
        check_trace,
        load_trace,
        network,
        relative_cost,
        save_trace,
        widened,
        widened_trace,
    )
    from pgsim.workload.imported import import_layers

_HOMES = {
    "ArchConfig": "arch",
    "COLUMNS": "results",
    "CyclicPrecision": "study.precision_schedule",
    "GateTrace": "workload",
    "InputError": "errors",
    "LayerShape": "workload",
    "LayerTrace": "workload",
    "SCHEMES": "schemes",
    "SweepSpec": "study.sweeps",
    "WorkStore": "model.work_store",
    "array_use": "results.array_use",
    "check_trace": "workload",
    "compare": "study.comparison",
    "export_arch": "cost.exporters",
    "import_arch": "arch.importers",
    "import_layers": "workload.imported",
    "load_arch": "arch",
    "load_sweep": "study.sweeps",
    "load_trace": "workload",
    "mask_measures": "masks",
    "network": "workload",
    "optimize": "study.optimizing",
    "pareto": "study.pareto",
    "plot_array_use": "plots",
    "plot_comparison": "plots",
    "plot_heat_map": "plots",
    "plot_masks": "plots",
    "plot_pareto": "plots",
    "plot_results": "plots",
    "plot_roofline": "plots",
    "plot_systems": "plots",
    "plot_windows": "plots",
    "read_sweep": "study.sweeps",
    "read_table": "results.table_files",
    "relative_cost": "workload",
    "request_stream": "study.request_stream",
    "save_trace": "workload",
    "saved_bit_operations": "study.precision_schedule",
    "simulate": "study.simulation",
    "sweep": "study.sweeps",
    "synthetic_trace": "masks",
    "systems": "study.systems.table",
    "training": "study.training",
    "widened": "workload",
    "widened_trace": "workload",
    "windows": "study.window_study",
    "write_report": "report.writing",
    "write_reports": "results.reports",
    "write_table": "results.table_files",
    "write_timeline": "study.timeline",
}

__all__ = [
    "COLUMNS",
    "SCHEMES",
    "ArchConfig",
    "CyclicPrecision",
    "GateTrace",
    "InputError",
    "LayerShape",
    "LayerTrace",
    "SweepSpec",
    "WorkStore",
    "array_use",
    "check_trace",
    "compare",
    "export_arch",
    "import_arch",
    "import_layers",
    "load_arch",
    "load_sweep",
    "load_trace",
    "mask_measures",
    "network",
    "optimize",
    "pareto",
    "plot_array_use",
    "plot_comparison",
    "plot_heat_map",
    "plot_masks",
    "plot_pareto",
    "plot_results",
    "plot_roofline",
    "plot_systems",
    "plot_windows",
    "read_sweep",
    "read_table",
    "relative_cost",
    "request_stream",
    "save_trace",
    "saved_bit_operations",
    "simulate",
    "sweep",
    "synthetic_trace",
    "systems",
    "training",
    "widened",
    "widened_trace",
    "windows",
    "write_report",
    "write_reports",
    "write_table",
    "write_timeline",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pgsim' has no attribute {name!r}")
    value = getattr(import_module(f"pgsim.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
