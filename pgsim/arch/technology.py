"""Technology: what a process node's PEs, memories and logic cost, each figure sourced.

The figures are in ``arch_configs/technology`` and ``arch_configs/synthesis``; pgsim.arch.prices
turns them into costs of a design.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from pgsim.arch.cost_tables import Corner, Cost, DRAMRow, Label, PETables, Source, SRAMTable
from pgsim.arch.section import Section
from pgsim.arch.validation import KeyProblems, check_yaml
from pgsim.errors import InputError, nearest
from pgsim.files import shipped, shipped_folder
from pgsim.yaml_source import read_yaml


class RegisterFileTable(Section):
    """What a bit costs to read from or write to a PE's register files, or to send to a PE."""

    access_pj_per_bit: Cost
    network_pj_per_bit: Cost
    source: Source


class Technology(Section):
    """The cost figures of one process node, as `load_technology` reads them.

    corners: of both logic and SRAM, by which a design may choose other transistors (M45).
    """

    name: Label
    source: Source
    pe: PETables
    synthesis: Annotated[
        str, Field(min_length=1, description="the name of a synthesis table, such as sky130")
    ]
    sram: SRAMTable
    corners: Annotated[tuple[Corner, ...], Field(strict=False)] = ()
    dram: Annotated[tuple[DRAMRow, ...], Field(min_length=1, strict=False)]
    pe_idle_fraction: Annotated[float, Field(ge=0, le=1)]
    register_files: RegisterFileTable | None = None

    @model_validator(mode="after")
    def _corners_are_of_one_kind(self) -> Technology:
        problems = [
            (f"corners[{index}].{part}", f"missing: {section} is of corner {own.corner}.")
            for index, corner in enumerate(self.corners)
            for part, section, own in (("logic", "pe", self.pe), ("sram", "sram", self.sram))
            if getattr(corner, part) is None and own.corner != corner.name
        ]
        if problems:
            raise KeyProblems(*problems)
        return self

    def at_corner(self, name: str | None) -> Technology:
        """Return the technology with logic and SRAM of one corner, or as it is for None.

        Raises InputError for a corner that the technology lacks, with the nearest that it has.
        Source: MODEL.md M45.
        """
        if name is None:
            return self
        for corner in self.corners:
            if corner.name == name:
                changes = {"pe": self.pe.at(corner), "sram": corner.sram or self.sram}
                return self.model_copy(update=changes)
        if name == self.pe.corner == self.sram.corner:
            return self
        names = {corner.name for corner in self.corners}
        if self.pe.corner == self.sram.corner:
            names.add(self.pe.corner)
        raise InputError(
            f"corner: value {name!r}: expected one of {', '.join(sorted(names)) or 'none'}, which "
            f"technology {self.name} holds.{nearest(name, names)}"
        )

    def dram_pj_per_bit(self, kind: str) -> float:
        """Return the energy of one bit to or from DRAM of this kind, in pJ.

        Raises InputError for a kind that the table lacks, with the nearest one that it has.
        """
        energies = {row.kind: row.pj_per_bit for row in self.dram}
        if kind not in energies:
            raise InputError(
                f"memory.dram.kind: value {kind!r}: expected one of {', '.join(energies)}, which "
                f"technology {self.name} holds.{nearest(kind, energies)}"
            )
        return energies[kind]


class SynthesizedModule(Section):
    """The cost of one module at the gate level; dynamic energy is that of a busy cycle."""

    area_um2: Cost
    dynamic_pj_per_cycle: Cost
    leakage_uw: Cost
    critical_path_ns: Annotated[float, Field(ge=1e-3, le=1e6)]


class Synthesis(Section):
    """What modules of the array cost in one cell library: logic for which a node has no figures.

    Only ratios of these figures are used, to the fixed 8 x 8 PE (`prices.logic_cost`), and each
    kind says which modules it is made of.
    """

    name: Annotated[str, Field(min_length=1)]
    source: Source
    cells: Source
    method: Source
    activity: Source
    modules: dict[str, SynthesizedModule]


Age = tuple[int, int, int]  # when a file was written, when anything of it changed, its bytes
Stamp = tuple[Path, Age, Path, Age]  # the two tables' files


def technology_stamp(name_or_path: str | Path) -> Stamp:
    """Return the files of a technology, its synthesis table's beside it, and their ages.

    The tables are the same for as long as this is. The file's `synthesis` is the name of a shipped
    table or a path beside the file. Raises InputError as `load_technology` does.
    """
    path = _found("technology", "technology", name_or_path)
    age = _age(path)
    named = _technology(path, age).synthesis
    synthesis = _found("technology: synthesis", "synthesis", named, path.parent)
    return path, age, synthesis, _age(synthesis)


def _age(path: Path) -> Age:
    found = path.stat()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def load_technology(name_or_path: str | Path | Technology) -> Technology:
    """Return the technology table of a YAML file, or of the shipped one of that name.

    A table that is loaded already is returned as it is. In what is returned, `synthesis` is a path
    from anywhere.

    Raises InputError that begins with `technology`, an architecture's key, where there is no such
    file or name, and for everything wrong in the file at once, one line each with file, line, key.
    """
    if isinstance(name_or_path, Technology):
        return name_or_path
    path, age, synthesis, _ = technology_stamp(name_or_path)
    table = _technology(path, age)
    return table.model_copy(update={"synthesis": str(synthesis)})


def load_synthesis(name_or_path: str | Path) -> Synthesis:
    """Return the synthesis table of a YAML file, or of the shipped one of that name.

    Raises InputError as `load_technology` does; it begins with `technology: synthesis`.
    """
    path = _found("technology: synthesis", "synthesis", name_or_path)
    return _synthesis(path, _age(path))


def _found(key: str, kind: str, name_or_path: str | Path, folder: Path = Path()) -> Path:
    """Return the path of a table of a kind, its own given from `folder` on."""
    try:
        path = shipped(f"arch_configs/{kind}", name_or_path, ".yaml", folder)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
    return path if _is_ours(kind, path) else path.resolve()


@lru_cache(maxsize=64)
def _is_ours(kind: str, path: Path) -> bool:
    """Say whether a table is a shipped one, whose path is resolved already."""
    return path.parent == shipped_folder(f"arch_configs/{kind}")


# A table is read once for as long as its file stays as it is: every simulation needs one.
@lru_cache(maxsize=8)
def _technology(path: Path, age: Age) -> Technology:
    return check_yaml(Technology, read_yaml(path))


@lru_cache(maxsize=8)
def _synthesis(path: Path, age: Age) -> Synthesis:
    return check_yaml(Synthesis, read_yaml(path))
