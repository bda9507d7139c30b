"""What holds of any design's energy: it is counts times prices, and fewer bits never cost more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from designs import conv, design, filled, random_mask, trace_of

from pgsim import load_arch, simulate
from pgsim.cost import PARTS, price_list

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
