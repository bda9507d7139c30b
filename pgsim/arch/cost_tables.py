"""The sections of a technology file: what PEs, banks of SRAM and kinds of DRAM cost (M28, M29)."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, model_validator

from pgsim.arch.section import Section
from pgsim.arch.validation import KeyProblems

# Counts of 64 bits at such costs, and squares of them, stay within floats.
Cost = Annotated[float, Field(ge=1e-12, le=1e12)]
_Factor = Annotated[float, Field(ge=1e-9, le=1e9)]
Label = Annotated[str, Field(min_length=1)]
Source = Annotated[str, Field(min_length=1)]


class PERow(Section):
    """The cost of one PE whose widest operands both have `max_bits`."""

    max_bits: Annotated[int, Field(ge=1, le=64)]
    area_um2: Cost
    dynamic_pj_per_cycle: Cost
    leakage_uw: Cost

    def at(self, factors: LogicFactors) -> PERow:
        """Return the PE in another corner."""
        return self.model_copy(
            update={
                "dynamic_pj_per_cycle": self.dynamic_pj_per_cycle * factors.energy,
                "leakage_uw": self.leakage_uw * factors.leakage,
            }
        )


class SRAMRow(Section):
    """The cost of one bank of SRAM: energy and time of an access, leakage and area of the bank."""

    bank_bytes: Annotated[int, Field(ge=1)]
    word_bits: Annotated[int, Field(ge=1)]
    read_pj: Cost
    write_pj: Cost
    leakage_mw: Cost
    access_ns: Cost
    area_um2: Cost


class DRAMRow(Section):
    """The energy of moving one bit to or from a kind of DRAM."""

    kind: Annotated[str, Field(min_length=1)]
    pj_per_bit: Cost
    source: Source


_Row = TypeVar("_Row", PERow, SRAMRow)


def _ascending(rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
    sizes = [row.max_bits if isinstance(row, PERow) else row.bank_bytes for row in rows]
    if sizes != sorted(set(sizes)):
        raise ValueError(f"rows of sizes {sizes}: expected each size once, smallest first")
    return rows


# A YAML list is the only way to write a tuple, so these fields, and not their rows, are lax.
_PERows = Annotated[
    tuple[PERow, ...], Field(min_length=1, strict=False), AfterValidator(_ascending)
]
_SRAMRows = Annotated[
    tuple[SRAMRow, ...], Field(min_length=2, strict=False), AfterValidator(_ascending)
]


class PETables(Section):
    """Measured PEs: fixed multiply-accumulate units and fusion units, by their widest operands.

    synthesized_mhz: the clock that they were synthesized for. corner: their kind of transistors.
    """

    corner: Label
    fixed: _PERows
    fusion: _PERows
    synthesized_mhz: Annotated[float, Field(ge=1e-6, le=1e6)]
    source: Source

    def at(self, corner: Corner) -> PETables:
        """Return the PEs in another corner, or as they are where it is theirs."""
        factors = corner.logic
        if factors is None:
            return self
        tables = {
            kind: tuple(row.at(factors) for row in rows)
            for kind, rows in self
            if isinstance(rows, tuple)
        }
        clock = {"synthesized_mhz": self.synthesized_mhz / factors.delay}
        return self.model_copy(update={"corner": corner.name} | tables | clock)


class SRAMTable(Section):
    """SRAM banks by size. corner: their kind of transistors."""

    corner: Label
    rows: _SRAMRows
    source: Source


class LogicFactors(Section):
    """What logic costs in another corner, as multiples of what it costs in the section's own."""

    energy: _Factor
    leakage: _Factor
    delay: _Factor
    source: Source


class Corner(Section):
    """Logic and SRAM of one kind of transistors (M45).

    logic, sram: in place of the technology's own, which stay where they are of this corner already.
    """

    name: Label
    source: Source
    logic: LogicFactors | None = None
    sram: SRAMTable | None = None

    @model_validator(mode="after")
    def _has_sram_of_its_own_kind(self) -> Corner:
        if self.sram and self.sram.corner != self.name:
            message = f"value {self.sram.corner!r}: expected {self.name}, as the corner's name."
            raise KeyProblems(("sram.corner", message))
        return self
