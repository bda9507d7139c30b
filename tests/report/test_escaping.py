"""Text from files is text in a report, whatever it says."""

from __future__ import annotations

import numpy as np
import pytest
from html_reader import Node
from shipped import in_fixed_order

from pgsim import GateTrace, LayerShape, simulate

SCRIPT = "<script>alert(1)</script>"
BREAKOUT = "\"'><img src=x onerror=alert(1)>"
CONTROL = "conv\x1b[31m\x00\u202e"
EMOJI = "conv\N{SLIGHTLY SMILING FACE} & größe"
TRICKY = 'a id="b" 1.23456'
NAMES = (SCRIPT, BREAKOUT, EMOJI, TRICKY)  # of layers, which are printable in any trace


def gated(name: str) -> LayerShape:
    return LayerShape(
        name=name, op="conv2d", in_channels=4, out_channels=8, in_size=(6, 6), kernel=(3, 3),
        padding=(1, 1), activation_bits=4, msb_bits=2, weight_bits=8, gate="output",
    )  # fmt: skip


@pytest.fixture(scope="module")
def strange():
    """A simulation all of whose names are hostile."""
    rng = np.random.default_rng(0)
    masks = {name: rng.random((2, 8, 6, 6)) < 0.3 for name in NAMES}
    trace = GateTrace.from_masks(masks, [gated(name) for name in NAMES], name=SCRIPT + CONTROL)
    source = f"</style>{SCRIPT}"
    return simulate(trace, in_fixed_order("pg_os", {"name": BREAKOUT, "source": source}))


@pytest.fixture(scope="module")
def pages(page_of, strange) -> list[Node]:
    """Its report, and that of a table of strange layers."""
    layers = strange.layers.assign(layer=[CONTROL, *NAMES[1:]], arch=SCRIPT)
    command = f"pgsim report {SCRIPT}"
    return [page_of(of, commands=[command]) for of in (strange, layers)]


def test_no_text_becomes_markup(pages):
    for page in pages:
        assert len(list(page.all("script"))) == 1
        assert not list(page.all("img"))
        assert not [name for each in page.all() for name in each.attributes if name == "onerror"]


def test_names_stand_as_they_are_and_control_characters_are_spelled_out(pages):
    spelled = r"conv\x1b[31m\x00\u202e"
    layers = pages[0].one("layers").tables()[0]
    assert [cell.text for cell in layers["layer"]] == [*NAMES, "network"]
    (title,) = pages[0].all("h1")
    assert title.text == f"{SCRIPT}{spelled} on {BREAKOUT}, pg"
    assert f"</style>{SCRIPT}" in pages[0].one("configuration").text
    (rows,) = pages[1].one("rows").tables()
    assert [cell.text for cell in rows["layer"]] == [spelled, *NAMES[1:]]
    assert {cell.text for cell in rows["arch"]} == {SCRIPT}


def test_no_control_character_is_in_the_file(report, strange):
    text = report(strange)
    assert not {each for each in text if not each.isprintable() and each != "\n"}


def test_text_of_figures_is_as_it_was(pages):
    for figure in pages[0].one("breakdowns").all("figure"):
        assert [each.text for each in figure.all("text")].count(TRICKY) >= 2
