"""Labels of masks: captured, synthetic, of other bit widths, or none at all."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from designs import design, drawn, linear, trace_of
from plot_cases import title

from pgsim import compare, simulate
from pgsim.plots import draw_comparison, draw_masks, draw_results
from pgsim.results.mask_sources import MASK_SOURCES, mask_source_of, words_of
from pgsim.workload import GateTrace

LAYER = linear(6, 3, 1)  # 4 bits, of which 2 MSBs


@pytest.fixture
def captured() -> GateTrace:
    return replace(trace_of(LAYER, drawn("x.x..x", "......")), mask_source="captured")


def plain() -> GateTrace:
    layer = LAYER.model_copy(update={"gate": "none"})
    return GateTrace.from_masks({}, [layer], images=2, mask_source="captured", name="plain")


def test_a_what_if_on_bit_widths_is_marked_in_every_row_and_figure(captured: GateTrace) -> None:
    asked = captured.with_bits(activation_bits=3)
    result = simulate(asked, design())
    assert set(result.layers["mask_source"]) == {"captured, what-if"}
    assert result.summary["mask_source"] == "captured, what-if"
    figures = (draw_results(result.layers), draw_masks(asked))
    assert all("captured masks, WHAT-IF)" in title(each) for each in figures)
    assert "captured masks, WHAT-IF)" in title(draw_comparison(compare(asked, design())))


def test_titles_name_the_masks_of_what_ifs_and_of_others_once(captured: GateTrace) -> None:
    tables = [
        simulate(each, design()).layers for each in (captured, captured.with_bits(msb_bits=3))
    ]
    both = draw_results(pd.concat(tables, ignore_index=True))
    assert "(2 images, captured masks, some of them WHAT-IF)" in title(both)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["synthetic, what-if", "synthetic"], "SYNTHETIC masks, some of them WHAT-IF"),
        (["none", "captured"], "captured masks and no masks"),
        (["captured, what-if"], "captured masks, WHAT-IF"),
        (["captured", "synthetic, what-if"], "SYNTHETIC masks, WHAT-IF, and captured masks"),
    ],
)
def test_words_of_several_sources(names: list[str], words: str) -> None:
    assert words_of(names) == words


def test_widths_that_a_trace_has_already_are_no_what_if(captured: GateTrace) -> None:
    same = replace(captured, accuracy={"top1": 0.9}).with_bits(activation_bits=4, msb_bits=2)
    assert mask_source_of(same).name == "captured"
    assert (same.accuracy, same.provenance) == ({"top1": 0.9}, captured.provenance)


def test_a_what_if_on_synthetic_masks_stays_synthetic(captured: GateTrace) -> None:
    made = replace(captured, mask_source="synthetic")
    assert mask_source_of(made).sentence == "SYNTHETIC masks: no model made them"
    assert mask_source_of(made.with_bits(weight_bits=4)).name == "synthetic, what-if"


def test_a_trace_without_a_gate_has_no_masks() -> None:
    assert set(simulate(plain(), design()).layers["mask_source"]) == {"none"}
    assert mask_source_of(plain()).sentence == "no masks: no layer is gated"
    assert "no masks) on" in title(draw_comparison(compare(plain(), design())))


def test_a_provenance_of_a_stranger_is_no_traceback(captured: GateTrace) -> None:
    odd = replace(captured, provenance={"what_if": "who knows"})
    assert mask_source_of(odd).name == "captured, what-if"
    assert compare(odd, design()).warnings
    assert odd.with_bits(msb_bits=1).provenance == {"what_if": {"msb_bits": 1}}


def test_all_labels_differ() -> None:
    assert len({source.words for source in MASK_SOURCES.values()}) == len(MASK_SOURCES)
