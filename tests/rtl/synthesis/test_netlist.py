"""Switching rates of small netlists, against what probability says of independent random bits."""

from __future__ import annotations

import pytest
from rtl.synthesis.netlist import HalfZero, Lowest, activity, library_cells

LIBERTY = """library ("two") {
    cell ("and2") {
        pin ("A") {
            direction : "input";
        }
        pin ("B") {
            direction : "input";
        }
        pin ("X") {
            direction : "output";
            function : "(A&B)";
        }
    }
    cell ("nor2") {
        pin ("A") {
            direction : "input";
        }
        pin ("B") {
            direction : "input";
        }
        pin ("Y") {
            direction : "output";
            function : "(!A&!B)";
        }
    }
    cell ("flop") {
        ff ("IQ","IQ_N") {
            clocked_on : "CLK";
            next_state : "D";
        }
        pin ("CLK") {
            direction : "input";
        }
        pin ("D") {
            direction : "input";
        }
        pin ("Q") {
            direction : "output";
            function : "IQ";
        }
    }
    cell ("gate") {
        clock_gating_integrated_cell : "latch_posedge";
        pin ("CLK") {
            direction : "input";
        }
        pin ("GATE") {
            direction : "input";
        }
        pin ("GCLK") {
            direction : "output";
        }
    }
    cell ("adder") {
        pin ("A") {
            direction : "input";
        }
        pin ("S") {
            direction : "output";
            function : "A";
        }
        pin ("C") {
            direction : "output";
            function : "A";
        }
    }
}
"""


def module(cells, **inputs):
    """A netlist as Yosys writes it; `cells` maps a name to (kind, {pin: net})."""
    return {
        "ports": {name: {"direction": "input", "bits": [net]} for name, net in inputs.items()},
        "cells": {
            name: {"type": kind, "connections": {pin: [net] for pin, net in nets.items()}}
            for name, (kind, nets) in cells.items()
        },
    }


def rates(netlist, **drives):
    kinds = [each["type"] for each in netlist["cells"].values()]
    found = activity(netlist, library_cells(LIBERTY, kinds), drives)
    return {name: each.switches for name, each in found.items()}


GATES = module(
    {
        "both": ("and2", {"A": 2, "B": 3, "X": 4}),
        "neither": ("nor2", {"A": 2, "B": 3, "Y": 5}),
        "later": ("flop", {"CLK": 9, "D": 4, "Q": 6}),
        "never": ("and2", {"A": 6, "B": "0", "X": 7}),
    },
    a=2,
    b=3,
)


def test_gates_switch_as_often_as_their_values_differ_from_cycle_to_cycle() -> None:
    # A bit that is 1 with chance p, independent of the cycle before, switches with 2p(1 - p).
    found = rates(GATES)
    expected = {"both": 2 / 4 * 3 / 4, "neither": 2 / 4 * 3 / 4, "later": 2 / 4 * 3 / 4, "never": 0}
    assert found == pytest.approx(expected, abs=0.02)


def test_ports_take_the_chance_or_the_constant_that_they_are_driven_with() -> None:
    found = rates(GATES, a=1, b=0.1)
    assert found == pytest.approx({"both": 0.18, "neither": 0, "later": 0.18, "never": 0}, abs=0.02)


def test_only_the_lowest_bits_of_a_port_move() -> None:
    netlist = module(
        {"low": ("and2", {"A": 2, "B": "1", "X": 4}), "high": ("and2", {"A": 3, "B": "1", "X": 5})},
        **{"bus[0]": 2, "bus[1]": 3},
    )
    assert rates(netlist, bus=Lowest(1)) == pytest.approx({"low": 0.5, "high": 0}, abs=0.02)
    assert rates(netlist, bus=2) == {"low": 0, "high": 0}


def test_a_toggling_flop_switches_in_every_cycle() -> None:
    netlist = module(
        {
            "state": ("flop", {"CLK": 9, "D": 3, "Q": 2}),
            "inverted": ("nor2", {"A": 2, "B": 2, "Y": 3}),
        },
        clk=9,
    )
    assert rates(netlist) == {"state": 1, "inverted": 1}


GATED = module(
    {
        "clock_gate": ("gate", {"CLK": 9, "GATE": 3, "GCLK": 8}),
        "held": ("flop", {"CLK": 8, "D": 2, "Q": 4}),
        "free": ("flop", {"CLK": 9, "D": 2, "Q": 5}),
    },
    clk=9,
    data=2,
    open=3,
)


def test_a_gated_flop_holds_what_it_has_and_its_clock_counts_when_it_is_let_through() -> None:
    cells = library_cells(LIBERTY, ["gate", "flop"])
    found = activity(GATED, cells, {"open": 0.25})
    # A new random bit in a quarter of the cycles, which differs from the old one in half of them.
    assert found["held"] == pytest.approx((0.125, 0.25), abs=0.02)
    assert found["free"] == pytest.approx((0.5, 1), abs=0.02)
    assert found["clock_gate"].clocked == 1
    assert activity(GATED, cells, {"open": 0})["held"] == (0, 0)


BUS = module(
    {f"bit{index}": ("and2", {"A": 2 + index, "B": "1", "X": 20 + index}) for index in range(8)},
    **{f"bus[{index}]": 2 + index for index in range(8)},
)


def test_half_of_the_operands_of_a_port_are_zero() -> None:
    # A bit is 1 with a chance of a quarter, so it switches with 2 * 1/4 * 3/4; unused ones never.
    found = rates(BUS, bus=HalfZero(6, 2))
    assert found == pytest.approx({f"bit{i}": 0.375 if i < 6 else 0 for i in range(8)}, abs=0.02)


def test_an_operand_may_be_zero_for_several_cycles() -> None:
    # Of 8 cycles of one operand it is random in half: in those 7 pairs a bit switches with 1/2; in
    # the eighth, which two operands share, with 2 * 1/4 * 3/4.
    found = rates(BUS, bus=HalfZero(8, 1, cycles=8))
    expected = (7 / 4 + 0.375) / 8
    assert found == pytest.approx({f"bit{index}": expected for index in range(8)}, abs=0.02)


def test_a_cell_of_two_outputs_is_refused() -> None:
    with pytest.raises(ValueError, match="adder: expected one output, not S, C"):
        library_cells(LIBERTY, ["adder"])
