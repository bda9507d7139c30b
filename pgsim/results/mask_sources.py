"""Where a trace's masks come from, in the words of tables, figures and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pgsim.kinds import by_name
from pgsim.workload import GateTrace


class MaskSource(NamedTuple):
    """What `mask_source` says of a row: in a few words, and what a reader must know of it.

    of_masks: whether there are any.
    """

    name: str
    words: str
    caution: str = ""
    of_masks: bool = True

    @property
    def sentence(self) -> str:
        """The words, and the caution where there is one."""
        return f"{self.words}: {self.caution}" if self.caution else self.words

    @property
    def warns(self) -> bool:
        """Whether results are not those of a network as it was trained."""
        return bool(self.caution) and self.of_masks

    def is_trained(self, *, renamed: bool) -> bool:
        """Say whether a network ran as it was trained; renamed: whether the trace has a new name.

        Without masks nothing but a name tells of other bit widths.
        """
        return not self.warns if self.of_masks else not renamed


_WHAT_IF = ", WHAT-IF"  # after the words of masks as they were captured, or made
_NO_MODEL = "no model made them"
_OTHER_WIDTHS = "no model was trained at these bit widths"
_CAPTURED = MaskSource("captured", "captured masks")
_SYNTHETIC = MaskSource("synthetic", "SYNTHETIC masks", _NO_MODEL)
_CAPTURED_WHAT_IF = MaskSource("captured, what-if", f"captured masks{_WHAT_IF}", _OTHER_WIDTHS)
_SYNTHETIC_WHAT_IF = MaskSource("synthetic, what-if", f"SYNTHETIC masks{_WHAT_IF}", _NO_MODEL)
_NONE = MaskSource("none", "no masks", "no layer is gated", of_masks=False)

MASK_SOURCES = by_name((_CAPTURED, _SYNTHETIC, _CAPTURED_WHAT_IF, _SYNTHETIC_WHAT_IF, _NONE))
_WHAT_IFS = {_CAPTURED.name: _CAPTURED_WHAT_IF, _SYNTHETIC.name: _SYNTHETIC_WHAT_IF}


def words_of(names: Iterable[str]) -> str:
    """Return in a few words where the masks of rows come from that have these sources.

    Examples
    --------
    >>> words_of(["captured", "captured, what-if"])
    'captured masks, some of them WHAT-IF'
    >>> words_of(["captured, what-if", "synthetic", "none"])
    'SYNTHETIC masks, captured masks, WHAT-IF, and no masks'
    """
    every = sorted({MASK_SOURCES[name].words for name in names})
    said = [words for words in every if words.removesuffix(_WHAT_IF) not in {*every} - {words}]
    for place, words in enumerate(said):
        if f"{words}{_WHAT_IF}" in every:
            said[place] = f"{words}, some of them WHAT-IF"
    last = ", and " if _WHAT_IF[0] in "".join(said) else " and "
    return last.join(part for part in (", ".join(said[:-1]), said[-1]) if part)


def mask_source_of(trace: GateTrace) -> MaskSource:
    """Return where the masks of a trace come from, and whether they are of other bit widths.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> trace = load_trace("digits_pg_4_2")
    >>> mask_source_of(trace).name, mask_source_of(trace.with_bits(msb_bits=3)).name
    ('captured', 'captured, what-if')
    """
    if not any(layer.shards for layer in trace.layers):
        return _NONE
    return (_WHAT_IFS if "what_if" in trace.provenance else MASK_SOURCES)[trace.mask_source]
