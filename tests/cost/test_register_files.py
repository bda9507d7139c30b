"""Register files: what their words, their area and their leakage cost (M28, M29, M46)."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from arch_files import rewritten, technology_text
from designs import conv, design, trace_of

from pgsim import InputError, load_arch, simulate
from pgsim.cost import area_mm2, costs_of
from pgsim.files import shipped

FILES = {
    "array.dataflow": "row_stationary",
    "array.register_files.activation_words": 6,
    "array.register_files.weight_words": 12,
    "array.register_files.sum_words": 2,
}
LAYER = conv(2, 2, 5, 3, gate="none", msb_bits=None)


def test_words_cost_by_their_bits() -> None:
    relative = design(FILES | {"technology": "eyeriss_relative", "array.pe.max_weight_bits": 16})
    row = simulate(trace_of(LAYER), relative, "full").summary
    pe = costs_of(relative).pe.dynamic_pj_per_cycle
    # M46's example: 252 words at 2 and 1512 at 1, of 16 bits, beside 324 busy PE cycles.
    assert (row["network_words"], row["register_file_words"]) == (252, 1512)
    assert row["energy_pe_pj"] == pytest.approx(2 * 252 + 1512 + 324 * pe, rel=1e-9)
    # Words of 8 bits cost half of that.
    narrow = simulate(
        trace_of(LAYER), design(FILES | {"technology": "eyeriss_relative"}), "full"
    ).summary
    assert narrow["energy_pe_pj"] == pytest.approx(252 + 756 + 324 * 0.33755, rel=1e-9)


def test_relative_energies_are_the_papers() -> None:
    # Chen et al., ISCA 2016, table IV: 1, 1, 2, 6 and 200, a word of 16 bits each.
    arch = load_arch("eyeriss_isca_2016").override({"technology": "eyeriss_relative"})
    costs = costs_of(arch)
    assert costs.pe.dynamic_pj_per_cycle == 1
    assert costs.register_files is not None
    assert 16 * costs.register_files.access_pj_per_bit == 1
    assert 16 * costs.register_files.network_pj_per_bit == 2
    assert costs.buffers["activation"].read_pj_per_word == pytest.approx(6)
    assert 16 * costs.dram_pj_per_bit == 200


def test_register_files_at_45_nm_are_multiples_of_its_16_bit_pe() -> None:
    costs = costs_of(load_arch("eyeriss_isca_2016"))
    assert costs.register_files is not None
    mac = costs.pe.dynamic_pj_per_cycle
    assert 16 * costs.register_files.access_pj_per_bit == pytest.approx(mac, rel=1e-5)
    assert 16 * costs.register_files.network_pj_per_bit == pytest.approx(2 * mac, rel=1e-5)


def test_their_bits_have_the_area_and_leakage_of_sram() -> None:
    without, with_files = (
        design({"array.dataflow": "ws"}),
        design(FILES),
    )
    more = area_mm2(costs_of(with_files))["pe"] - area_mm2(costs_of(without))["pe"]
    # 8 PEs of 20 words of 8 bits, on the line through the two smallest banks, 128 and 512 bytes.
    slope = math.log(4419.8 / 1498.9) / math.log(512 / 128)
    assert more == pytest.approx(8 * 1498.9e-6 * (20 / 128) ** slope, rel=1e-9)
    assert costs_of(with_files).leakage_uw > costs_of(without).leakage_uw


def test_a_technology_without_their_price_is_refused(tmp_path: Path) -> None:
    text = technology_text()
    begin = text.index("register_files:")
    section = text[begin : text.index("# ASSUMED, to be replaced", begin)]
    path = rewritten(tmp_path, text, section, "")
    synthesis = shipped("arch_configs/synthesis", "sky130", ".yaml").read_text()
    (tmp_path / "sky130.yaml").write_text(synthesis)
    costs_of(design({"technology": str(path)}))
    with pytest.raises(InputError, match=r"register_files: missing: .* PEs of test-4x2 need"):
        costs_of(design(FILES | {"technology": str(path)}))
