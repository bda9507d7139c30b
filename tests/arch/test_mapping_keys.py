"""The keys under `mapping`: a word or a section, and nests of layers."""

from __future__ import annotations

import pytest
import yaml
from arch_files import MINIMAL

from pgsim import InputError
from pgsim.arch import LOOPS, load_arch

NEST = "mapping: {nests: [%s]}\n"


def test_layers_keep_the_fixed_order_unless_a_design_says_otherwise(small):
    assert not small.mapping.searches
    assert small.mapping.given("any") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "loops in the fixed order"),
        ({"mapping.kind": "search"}, "loop nests searched for latency"),
        ({"mapping.kind": "search", "mapping.objective": "edp"}, "loop nests searched for edp"),
    ],
)
def test_results_say_how_layers_came_to_their_loop_nests(small, changes, said):
    assert small.override(changes).mapping.label == said
    given = {"mapping.nests": [{"layer": "conv1", "order": "NPQKC"}]}
    assert small.override(changes | given).mapping.label == f"{said} but for those given"


@pytest.mark.parametrize("text", ["mapping: search", "mapping: {kind: search}"])
def test_a_word_is_short_for_a_section(write, text):
    mapping = load_arch(write(MINIMAL + text)).mapping
    assert mapping.searches
    assert (mapping.goal.name, mapping.images) == ("latency", 8)


def test_a_nest_names_its_layer_or_is_for_all_others(write):
    text = NEST % "{order: NPQKC, block_rows: 2}, {layer: b, order: CKQPN, block_images: 3}"
    mapping = load_arch(write(MINIMAL + text)).mapping
    assert (mapping.given("a").order, mapping.given("a").blocks) == (
        "NPQKC",
        (None, 2, *[None] * 3),
    )
    assert (mapping.given("b").order, mapping.given("b").blocks) == ("CKQPN", (3, *[None] * 4))


def test_a_nest_is_printed_as_it_is_read(small):
    changed = small.override({"mapping.nests": [{"order": "CKQPN", "block_rows": 7}]})
    assert yaml.safe_load(yaml.safe_dump(changed.model_dump(mode="json")))["mapping"]["nests"] == [
        {
            "layer": None,
            "order": "CKQPN",
            "block_images": None,
            "block_rows": 7,
            "block_columns": None,
            "block_channels": None,
            "block_in_channels": None,
            "unheld": [],
        }
    ]


def test_an_operand_that_is_left_unheld_is_named(write):
    text = NEST % "{order: NPQKC, unheld: [activation]}"
    assert load_arch(write(MINIMAL + text)).mapping.given("a").unheld == ("activation",)
    with pytest.raises(InputError, match=r"mapping\.nests.*unheld"):
        load_arch(write(MINIMAL + NEST % "{order: NPQKC, unheld: [sums]}"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "mapping: serach",
            "mapping.kind: value 'serach': expected one of fixed, search. Did you mean 'search'?",
        ),
        ("mapping: [fixed]", "mapping: value (a list): expected a section with kind, objective, i"),
        (
            "mapping: {kind: search, objective: speed}",
            "mapping.objective: value 'speed': expected one of latency, energy, edp, dram",
        ),
        ("mapping: {images: 0}", "mapping.images: value 0: expected a whole number from 1 to 6553"),
        ("mapping: {nest: []}", "mapping.nest: unknown key: expected one of kind, objective, imag"),
        ("mapping: {nests: 3}", "mapping.nests: value 3: expected a list."),
        ("mapping: {nests: {order: NPQKC}}", "mapping.nests: value (a section): expected a list."),
        (NEST % "{}", "mapping.nests[0].order: missing: expected text."),
        (NEST % "{order: 3}", "mapping.nests[0].order: value 3: expected text."),
        (
            NEST % "{order: NPQKC, block_row: 1}",
            "mapping.nests[0].block_row: unknown key: expected one of layer, order, block_images",
        ),
        (
            NEST % "{order: NPQKC, block_rows: 0}",
            "mapping.nests[0].block_rows: value 0: expected a whole number from 1 up or null.",
        ),
        (
            NEST % "{order: NPQKC}, {order: KNPQC, block_channels: -1}",
            "mapping.nests[1].block_channels: value -1: expected a whole number from 1 up",
        ),
        (
            NEST % "{order: NPQKC, block_rows: 1.5}",
            "mapping.nests[0].block_rows: value 1.5: expected a whole number from 1 up",
        ),
        (
            NEST % "{order: NPQKC}, {order: CKQPN}",
            "mapping.nests: two nests for all layers without one of their own: expected one.",
        ),
        (
            NEST % "{order: NPQKC, layer: a}, {order: CKQPN, layer: a}",
            "mapping.nests: two nests for layer 'a': expected one.",
        ),
    ],
)
def test_an_error_names_the_key_and_what_was_expected(refusal, text, expected):
    (line,) = refusal(MINIMAL + text)
    assert line.startswith(f"arch.yaml:16: {expected}")


@pytest.mark.parametrize("order", ["NPQK", "NPQKK", "NPQKCC", "npqkc", "NPQK C", "XPQKC", "''"])
def test_an_order_has_each_loop_once(refusal, order):
    (line,) = refusal(MINIMAL + NEST % f"{{order: {order}}}")
    assert line.startswith("arch.yaml:16: mapping.nests[0].order: value ")
    assert f"expected each of the letters {', '.join(LOOPS)} once, outermost first" in line
