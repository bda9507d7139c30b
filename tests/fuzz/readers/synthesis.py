"""Synthesis files: what modules cost at the gate level, in YAML."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from fuzz.mutators.yaml_edits import YAML_EDITS
from fuzz.reader import Reader
from fuzz.readers.technology import TECHNOLOGY, use_technology
from pgsim.arch.technology import load_synthesis
from pgsim.files import shipped_folder


class SynthesisReader(Reader):
    """`load_synthesis`, by way of a technology beside the file that names it."""

    name = "synthesis"
    suffix = ".yaml"
    mutators = YAML_EDITS
    plain_inputs = 100

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """The shipped one."""
        return ((shipped_folder("arch_configs/synthesis") / "sky130.yaml").read_bytes(),)

    def use(self, path: Path) -> None:
        """Price designs by a technology that scales these figures, and simulate on them."""
        load_synthesis(path)
        naming = path.with_name(f"technology-{path.name}")
        shipped = TECHNOLOGY.valid[0].decode()
        naming.write_text(shipped.replace("synthesis: sky130", f"synthesis: {path.name}"))
        try:
            use_technology(naming)
        finally:
            naming.unlink()


SYNTHESIS = SynthesisReader()
