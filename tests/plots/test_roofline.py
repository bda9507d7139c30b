"""Rooflines: points and roofs are worked by hand, and no result is above its roofs."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from plot_cases import table, texts, title

from pgsim import load_arch, simulate
from pgsim.errors import InputError
from pgsim.plots import draw_roofline

ARCH = load_arch("pg_os")  # whose DRAM moves 16 bytes a cycle


def layer(**values: Any) -> dict[str, Any]:
    """100 MACs of 4 by 8 bits in 50 cycles, which is half of the peak, and 10 + 6 bytes."""
    row = {
        "arch": ARCH.name, "macs": 100, "average_bits": 4.0, "weight_bits": 8, "cycles": 50,
        "pe_utilization": 0.5, "dram_read_bytes": 10, "dram_write_bytes": 6,
    }  # fmt: skip
    return row | values


def marks(figure: Figure) -> dict[str, tuple[float, float]]:
    return {
        str(line.get_label()): (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in figure.axes[0].get_lines()
        if len(line.get_xdata()) == 1
    }


def roofs(figure: Figure) -> list[list[tuple[float, float]]]:
    return [
        list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in figure.axes[0].get_lines()
        if len(line.get_xdata()) == 3
    ]


def test_layers_and_their_network_stand_under_both_roofs() -> None:
    frame = table(layer(), layer(layer="fc", macs=300, cycles=100, pe_utilization=0.75))
    figure = draw_roofline(frame, ARCH)
    # 3200 operations: over 16 bytes, over 50 cycles; 9600 over 16 and 100; both over 32 and 150
    assert marks(figure) == {
        "conv1": (200, 64), "fc": (600, 96), "network": (400, pytest.approx(12_800 / 150)),
    }  # fmt: skip
    ((_, ridge, right),) = roofs(figure)
    assert ridge == (8, 128) and right[1] == 128  # a peak of 64 / 0.5, at 128 / 16 a byte
    assert texts(figure.axes[0]) == ["128 bit operations per cycle", "16 bytes per cycle"]


def test_designs_of_a_sweep_have_their_own_roofs() -> None:
    frame = table(
        layer(**{"memory.dram.bytes_per_cycle": 8.0}),
        layer(**{"memory.dram.bytes_per_cycle": 32.0, "pe_utilization": 0.25}),
    )
    figure = draw_roofline(frame, ARCH)
    assert [ridge for _, ridge, _ in roofs(figure)] == [(16, 128), (8, 256)]
    assert len(marks(figure)) == 2


def test_what_moves_nothing_is_left_out_and_counted() -> None:
    still = layer(layer="fc", dram_read_bytes=0, dram_write_bytes=0)
    figure = draw_roofline(table(layer(), still), ARCH)
    assert set(marks(figure)) == {"conv1", "network"}
    assert title(figure).endswith("1 without DRAM traffic are left out")
    with pytest.raises(InputError, match="nothing of this table moves a byte of DRAM"):
        draw_roofline(table(still), ARCH)


def test_a_design_with_other_values_has_its_bandwidth_unless_it_says_so() -> None:
    changed = ARCH.override({"array.rows": 8}).name
    assert roofs(draw_roofline(table(layer(arch=changed)), ARCH))[0][1] == (8, 128)
    for key in ("memory.dram.bytes_per_cycle", "clock_mhz"):
        other = ARCH.override({key: 8}).name
        with pytest.raises(InputError, match="give the design that was simulated"):
            draw_roofline(table(layer(arch=other)), ARCH)


@pytest.mark.parametrize("name", ["pg_os", "pg_ws"])
@pytest.mark.parametrize("scheme", ["pg", "uniform:8,8"])
def test_no_layer_is_above_its_roofs(name: str, scheme: str) -> None:
    arch = load_arch(name).override({"mapping.kind": "fixed"})
    figure = draw_roofline(simulate("digits_pg_4_2", arch, scheme).layers, arch)
    ((_, (ridge, peak), _),) = roofs(figure)
    # 16 x 16 PEs of 8 by 8 bits, 4 by 8 a cycle or so: the widest MAC over its cycles
    macs, cycles = arch.pe.macs_and_cycles(arch.pe.max_activation_bits, arch.pe.max_weight_bits)
    bits = arch.pe.max_activation_bits * arch.pe.max_weight_bits
    assert peak == pytest.approx(arch.pes * bits * macs / cycles)
    assert all(
        up <= 1.000001 * min(peak, peak * across / ridge) for across, up in marks(figure).values()
    )


@pytest.mark.parametrize(
    ("rows", "words", "message"),
    [
        ([layer(arch="mine")], {}, "the table has results of 'mine', not only of 'pg-os-16x16'"),
        ([layer()], {"by": "scheme"}, "by: expected design or layer, not 'scheme'"),
        (
            [layer(**{"memory.dram.bytes_per_cycle": each}) for each in range(1, 8)],
            {},
            "7 pairs of roofs do not fit in one figure",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(rows: Any, words: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_roofline(table(*rows), ARCH, **words)
    with pytest.raises(InputError, match="'macs' is not in this table"):
        draw_roofline(table({}), ARCH)


def test_no_grid_line_strikes_through_the_names_of_roofs() -> None:
    (axes,) = draw_roofline(table(layer()), ARCH, width="column").axes
    assert axes.get_axisbelow() == "line"  # which puts its grid at 1.5
    lowest = min(line.get_zorder() for line in axes.get_lines())  # of roofs and marks
    assert len(axes.texts) == 2
    for text in axes.texts:
        behind = text.get_bbox_patch()
        assert behind is not None
        assert to_rgba(behind.get_facecolor()) == to_rgba("white")
        assert 1.5 < text.get_zorder() < lowest
