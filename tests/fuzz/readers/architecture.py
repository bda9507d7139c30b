"""Architecture files: designs in YAML."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from random import Random

import yaml
from cases import random_case

from fuzz.mutators.yaml_edits import YAML_EDITS, yaml_crossed
from fuzz.reader import Broken, Reader
from fuzz.readers.small import SCHEMES, fed_trace, gated_trace
from fuzz.rows import check_rows
from pgsim import ArchConfig, GateTrace, InputError, load_arch, simulate
from pgsim.cost import area_mm2, costs_of
from pgsim.files import shipped_folder, shipped_names
from pgsim.schemes import layer_passes, scheme_named
from pgsim.yaml_source import yaml_text

_RANDOM = 12  # designs of the cases that pgsim is compared with its reference on


class ArchitectureReader(Reader):
    """`load_arch`, the file that `pgsim arch show` prints, its costs, and a simulation."""

    name = "architecture"
    suffix = ".yaml"
    mutators = YAML_EDITS
    plain_inputs = 250

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """The shipped designs, and small ones of all kinds of parts."""
        folder = shipped_folder("arch_configs")
        shipped = [
            (folder / f"{name}.yaml").read_bytes()
            for name in shipped_names("arch_configs", ".yaml")
        ]
        drawn = [random_case(seed).arch for seed in range(_RANDOM)]
        return (*shipped, *(yaml.safe_dump(each, sort_keys=False).encode() for each in drawn))

    def crossed(self, rng: Random, one: bytes, other: bytes) -> bytes:
        """Return a design with some sections of another."""
        return yaml_crossed(rng, one, other)

    def use(self, path: Path) -> None:
        """Read a design, write it and read it again, price it, and simulate a small trace on it."""
        design = load_arch(path)
        again = path.with_name(f"again-{path.name}")
        text = yaml_text(design.model_dump(), width=88, any_letter=True)
        again.write_text(text, encoding="utf-8")
        try:
            if load_arch(again) != design:
                raise Broken("the design that is shown is another: " + text)
        except InputError as error:
            raise Broken(f"the design that is shown is refused: {error}") from None
        finally:
            again.unlink()
        if min(area_mm2(costs_of(design)).values()) < 0:
            raise Broken("an area below 0: " + text)
        trace = fed_trace() if design.pe.by_values else gated_trace()
        for scheme in SCHEMES:
            if not refuses(design, trace, scheme):  # which has a sentence of its own
                check_rows(simulate(trace, design, scheme, calibration_images=1).rows)


def refuses(design: ArchConfig, trace: GateTrace, scheme: str) -> bool:
    """Say whether the dataflow of a design, or its PEs, cannot take a layer."""
    passes = [(layer.shape, layer_passes(layer, scheme_named(scheme))) for layer in trace.layers]
    return any(
        design.dataflow.refusal(shape, own) or any(map(design.pe.refusal, own))
        for shape, own in passes
    )


ARCHITECTURE = ArchitectureReader()
