"""How scalesim.csv was made: SCALE-Sim 3.0.0 on drawn layers and arrays, with ideal bandwidth.

    python -m venv v && v/bin/pip install scalesim==3.0.0 'numpy<2'
    v/bin/python tests/arch/conventions/run_scalesim.py scalesim.csv

Sizes of a conv are IFMAP height and width, filter height and width, channels, filters and stride;
those of a gemm are M, N and K.
"""

from __future__ import annotations

import contextlib
import csv
import io
import sys
import tempfile
from pathlib import Path
from random import Random

CONFIG = """\
[general]
run_name = run
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: 64
FilterSramSzkB: 64
OfmapSramSzkB: 64
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: {dataflow}
ReadRequestBuffer: 64
WriteRequestBuffer: 64
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""
ARRAYS = (
    *((1, 1), (1, 4), (4, 1), (2, 3), (3, 2), (4, 4), (8, 8), (5, 7), (16, 4), (4, 16), (16, 16)),
    *((32, 8), (7, 32)),
)
COLUMNS = (
    *("dataflow", "rows", "columns", "kind", "sizes", "total_cycles", "overall", "mapping"),
    *("compute", "ifmap_reads", "filter_reads"),
)


def drawn(rng: Random, kind: str) -> list[int]:
    if kind == "gemm":
        return [rng.randint(1, 40), rng.randint(1, 30), rng.randint(1, 60)]
    height, width = rng.choice((1, 1, 2, 3, 3, 5)), rng.choice((1, 2, 3, 3))
    sizes = [height + rng.randint(0, 9), width + rng.randint(0, 9), height, width]
    return [*sizes, rng.choice((1, 2, 3, 5, 8, 16)), rng.randint(1, 20), rng.randint(1, 3)]


def simulated(dataflow: str, rows: int, columns: int, kind: str, sizes: list[int]) -> list[str]:
    """Return what the reports say of a layer."""
    from scalesim.scale_sim import scalesim

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config, topology, layout = (folder / each for each in ("c.cfg", "t.csv", "l.csv"))
        config.write_text(CONFIG.format(rows=rows, columns=columns, dataflow=dataflow))
        both = sizes if kind == "gemm" else [*sizes, sizes[-1]]
        topology.write_text(f"head,\nlayer,{','.join(map(str, both))},1:1,\n")
        layout.write_text("head,\nlayer," + "1," * 20 + "\n")
        with contextlib.redirect_stdout(io.StringIO()):
            scalesim(
                save_disk_space=True,
                verbose=False,
                config=str(config),
                topology=str(topology),
                layout=str(layout),
                input_type_gemm=kind == "gemm",
            ).run_scale(top_path=str(folder / "out"))
        compute, accesses = (
            (folder / "out/run" / each).read_text().splitlines()[1].split(", ")
            for each in ("COMPUTE_REPORT.csv", "DETAILED_ACCESS_REPORT.csv")
        )
    return [compute[2], *(each.rstrip(",") for each in compute[4:7]), accesses[3], accesses[6]]


def main(path: str) -> None:
    rng = Random(0)
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for dataflow in ("os", "ws", "is"):
            for rows, columns in ARRAYS:
                for kind in ("conv", "conv", "gemm", "gemm"):
                    sizes = drawn(rng, kind)
                    found = simulated(dataflow, rows, columns, kind, sizes)
                    about = (dataflow, rows, columns, kind, " ".join(map(str, sizes)))
                    table.writerow([*about, *found])


if __name__ == "__main__":
    main(*sys.argv[1:])
