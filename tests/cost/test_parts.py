"""What the parts of one design cost, counted by hand (M28, M29)."""

from __future__ import annotations

from pathlib import Path

import pytest
from arch_files import synthesis_text, technology_text
from designs import design
from unit_costs import FIXED, close, gates, sram_um2, stream_bit

from pgsim import InputError
from pgsim.cost import costs_of


def test_a_design_is_the_sum_of_its_parts() -> None:
    costs = costs_of(design({"lsb.window": 256}))
    assert costs.pe.area_um2 == FIXED["area_um2"]
    assert list(costs.buffers) == ["activation", "weight", "output"]
    assert costs.dram_pj_per_bit == 8  # LPDDR4
    # 8 PEs of 16.106 uW, 3 * 64 banks of 1 KiB of 0.396371 uW.
    assert costs.leakage_uw == close(8 * 16.106 + 192 * 0.396371)


@pytest.mark.parametrize(
    ("changes", "stream_bits", "table_bits"),
    [
        # No table and no further stream.
        ({"lsb.scheduler": "dense"}, 0, 0),
        # Two windows of 256 addresses of 8 bits.
        ({"lsb.scheduler": "skip"}, 0, 2 * 256 * 8),
        ({"lsb.scheduler": "skip", "memory.double_buffered": False}, 0, 256 * 8),
        # One further stream of 8 bits through 8 PEs; 2 addresses and each lane's way.
        ({"lsb.scheduler": "combine"}, 8 * 8, 2 * 256 * (2 * 8 + 2)),
        # A bank a lane; half a further stream on average.
        ({"lsb.scheduler": "queue"}, 8 * 8 / 2, 2 * 256 * 2 * 8),
    ],
)
def test_what_gates(changes: dict[str, object], stream_bits: float, table_bits: int) -> None:
    gating = costs_of(design({"lsb.window": 256} | changes)).gating
    assert gating.columns == 2
    assert gating.comparator.area_um2 == close(gates("area_um2", "comparator_32"))
    assert gating.stream_bits == stream_bits
    assert gating.stream_bit.area_um2 == close(stream_bit("area_um2"))
    banks = 2 if changes["lsb.scheduler"] == "queue" else 1  # a bank a lane
    table = sram_um2(table_bits, banks) if table_bits else 0
    assert gating.issue_table.area_um2 == close(table)
    logic = 2 * gating.comparator.area_um2 + gating.scheduler.area_um2
    streams = stream_bits * gating.stream_bit.area_um2
    assert gating.area_um2 == close(logic + streams + table)


def test_a_window_of_one_slot_has_an_address_of_one_bit() -> None:
    gating = costs_of(design({"array.dataflow": "ws", "lsb.window": 1})).gating
    assert gating.issue_table.area_um2 == close(sram_um2(2 * 1))


def test_what_the_technology_lacks_is_refused_by_its_key() -> None:
    with pytest.raises(InputError, match=r"memory\.dram\.kind: value 'hbm3'.*'hbm2'"):
        costs_of(design({"memory.dram.kind": "hbm3"}))


def test_a_part_that_adds_less_than_nothing_is_refused(tmp_path: Path) -> None:
    # Four streams add to a fixed 8 x 8 PE 6040.8 - 5128.7 um2; here they would take 0.7 away.
    (tmp_path / "mine.yaml").write_text(synthesis_text().replace("6040.8", "5128"))
    naming = technology_text().replace("synthesis: sky130", "synthesis: mine.yaml")
    (tmp_path / "node.yaml").write_text(naming)
    with pytest.raises(InputError, match=r"mine\.yaml: area_um2 of a bit of an operand stream .*-"):
        costs_of(design({"technology": str(tmp_path / "node.yaml")}))
