"""`planes:A,A,...` and `planes:A,A,.../W,W,...`: dense passes, plane by plane (M3)."""

from __future__ import annotations

import pytest
from designs import design, filled, linear, trace_of
from scheme_cases import GATED, INPUT_GATED, UNGATED, planes, widths

from pgsim import COLUMNS, InputError, simulate
from pgsim.results.columns import NEST
from pgsim.schemes import layer_passes, scheme_named

WHOLE = (0, 6)  # the weights of GATED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # 5 bits from the top: 4 to 2, then 1 and 0.
        ("planes:3,2", [((2, 3), WHOLE), ((0, 2), WHOLE)]),
        ("planes:5", [((0, 5), WHOLE)]),
        ("planes:1,1,1,1,1", [((low, 1), WHOLE) for low in (4, 3, 2, 1, 0)]),
        # 6 weight bits: 5 to 2, then 1 and 0; activations outermost.
        (
            "planes:3,2/4,2",
            [((2, 3), (2, 4)), ((2, 3), (0, 2)), ((0, 2), (2, 4)), ((0, 2), (0, 2))],
        ),
        ("planes:5/6", [((0, 5), WHOLE)]),
        ("planes:5/1,5", [((0, 5), (5, 1)), ((0, 5), (0, 5))]),
    ],
)
def test_a_pass_for_every_plane_most_significant_first(
    name: str, expected: list[tuple[tuple[int, int], tuple[int, int]]]
) -> None:
    assert planes(GATED, name) == expected
    assert not any(each.gated for each in layer_passes(GATED, name))
    assert scheme_named(name).name == name


def test_every_layer_of_these_bits_is_split_whatever_its_gate() -> None:
    assert widths(UNGATED, "planes:2,2") == [(2, 6, False)] * 2
    assert widths(INPUT_GATED, "planes:3,1/4,4") == [
        *[(3, 4, False)] * 2,
        *[(1, 4, False)] * 2,
    ]


def test_an_ungated_layer_of_other_bits_is_whole() -> None:
    assert widths(UNGATED, "planes:3,2") == [(4, 6, False)]
    assert widths(UNGATED, "planes:2,2/4,4") == [(4, 6, False)]


@pytest.mark.parametrize(
    ("scheme", "asked"), [("planes:2,2", "4 and 6"), ("planes:3,2/4,4", "5 and 8")]
)
def test_a_gated_layer_of_other_bits_is_refused(scheme: str, asked: str) -> None:
    expected = rf"layer 'linear' has 5 activation and 6 weight bits.*'{scheme}' has planes of "
    with pytest.raises(InputError, match=expected + asked):
        layer_passes(GATED, scheme)


@pytest.mark.parametrize("name", ["planes:8,8/15,1", "planes:16", "planes:1/1"])
def test_an_operand_of_16_bits_or_of_one_can_be_split(name: str) -> None:
    assert scheme_named(name).name == name


@pytest.mark.parametrize("name", ["planes:4,0", "planes:0", "planes:9,8", "planes:4/16,1"])
def test_planes_have_1_to_16_bits_together(name: str) -> None:
    with pytest.raises(InputError, match="planes of 1 bit or more, at most 16 bits together"):
        scheme_named(name)


@pytest.mark.parametrize(
    "name", ["planes", "planes:", "planes:4,", "planes:4/", "planes:/4", "planes:4,-4", "planes:a"]
)
def test_what_is_no_list_of_bits_is_no_scheme(name: str) -> None:
    with pytest.raises(InputError, match="expected one of pg"):
        scheme_named(name)


@pytest.mark.parametrize("dataflow", ["os", "ws", "is", "bitfusion"])
def test_two_planes_are_dual_dense(dataflow: str) -> None:
    layer = linear(13, 21, 7)  # 4 bits, of which 2 are MSBs
    trace = trace_of(layer, filled(layer, True, images=3))
    arch = design({"array.dataflow": dataflow, "batch": 2, "memory.dram.bytes_per_cycle": 4})
    rows = [simulate(trace, arch, scheme).layers.iloc[0] for scheme in ("planes:2,2", "dual_dense")]
    counted = {name for name, column in COLUMNS.items() if column.unit and name not in NEST}
    counted &= set(rows[0].index)
    assert len(counted) > 30
    assert {name: rows[0][name] for name in counted} == {name: rows[1][name] for name in counted}
