"""The keys of a design that say how layers are mapped: which loop nest each has (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from pgsim.arch.mapping_kinds import MAPPING_KINDS, MappingKind
from pgsim.arch.objectives import OBJECTIVES, Objective
from pgsim.arch.section import NameIn, Section
from pgsim.schemes import OPERANDS

LOOPS = "NPQKC"  # images, rows, columns, output channels, input channels

_Block = Annotated[int, Field(ge=1)] | None


class NestKeys(Section):
    """A loop nest as a file gives it: an order, outermost first, and the size of each loop's block.

    A block that is left out, or larger than its loop, is the whole loop.

    Parameters
    ----------
    layer : str, optional
        The layer that it is for; without one it is for all that have none of their own.
    order : str
        Each letter of LOOPS once, outermost first: images N, rows P, columns Q, output channels K
        and input channels C.
    block_images, block_rows, block_columns, block_channels, block_in_channels : int, optional
        Images, output rows, output columns, output channels and input channels of a block.
    unheld : list of str
        Operands of which no more than a block is held, whatever fits.
    """

    layer: Annotated[str, Field(min_length=1)] | None = None
    order: str
    block_images: _Block = None
    block_rows: _Block = None
    block_columns: _Block = None
    block_channels: _Block = None
    block_in_channels: _Block = None
    unheld: tuple[Annotated[str, NameIn(OPERANDS)], ...] = ()

    @field_validator("unheld", mode="before")
    @classmethod
    def _operands(cls, unheld: Any) -> Any:
        return tuple(unheld) if isinstance(unheld, list) else unheld

    @field_validator("order")
    @classmethod
    def _each_loop_once(cls, order: str) -> str:
        if sorted(order) != sorted(LOOPS):
            raise ValueError(
                f"value {order!r}: expected each of the letters {', '.join(LOOPS)} once, outermost "
                "first: images, rows, columns, output channels, input channels."
            )
        return order

    @property
    def blocks(self) -> tuple[int | None, ...]:
        """The blocks in the order of `LOOPS`, None for a whole loop."""
        return (
            self.block_images,
            self.block_rows,
            self.block_columns,
            self.block_channels,
            self.block_in_channels,
        )


class Mapping(Section):
    """How layers are mapped: in the fixed order, or by the loop nest that a search finds.

    Parameters
    ----------
    kind : str
        How layers come to their loop nests: the name of one of MAPPING_KINDS (M23, M41).
    objective : str
        What a search makes least: the name of one of OBJECTIVES.
    images : int
        How many of the first simulated images give the masks on which gated layers are searched.
    nests : list of NestKeys
        Nests that are given, which no search changes (M40).
    source : str
        Where the choice comes from.
    """

    word: ClassVar[str] = "kind"  # `mapping: search` is short for `mapping: {kind: search}`

    kind: Annotated[str, NameIn(MAPPING_KINDS)] = "fixed"
    objective: Annotated[str, NameIn(OBJECTIVES)] = "latency"
    images: Annotated[int, Field(ge=1, le=65536)] = 8
    nests: tuple[NestKeys, ...] = ()
    source: str = ""

    @model_validator(mode="before")
    @classmethod
    def _word_or_section(cls, values: Any) -> Any:
        return {"kind": values} if isinstance(values, str) else values

    @field_validator("nests", mode="before")
    @classmethod
    def _listed(cls, nests: Any) -> Any:
        return tuple(nests) if isinstance(nests, list) else nests

    @field_validator("nests")
    @classmethod
    def _one_a_layer(cls, nests: tuple[NestKeys, ...]) -> tuple[NestKeys, ...]:
        layers = [each.layer for each in nests]
        for layer in layers:
            if layers.count(layer) > 1:
                whose = f"layer {layer!r}" if layer else "all layers without one of their own"
                raise ValueError(f"two nests for {whose}: expected one.")
        return nests

    @property
    def by(self) -> MappingKind:
        """How layers without a nest of their own come to one."""
        return MAPPING_KINDS[self.kind]

    @property
    def searches(self) -> bool:
        """Whether layers without a nest of their own are searched for one."""
        return self.by.searches

    @property
    def goal(self) -> Objective:
        """What a search makes least."""
        return OBJECTIVES[self.objective]

    @property
    def label(self) -> str:
        """What is said of the mapping above results: how layers came to their loop nests."""
        given = " but for those given" if self.nests else ""
        return f"{self.by.label(self.objective)}{given}"

    @cached_property
    def _given(self) -> AnyMapping[str | None, NestKeys]:
        return {each.layer: each for each in self.nests}

    def given(self, layer: str) -> NestKeys | None:
        """Return the nest that the file gives a layer, None where it gives none."""
        return self._given.get(layer) or self._given.get(None)
