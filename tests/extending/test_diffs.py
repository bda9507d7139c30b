"""What docs/extending.md adds does what the page says, and equals independent models of it.

Expected values come from the stepped reference with a plain scheduler or plain passes put in, from
closed forms, from counts by hand, and from a layer that is the same thing by another name.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from itertools import count, islice, product
from math import ceil, sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest
import reference
from cases import Case, random_case
from hand_worked import ARCH, linear
from reference.schedulers import Issue, IssueSlot, Mask

from extending.page import sections
from extending.rows import row_of
from extending.tree import Tree

pytestmark = pytest.mark.xdist_group("extending")  # they share what takes long to make

SECTIONS = sections()
DESIGN = ARCH | {"name": "by-hand", "clock_mhz": 500, "technology": "45nm"}


@dataclass(frozen=True)
class ByHand:
    """A layer on a design with some dotted keys changed."""

    layer: dict[str, Any]
    changes: dict[str, Any]
    scheme: str
    mask: list[list[list[int]]] | None = None

    @property
    def question(self) -> dict[str, Any]:
        """The case as `rows.row_of` takes it."""
        arch = deepcopy(DESIGN)
        for path, value in self.changes.items():
            *parents, key = path.split(".")
            node = arch
            for parent in parents:
                node = node[parent]
            node[key] = value
        return {
            "layer": self.layer,
            "arch": arch,
            "scheme": self.scheme,
            "images": len(self.mask or [None]),
            "mask": self.mask,
            "calibration_mask": [],
        }


def question_of(case: Case, scheme: str) -> dict[str, Any]:
    return {
        "layer": case.layer,
        "arch": case.arch,
        "scheme": scheme,
        "images": case.images,
        "mask": case.mask,
        "calibration_mask": case.calibration_mask or [],
    }


def gated_cases(number: int, scheduler: str) -> list[Case]:
    """The first random cases of Precision Gating, under a scheduler."""
    cases = (random_case(seed) for seed in count())
    gated = (case for case in cases if case.layer["gate"] == "output" and case.scheme == "pg")
    chosen = list(islice(gated, number))
    for case in chosen:
        case.arch["lsb"]["scheduler"] = scheduler
    return chosen


def expected(case: Case, arch: dict[str, Any], scheme: Any) -> dict[str, int]:
    return reference.simulate_layer(
        case.layer,
        arch,
        scheme,
        images=case.images,
        output_bits=reference.output_bits_of(case.layer, arch, scheme),
        mask=case.mask,
        calibration_mask=case.calibration_mask,
    )


def same_integers(found: list[dict[str, Any]], wanted: list[dict[str, int]]) -> bool:
    return [{name: row[name] for name in reference.COUNTS} for row in found] == wanted


# The page.


@pytest.mark.parametrize("name", SECTIONS)
def test_commands_print_what_the_page_shows(name: str, tree: Tree, tmp_path: Path) -> None:
    tree.apply(SECTIONS[name].diff)
    typed = []
    for command in SECTIONS[name].commands:
        if command.line.startswith("cat "):
            (tmp_path / command.line.removeprefix("cat ")).write_text("\n".join(command.shown))
        else:
            typed.append(command)
    printed = tree.ask("session.py", [command.line for command in typed], tmp_path)
    for command, text in zip(typed, printed, strict=True):
        rest = iter([line.rstrip() for line in text.splitlines()])
        assert not [line for line in command.shown if line != "..." and line not in rest]


def test_all_diffs_go_together(tree: Tree) -> None:
    for section in SECTIONS.values():
        tree.apply(section.diff)
    (printed,) = tree.ask("session.py", ["pgsim schemes"])
    assert "pg_bitwise" in printed


# The scheduler.


def pairs(mask: Mask, lsb: dict[str, Any], columns: int) -> Issue:
    """Slots 2i and 2i + 1 together, unless a lane needs both; no slot that no lane needs."""
    slots: list[IssueSlot] = []
    read: list[list[int]] = []
    for first in range(0, len(mask), 2):
        members = [
            {lane: (slot, lane) for lane, bit in enumerate(mask[slot]) if bit}
            for slot in range(first, min(first + 2, len(mask)))
        ]
        active = [member for member in members if member]
        if len(active) == 2 and not active[0].keys() & active[1].keys():
            slots.append(active[0] | active[1])
            read.append([first, first + 1])
        else:
            slots += active
            read += [[slot] for member in active for slot in {slot for slot, _ in member.values()}]
    return Issue(slots, read)


def test_pairs_equals_the_stepped_reference(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    for rules in (reference.plans, reference.pixels):
        monkeypatch.setattr(rules, "schedule", pairs)
    tree.apply(SECTIONS["A scheduler"].diff)
    cases = gated_cases(60, "pairs")
    for case in cases[::2]:  # so that the port is the slower
        for buffer in ("activation_sram", "weight_sram"):
            case.arch["memory"][buffer] |= {"banks": 1, "port_bits": 8}
    wanted = [expected(case, case.arch, "pg") for case in cases]
    assert sum(row["port_stall_cycles"] > 0 for row in wanted) > 10
    assert same_integers(tree.rows([question_of(case, "pg") for case in cases]), wanted)


# The PE.

# MACs and cycles of a `split` of 4 x 8 bits, by bits of activations and of weights.
SPLIT = {
    (1, 8): (2, 1),
    (2, 8): (2, 1),
    (3, 8): (1, 1),
    (4, 8): (1, 1),
    (4, 9): (1, 2),
    (5, 8): (1, 2),
    (8, 8): (1, 2),
    (2, 16): (2, 2),
}


def test_split_pes_are_the_closed_form(tree: Tree) -> None:
    tree.apply(SECTIONS["A PE"].diff)
    split = {"array.pe.kind": "split", "array.pe.max_activation_bits": 4}
    positions, channels, reduction, rows, columns = 10, 5, 7, 4, 2
    layer = linear(positions, channels, reduction, gate="none")
    found = tree.rows([ByHand(layer, split, f"uniform:{a},{w}").question for a, w in SPLIT])
    # Two fixed units of 2 x 8 bits, each the geometric mean of the 2 and the 8 bit one at 45 nm.
    busy_pj = 2 * sqrt(0.0407 * 0.20344)
    for row, (macs, cycles) in zip(found, SPLIT.values(), strict=True):
        steps = ceil(reduction / macs) * cycles
        assert row["msb_cycles"] == ceil(positions / rows) * ceil(channels / columns) * steps
        busy = positions * channels * steps
        idle = row["cycles"] * rows * columns - busy
        assert row["energy_pe_pj"] == pytest.approx((busy + idle / 10) * busy_pj)


# The dataflow.


def test_a_wide_bus_is_the_closed_form(tree: Tree) -> None:
    tree.apply(SECTIONS["A dataflow"].diff)
    columns, channels, reduction = 2, 5, 11
    shapes = list(product(("folds", "none"), (1, 3, 9), (4, 5)))
    found = tree.rows(
        [
            ByHand(
                linear(positions, channels, reduction, gate="none"),
                {"array.dataflow": "ws_wide", "array.rows": rows, "array.overlap": overlap},
                "full",
            ).question
            for overlap, positions, rows in shapes
        ]
    )
    for row, (overlap, positions, rows) in zip(found, shapes, strict=True):
        folds = ceil(channels / columns) * ceil(reduction / rows)
        skew, loading = rows + columns - 2, ceil(rows / 2)
        apart = folds * (loading + positions + skew)
        together = (folds - 1) * max(positions, loading) + positions + skew
        assert row["msb_cycles"] == folds * positions
        in_all = row["msb_cycles"] + row["bubble_cycles"]
        assert in_all == (apart if overlap == "none" else together)


# The scheme.


def test_bit_by_bit_equals_the_stepped_reference(tree: Tree) -> None:
    tree.apply(SECTIONS["A scheme"].diff)
    wanted, cases = [], gated_cases(30, "skip")
    for case in cases:
        bits, msb_bits = case.layer["activation_bits"], case.layer["msb_bits"]
        weights = reference.Plane(0, case.layer["weight_bits"])
        msbs = reference.Plane(bits - msb_bits, msb_bits)
        lsbs = [reference.Plane(low, 1) for low in range(bits - msb_bits - 1, -1, -1)]
        passes = [
            reference.Pass(msbs, weights),
            *(reference.Pass(plane, weights, gated=True) for plane in lsbs),
        ]
        wanted.append(expected(case, case.arch, passes))
    assert same_integers(tree.rows([question_of(case, "pg_bitwise") for case in cases]), wanted)


# The count.

# 10 positions in windows of 4, 4 and 2, 4 channels in two lane groups of 2: 6 tiles. The first lane
# group has work in the first window, the second one in the other two.
STARTED = ByHand(
    linear(10, 4, 3),
    {"lsb.window": 4},
    "pg",
    [[[0, 1, *[0] * 8], [0] * 10, [*[0] * 6, 1, 0, 0, 1], [*[0] * 9, 1]]],
)


def test_instructions_are_counted_and_priced(tree: Tree) -> None:
    tree.apply(SECTIONS["A count of traffic"].diff)
    (found,), before = tree.rows([STARTED.question]), row_of(STARTED.question)
    words = found.pop("instruction_read_words")
    assert words == 6 + 3
    # A word is two of 32 bits from a bank of 4 KiB.
    spent = words * 2 * 3.92891
    for name in ("energy_sram_pj", "energy_pj"):
        assert found[name] - before[name] == pytest.approx(spent)
    energies = {name for name in before if name.endswith("_pj")}
    for name in energies - {"energy_sram_pj", "energy_pj"}:
        assert found[name] == pytest.approx(before[name])  # added up in another order
    others = before.keys() - energies
    assert {name: found[name] for name in others} == {name: before[name] for name in others}


# A nest of 4 channels in two blocks, and of 6 inputs in three.
BLOCKS = {"mapping": {"nests": [{"order": "NPQKC", "block_channels": 2, "block_in_channels": 2}]}}


def test_instructions_of_a_nest_are_counted_block_by_block(tree: Tree) -> None:
    tree.apply(SECTIONS["A count of traffic"].diff)
    ungated = ByHand(linear(8, 4, 6, gate="none"), BLOCKS, "full")
    gated = ByHand(linear(8, 4, 6), BLOCKS, "pg", [[[1] * 8, [0] * 8, [0] * 8, [0] * 8]])
    found = tree.rows([ungated.question, gated.question])
    # Both passes of the first block of channels happen, of the other the first alone.
    assert [row["instruction_read_words"] for row in found] == [2 * 3, (2 + 1) * 3]


def test_a_count_without_a_price_is_an_error(tree: Tree) -> None:
    tree.apply(SECTIONS["A count of traffic"].diff)
    prices = tree.root / "pgsim" / "cost" / "prices.py"
    text = prices.read_text(encoding="utf-8")
    prices.write_text(text.replace("        *_instructions(costs),\n", ""), encoding="utf-8")
    with pytest.raises(AssertionError, match="no price for the count 'instruction_read_words'"):
        tree.rows([STARTED.question])


# The op.


def test_patches_are_a_convolution_whose_stride_is_its_kernel(tree: Tree) -> None:
    tree.apply(SECTIONS["An op"].diff)
    bits = Random(0)
    fields = {
        "name": "conv",
        "in_channels": 6,
        "out_channels": 4,
        "groups": 2,
        "in_size": [20, 9],
        "kernel": [4, 3],
        "activation_bits": 4,
        "msb_bits": 2,
        "weight_bits": 8,
        "gate": "output",
    }
    # 5 rows and 3 columns of patches.
    mask = [[[int(bits.random() < 0.3) for _ in range(15)] for _ in range(4)] for _ in range(3)]
    changes = {"memory.lsb_fetch": "on_demand", "batch": 2, "lsb.window": 4}
    as_patches = ByHand(fields | {"op": "patches"}, changes, "pg", mask)
    as_conv = ByHand(fields | {"op": "conv2d", "stride": [4, 3]}, changes, "pg", mask)
    (found,) = tree.rows([as_patches.question])
    assert found == row_of(as_conv.question)
