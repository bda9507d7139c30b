"""Technology files: what parts cost, in YAML."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path

from fuzz.mutators.yaml_edits import YAML_EDITS
from fuzz.reader import Broken, Reader
from fuzz.readers.small import gated_trace
from fuzz.rows import check_rows
from pgsim import load_arch, simulate
from pgsim.cost import area_mm2, costs_of
from pgsim.files import shipped_folder

_DESIGNS = ("pg_os", "pg_serial")  # between them they have all kinds of parts


def use_technology(path: Path) -> None:
    """Price designs with a technology, and simulate a small trace on them."""
    for name in _DESIGNS:
        design = load_arch(name).override({"technology": str(path)})
        areas = area_mm2(costs_of(design))
        if not all(0 <= area < math.inf for area in areas.values()):
            raise Broken(f"an area that is none: {areas}")
        check_rows(simulate(gated_trace(), design, "pg").rows)


class TechnologyReader(Reader):
    """`load_technology`, by way of designs that name the file."""

    name = "technology"
    suffix = ".yaml"
    mutators = YAML_EDITS
    plain_inputs = 100

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """The shipped one."""
        return ((shipped_folder("arch_configs/technology") / "45nm.yaml").read_bytes(),)

    def use(self, path: Path) -> None:
        """Price designs, and simulate on them."""
        use_technology(path)


TECHNOLOGY = TechnologyReader()
