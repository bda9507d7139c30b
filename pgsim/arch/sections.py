"""The sections of an architecture file that describe the array and its PEs.

The ranges stand on the fields and are what error messages quote. The keys of a section are its own
and those that its kinds declare.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from pgsim.arch.conventions import CONVENTIONS, Convention, Folds
from pgsim.arch.dataflows import DATAFLOWS, Dataflow
from pgsim.arch.first_layers import FIRST_LAYERS
from pgsim.arch.lanes import LANES, Counts, Lanes
from pgsim.arch.lanes.lanes import Some
from pgsim.arch.overlaps import FOLD_OVERLAPS
from pgsim.arch.pes import PES, PEKind
from pgsim.arch.section import NameIn, Section, configured, parameter_fields
from pgsim.arch.speeds import SPEEDS, Speed
from pgsim.arch.validation import KeyProblems

LONGEST_SIDE = 1024  # PEs of a row or column

_Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
Name = Annotated[str, Field(min_length=1)]


class _PEKind(Section):
    kind: Annotated[str, NameIn(PES)]


# The keys of a section are those of all its kinds, so that a kind's own stand in its own file.
if TYPE_CHECKING:

    class _PEParameters(_PEKind): ...

else:
    _PEParameters = create_model("_PE", __base__=_PEKind, **parameter_fields(PES.values()))


class PE(_PEParameters):
    """A processing element: its kind and the widest operands it takes in one go (M5).

    Parameters
    ----------
    kind : str
        How it multiplies: the name of one of PES.
    source : str
        Where its numbers come from.
    """

    source: str = ""

    @cached_property
    def unit(self) -> PEKind:
        """The PE that these keys describe."""
        return configured(PES[self.kind], self)

    @property
    def word_bits(self) -> int:
        """Bits of its widest operand, and of a word of its register files (M46)."""
        return max(self.unit.max_activation_bits, self.unit.max_weight_bits)

    @model_validator(mode="after")
    def _is_one_that_can_be(self) -> PE:
        if problems := self.unit.problems():
            raise KeyProblems(*problems.items())
        return self


class RegisterFiles(Section):
    """The register files of every PE, in words of its widest operand; 0 where it has none (M46).

    Parameters
    ----------
    activation_words, weight_words, sum_words : int
        Words that each PE has for activations, for weights and for unfinished sums.
    source : str
        Where the numbers come from.
    """

    activation_words: Annotated[int, Field(ge=0, le=64)] = 0
    weight_words: Annotated[int, Field(ge=0, le=1024)] = 0
    sum_words: Annotated[int, Field(ge=0, le=64)] = 0
    source: str = ""

    @property
    def words(self) -> int:
        """Words of all three."""
        return self.activation_words + self.weight_words + self.sum_words


class Array(Section):
    """The array of PEs and the dataflow that fills it.

    Parameters
    ----------
    rows, columns : int
        PEs along each side of the array.
    dataflow : str
        What stays in a PE and what moves past it: the name of one of DATAFLOWS.
    lanes : str
        What stands side by side on the columns, where the dataflow leaves a choice (M7).
    overlap : str
        What becomes of a fold while the one before drains: the name of one of FOLD_OVERLAPS (M16,
        M17).
    speed : str
        How long steps are: the name of one of SPEEDS (M53).
    first_layer : str
        How a network's first layer runs: the name of one of FIRST_LAYERS (M47).
    convention : str
        Whose cycles count: the name of one of CONVENTIONS (M51).
    predictor_share : float
        Share of the rows, rounded to whole ones, that is an array of its own for the passes before
        a gate decides; 0: one array takes all passes (M59).
    pe : PE
        The processing element.
    register_files : RegisterFiles
        The register files of every PE.
    source : str
        Where the numbers come from.
    """

    rows: _Side
    columns: _Side
    dataflow: Annotated[str, NameIn(DATAFLOWS)]
    lanes: Annotated[str, NameIn(LANES)] = "channels"
    overlap: Annotated[str, NameIn(FOLD_OVERLAPS)] = "folds"
    speed: Annotated[str, NameIn(SPEEDS)] = "steady"
    first_layer: Annotated[str, NameIn(FIRST_LAYERS)] = "as_others"
    convention: Annotated[str, NameIn(CONVENTIONS)] = "pgsim"
    predictor_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    pe: PE
    register_files: RegisterFiles = RegisterFiles()
    source: str = ""

    @property
    def flow(self) -> Dataflow:
        """The dataflow."""
        return DATAFLOWS[self.dataflow]

    @property
    def tempo(self) -> Speed:
        """How long steps are."""
        return SPEEDS[self.speed]

    def flow_of(self, *, first: bool) -> Dataflow:
        """Return the dataflow of a layer, which may be the network's first one (M47)."""
        return FIRST_LAYERS[self.first_layer].flow(self.flow) if first else self.flow

    @cached_property
    def lane_kind(self) -> Lanes:
        """What the lanes are: chosen where the dataflow leaves a choice (M7)."""
        possible = self.flow.lanes
        return LANES[self.lanes if self.lanes in possible and len(possible) > 1 else possible[0]]

    @property
    def predictor_rows(self) -> int:
        """Rows of the array that predicts, 0 where there is none (M59)."""
        return _whole_rows(self.predictor_share, self.rows)

    @property
    def predictor(self) -> Array:
        """The array that takes the passes before a gate decides, where it is one of its own."""
        return self._of_rows(self.predictor_rows)

    @property
    def executor(self) -> Array:
        """The array that takes all other passes: all rows where no other array predicts."""
        return self._of_rows(self.rows - self.predictor_rows) if self.predictor_share else self

    def _of_rows(self, rows: int) -> Array:
        return self.model_copy(update={"rows": rows, "predictor_share": 0.0})

    @property
    def counted_by(self) -> Convention:
        """Whose cycles count (M51)."""
        return CONVENTIONS[self.convention]

    @cached_property
    def folds_overlap(self) -> bool:
        """Whether a fold begins while the one before drains (M17); else it runs alone (M16)."""
        return self.counted_by.folds_overlap(FOLD_OVERLAPS[self.overlap].overlaps)

    @property
    def skew_cycles(self) -> int:
        """Cycles from a pass's last step until its last sum has left (M16, M19)."""
        return self.flow.skew_cycles(self.rows, self.columns)

    def fold_spacing(self, fold_cycles: Some) -> Some:
        """Return how far apart the folds of a pass begin, from their steady cycles (M17)."""
        if not self.folds_overlap:
            return fold_cycles + self.counted_by.edge_cycles(self.flow, self.rows, self.columns)
        bus_cycles = self.flow.bus_cycles(self.rows)
        if isinstance(fold_cycles, int):
            return max(fold_cycles, bus_cycles)
        return np.maximum(fold_cycles, bus_cycles)

    def spacing_cycles(self, pass_: Folds) -> Counts:
        """Return how far apart the folds of a pass begin in every tile (M17, M51)."""
        if self.folds_overlap:
            return self.fold_spacing(pass_.fold_cycles)
        return self.counted_by.spacing_cycles(pass_)

    @field_validator("convention")
    @classmethod
    def _knows_the_dataflow(cls, convention: str, info: ValidationInfo) -> str:
        dataflow, known = info.data.get("dataflow"), CONVENTIONS[convention].dataflows
        if dataflow is not None and known and dataflow not in known:
            raise ValueError(
                f"value {convention!r}: expected pgsim where array.dataflow is {dataflow!r}; "
                f"{convention} knows {', '.join(known)}."
            )
        return convention

    @field_validator("predictor_share")
    @classmethod
    def _leaves_both_arrays_a_row(cls, share: float, info: ValidationInfo) -> float:
        rows = info.data.get("rows")
        if rows is None or not share or 0 < _whole_rows(share, rows) < rows:
            return share
        shares = f", or from {1 / rows:.4g} to {1 - 1 / rows:.4g}" if rows > 1 else ""
        raise ValueError(
            f"value {share:.12g}: expected 0{shares}: of array.rows ({rows}) both arrays need one."
        )

    @field_validator("lanes")
    @classmethod
    def _only_some_dataflows_choose(cls, lanes: str, info: ValidationInfo) -> str:
        dataflow = info.data.get("dataflow")
        default = cls.model_fields["lanes"].default
        if dataflow is not None and lanes != default and len(DATAFLOWS[dataflow].lanes) == 1:
            choosing = [repr(each.name) for each in DATAFLOWS.values() if len(each.lanes) > 1]
            raise ValueError(
                f"value {lanes!r}: expected {default} where array.dataflow is {dataflow!r}; "
                f"only {', '.join(choosing)} has a choice."
            )
        return lanes


def _whole_rows(share: float, rows: int) -> int:
    """Return the nearest whole number of a share of some rows, of two the larger."""
    return int(Fraction(str(share)) * rows + Fraction(1, 2))
