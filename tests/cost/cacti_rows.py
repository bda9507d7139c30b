"""The SRAM rows of arch_configs/technology/45nm.yaml, printed by CACTI 7.

    python tests/cost/cacti_rows.py CACTI itrs-lstp

CACTI is the folder of a built CACTI 7 (github.com/HewlettPackard/cacti), whose `cache.cfg` is
changed in the keys below; all its other settings stay.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

SIZES = (128, *(2**power for power in range(9, 21)))
SETTINGS = {
    "block size (bytes)": 4,
    "associativity": 1,
    "read-write port": 0,
    "exclusive read port": 1,
    "exclusive write port": 1,
    "technology (u)": 0.045,
    "output/input bus width": 32,
    "cache type": '"ram"',
    "operating temperature (K)": 360,
    "Optimize ED or ED^2 (ED, ED^2, NONE):": '"ED"',
}
PARTS = ("Data array cell", "Data array peripheral", "Tag array cell", "Tag array peripheral")
NUMBER = r"([\d.e+-]+)"


def configured(text: str, settings: dict[str, object]) -> str:
    """Return a configuration with some lines changed, each of which is there once."""
    for key, value in settings.items():
        text, count = re.subn(rf"(?m)^-{re.escape(key)}.*$", f"-{key} {value}", text)
        if count != 1:
            raise ValueError(f"cache.cfg: expected one line -{key}, not {count}")
    return text


def row(folder: Path, cell: str, size: int) -> str:
    """Return the row of a bank of so many bytes of one type of cells and periphery."""
    settings = SETTINGS | {"size (bytes)": size} | {f"{part} type -": f'"{cell}"' for part in PARTS}
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(configured((folder / "cache.cfg").read_text(), settings))
        file.flush()
        command = ["./cacti", "-infile", file.name]
        out = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout

    def found(words: str) -> float:
        return float(re.search(f"{words}: {NUMBER}", out)[1])

    high, wide = re.search(rf"height x width \(mm\): {NUMBER} x {NUMBER}", out).groups()
    read, write = (found(rf"dynamic {way} energy per access \(nJ\)") for way in ("read", "write"))
    leakage, access = found(r"leakage power of a bank \(mW\)"), found(r"Access time \(ns\)")
    return (
        f"- {{bank_bytes: {size}, word_bits: 32, read_pj: {round(read * 1e3, 5):g}, "
        f"write_pj: {round(write * 1e3, 5):g},\n   leakage_mw: {leakage:.6g}, "
        f"access_ns: {access:.6g}, "
        f"area_um2: {float(high) * float(wide) * 1e6:.1f}}}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cacti", type=Path, help="the folder of a built CACTI 7")
    parser.add_argument("cell", choices=("itrs-hp", "itrs-lstp"))
    arguments = parser.parse_args()
    for size in SIZES:
        print(row(arguments.cacti, arguments.cell, size))


if __name__ == "__main__":
    main()
