"""What sensitivity analyses vary, and what they find: against comparisons of changed designs."""

from __future__ import annotations

import pytest
from designs import conv, random_mask, trace_of
from shipped import in_fixed_order

from pgsim import compare, load_arch, simulate
from pgsim.cost.what_ifs import with_dram_energy
from pgsim.study.factors import FACTORS, Factor, Setting
from pgsim.study.sensitivity import Answer, Question, Sensitivity, sensitivity

TRACE = "digits_pg_4_2"

pytestmark = pytest.mark.xdist_group("sensitivity")  # they share what takes long to find


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(TRACE, in_fixed_order("pg_ws"))


def ratios_of(changes: dict[str, object]) -> dict[tuple[str, str], float]:
    """The same ratios from a comparison's table of a design that has these values."""
    designs = compare(TRACE, in_fixed_order("pg_ws", changes)).designs
    designs.index = designs["design"].str.replace(r" \(\d+x\d+\)", "", regex=True)
    rivals = ("ungated", "8x8 PEs, 8 bits", "4x8 PEs, 4 bits")
    return {
        (rival, quantity): designs.loc[rival, column] / designs.loc["PG", column]
        for rival in rivals
        for quantity, column in (("time", "time_us"), ("energy", "energy_pj"))
    }


def test_as_it_is_it_says_what_a_comparison_says(found: Sensitivity) -> None:
    assert found.base.ratios == pytest.approx(ratios_of({}), rel=1e-12)


def test_a_setting_of_the_design_is_a_comparison_of_that_design(found: Sensitivity) -> None:
    (batch_1,) = (each for each in found.answers if (each.factor, each.setting) == ("batch", "1"))
    assert batch_1.ratios == pytest.approx(ratios_of({"batch": 1}), rel=1e-12)


def test_dram_energy_is_that_of_a_dearer_kind(found: Sensitivity) -> None:
    """GDDR5 costs 14 pJ a bit, LPDDR4 8; nothing else of a design depends on the kind."""
    dearer = Setting("x 14/8", costs=lambda costs: with_dram_energy(costs, 14 / 8))
    factor = Factor("DRAM", lambda arch: (dearer,))
    (answer,) = sensitivity(TRACE, in_fixed_order("pg_ws"), factors=(factor,)).answers
    assert answer.ratios == pytest.approx(ratios_of({"memory.dram.kind": "gddr5"}), rel=1e-9)


def test_loop_nests_stay_as_they_were_chosen_where_prices_alone_change() -> None:
    """M48. On a design with dearer DRAM the ungated network has another nest, in another time."""
    layer = conv(16, 32, 8, 3)
    trace = trace_of(layer, random_mask(layer, 4))
    small = {"memory.activation_sram.kib": 1, "memory.output_sram.kib": 4}
    arch = load_arch("pg_os").override(small | {"memory.dram.bytes_per_cycle": 4})
    ddr3 = arch.override({"memory.dram.kind": "ddr3"})  # 70 pJ a bit for 8
    assert len({simulate(trace, each, "full").cycles for each in (arch, ddr3)}) == 2
    dearer = Setting("x 70/8", costs=lambda costs: with_dram_energy(costs, 70 / 8))
    factor = Factor("DRAM", lambda arch: (dearer,))
    found = sensitivity(trace, arch, factors=(factor,))
    (answer,) = found.answers
    for question, ratio in found.base.ratios.items():
        assert (answer.ratios[question] == ratio) == (question.quantity == "time")


def test_cheaper_pes_make_smaller_arrays_of_equal_area(found: Sensitivity) -> None:
    (answer,) = (each for each in found.answers if each.factor == "PE prices")
    question = Question("8x8 PEs, 8 bits", "time")
    assert answer.ratios[question] > found.base.ratios[question]


def test_every_factor_has_settings_that_are_not_the_design_itself() -> None:
    arch = load_arch("pg_os")
    for factor in FACTORS:
        settings = factor.settings(arch)
        assert settings
        assert len({each.name for each in settings}) == len(settings)
        for each in settings:
            assert not each.design or arch.override(each.design) != arch


def test_the_table_says_what_flips() -> None:
    time, energy = Question("fixed", "time"), Question("fixed", "energy")
    found = Sensitivity(
        "trace",
        "arch",
        Answer("as it is", "-", {time: 1.2, energy: 0.9}),
        (
            Answer("batch", "1", {time: 0.95, energy: 0.8}),
            Answer("batch", "4", {time: 1.1, energy: 1.01}),
        ),
    )
    assert found.table["flips"].tolist() == [0, 0, 1, 0, 0, 1]
    assert found.table["ratio"].tolist() == [1.2, 0.9, 0.95, 0.8, 1.1, 1.01]
    assert found.finding == (
        "PG is faster than fixed (1.20), but for batch 1 (0.95). "
        "PG is not leaner than fixed (0.90), but for batch 4 (1.01). "
        "0 of 2 findings hold throughout."
    )


def test_corners_and_clocks_are_varied_where_the_design_can_have_them() -> None:
    by_name = {each.name: each for each in FACTORS}
    arch = load_arch("pg_os")
    # At 45 nm PEs of low standby power do not reach 500 MHz, which MODEL.md M45 says.
    assert [each.name for each in by_name["corner"].settings(arch)] == ["hp"]
    slow = arch.override({"clock_mhz": 100})
    assert {each.name for each in by_name["corner"].settings(slow)} == {"hp", "lstp"}
    assert [each.name for each in by_name["clock"].settings(arch)] == ["auto"]
    auto = arch.override({"clock_mhz": "auto"})
    assert [each.design for each in by_name["clock"].settings(auto)] == [{"clock_mhz": 500}]
