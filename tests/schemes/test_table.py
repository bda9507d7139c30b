"""`table:FILE`: bits of each layer from a table, skipped layers and zero planes (M56)."""

from __future__ import annotations

from pathlib import Path

import pytest
from designs import design, linear

from pgsim import GateTrace, InputError, simulate
from pgsim.schemes import network_passes

UNGATED = {"gate": "none", "msb_bits": None}
LAYERS = [
    linear(4, 8, 8, name="first", **UNGATED),
    linear(4, 8, 8, name="second", **UNGATED),
    linear(4, 8, 6, name="third", **UNGATED),
]
TRACE = GateTrace.from_masks({}, LAYERS, images=2)
HEAD = "layer,activation_bits,weight_bits,zero_weight_planes\n"

Taken = dict[str, list[tuple[tuple[int, int], tuple[int, int]]]]


def taken(path: Path, text: str) -> Taken:
    """Of each layer that is not skipped its planes, as (lowest bit, bits)."""
    path.write_text(text)
    return {
        name: [
            ((each.activation.low, each.activation.bits), (each.weight.low, each.weight.bits))
            for each in passes
        ]
        for name, passes in network_passes(TRACE.layers, f"table:{path}").items()
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bits.csv"


def test_layers_have_the_bits_of_the_table_and_others_their_own(path: Path) -> None:
    assert taken(path, HEAD + "second,3,5,\n") == {
        "first": [((0, 4), (0, 8))],
        "second": [((0, 3), (0, 5))],
        "third": [((0, 4), (0, 8))],
    }


def test_planes_that_the_trace_knows_to_be_zero_cost_nothing_at_its_own_bits(path: Path) -> None:
    zeros = {"activation": [], "weight": [[6, 1, 1.0], [0, 1, 1.0], [1, 1, 0.5]]}
    layer = linear(4, 8, 8, name="first", zeros=zeros, **UNGATED)
    trace = GateTrace.from_masks({}, [layer], images=1)
    expected = {
        "first,4,8,": [(7, 1), (1, 5)],  # bits 6 and 0 are zero
        "first,4,8,3": [(7, 1), (4, 2), (1, 2)],  # and the table's 3
        "first,4,7,": [(0, 7)],  # other weights
    }
    for row, planes in expected.items():
        path.write_text(f"{HEAD}{row}\n")
        passes = network_passes(trace.layers, f"table:{path}")["first"]
        assert [(each.weight.low, each.weight.bits) for each in passes] == planes


@pytest.mark.parametrize("row", ["second,4,0,", "second,4,2,0 1"])
def test_a_layer_without_weight_bits_is_skipped_whole(path: Path, row: str) -> None:
    assert list(taken(path, HEAD + row)) == ["first", "third"]
    result = simulate(TRACE, design(), f"table:{path}")
    whole = simulate(TRACE, design(), "full")
    assert result.layers["layer"].tolist() == ["first", "third"]
    kept = whole.layers[whole.layers["layer"] != "second"]
    for column in ("macs", "cycles", "dram_read_bytes", "dram_write_bytes", "energy_pj"):
        assert result.layers[column].tolist() == kept[column].tolist()
    assert result.summary["macs"] == 2 * 4 * (8 * 8 + 8 * 6)


def test_readers_of_a_skipped_layer_read_what_it_would_have_read(path: Path) -> None:
    path.write_text(HEAD + "second,4,0,\n")
    stay = design({"memory.retain": True})
    result = simulate(TRACE, stay, f"table:{path}")
    first, third = result.layer_results
    assert first.job.output_stays
    assert third.job.inputs_stay
    assert result.layers["dram_activation_read_bytes"].tolist()[1] == 0


def test_the_last_layer_may_be_skipped(path: Path) -> None:
    path.write_text(HEAD + "third,4,0,\n")
    assert simulate(TRACE, design(), f"table:{path}").layers["layer"].tolist() == [
        "first",
        "second",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "secnd,4,4,\n", "no layer 'secnd'. Did you mean 'second'?"),
        (HEAD + "secnd,4,4,\nfrst,4,4,\n", "no layer 'frst'. Did you mean 'first'?"),
        (HEAD + "first,4,0,\nsecond,4,0,\nthird,4,0,\n", "skips every layer"),
    ],
)
def test_a_table_of_another_network_is_refused(path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        taken(path, text)
    assert message in str(error.value)
