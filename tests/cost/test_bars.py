"""What holds of any design's energy: it is counts times prices, and fewer bits never cost more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from designs import conv, design, filled, random_mask, trace_of

from pgsim import load_arch, simulate
from pgsim.cost import PARTS, price_list
from pgsim.workload import LayerShape

LAYER = conv(6, 5, 8, 3, padding=[1, 1], activation_bits=4, msb_bits=2)
KINDS = ("fixed", "fusion", "serial_activation", "serial_weight", "serial_both")
ROUNDING = 2**-50  # of a few dozen float64 sums


@pytest.mark.parametrize("scheme", ["pg", "full", "uniform:8,8"])
@pytest.mark.parametrize("name", ["pg_os", "pg_ws", "pg_serial", "fixed_8bit"])
def test_energy_is_counts_times_prices_to_the_last_digit(name: str, scheme: str) -> None:
    result = simulate("digits_pg_4_2", name, scheme)
    gates = any(layer.gated for layer in result.layer_results)
    exact = dict.fromkeys(PARTS, Fraction(0))
    for price in price_list(result.costs, network_gated=gates):
        for layer in result.layer_results:
            count = int(layer.ledger.counts[price.count].sum())
            exact[price.part] += count * Fraction(price.pj)
    for part, energy in exact.items():
        assert result.summary[part] == pytest.approx(float(energy), rel=ROUNDING)
    total = float(sum(exact.values()))
    assert result.summary["energy_pj"] == pytest.approx(total, rel=ROUNDING)


@pytest.mark.parametrize("dataflow", ["os", "ws", "bitfusion"])
@pytest.mark.parametrize("kind", KINDS)
def test_halving_a_width_never_raises_energy(kind: str, dataflow: str) -> None:
    arch = design({"array.pe.kind": kind, "array.dataflow": dataflow})
    trace = trace_of(LAYER, random_mask(LAYER, 2))
    energy = {
        (activation, weight): simulate(trace, arch, f"uniform:{activation},{weight}").summary[
            "energy_pj"
        ]
        for activation in (2, 4, 8)
        for weight in (2, 4, 8)
    }
    for (activation, weight), own in energy.items():
        for halved in ((activation // 2, weight), (activation, weight // 2)):
            if halved in energy:
                assert energy[halved] <= own


SHALLOW = {  # whose passes are short, so that buses and ports are waited for
    "depthwise": conv(16, 16, 7, 5, stride=[2, 2], padding=[2, 2], groups=16),
    "depthwise, large": conv(32, 32, 14, 3, padding=[1, 1], groups=32),
    "pointwise": conv(8, 24, 14, 1),
    "first": conv(3, 16, 16, 3, padding=[1, 1]),
}


@pytest.mark.parametrize("layer", SHALLOW.values(), ids=SHALLOW)
@pytest.mark.parametrize("name", ["pg_os", "pg_ws", "pg_serial", "bitfusion_isca_2018", "tpu_like"])
def test_halving_a_width_raises_neither_energy_nor_cycles_of_a_shipped_design(
    name: str, layer: LayerShape
) -> None:
    arch = load_arch(name).override({"mapping": "fixed", "memory.retain": False})
    trace = trace_of(layer, random_mask(layer, 1))
    widths = [(8, 8), (4, 8), (8, 4), (4, 4)]
    rows = {own: simulate(trace, arch, "uniform:{},{}".format(*own)).summary for own in widths}
    for wide, narrow in ((0, 1), (0, 2), (1, 3), (2, 3)):
        for column in ("energy_pj", "cycles"):
            assert rows[widths[narrow]][column] <= rows[widths[wide]][column]


@pytest.mark.parametrize("scheduler", ["skip", "combine", "queue", "ideal"])
@pytest.mark.parametrize("dataflow", ["os", "ws"])
def test_an_lsb_pass_that_nothing_passes_costs_the_mask_and_the_wait(
    dataflow: str, scheduler: str
) -> None:
    # Its planes are fetched as gated outputs need them, so nothing of them comes from DRAM.
    changes = {
        "array.dataflow": dataflow,
        "lsb.scheduler": scheduler,
        "memory.lsb_fetch": "on_demand",
        "output_bits": 4,
    }
    trace = trace_of(LAYER, filled(LAYER, False))
    gated, msbs = (simulate(trace, design(changes), scheme) for scheme in ("pg", "msb_only"))
    ledgers = [dict(each.layer_results[0].ledger.total()) for each in (gated, msbs)]
    more = {name: count - ledgers[1][name] for name, count in ledgers[0].items()}
    differing = {name for name, count in more.items() if count and not name.endswith("_cycles")}
    # Comparisons, slots looked at, slots there would be; the mask, and sums that wait.
    assert differing <= {
        "compared_outputs",
        "scanned_slots",
        "lsb_slots_dense",
        "output_sram_read_words",
        "output_sram_write_words",
    }
    assert more["compared_outputs"] == LAYER.outputs
    assert more["msb_busy_pe_cycles"] == more["lsb_busy_pe_cycles"] == 0
    assert gated.summary["energy_dram_pj"] == msbs.summary["energy_dram_pj"]


def test_every_count_says_whether_it_costs() -> None:
    result = simulate("digits_pg_4_2", load_arch("pg_os"))
    priced = {price.count for price in price_list(result.costs, network_gated=True)}
    counted = result.layer_results[0].ledger.counts
    assert priced <= set(counted)
    assert all(values.dtype == np.int64 for values in counted.values())
