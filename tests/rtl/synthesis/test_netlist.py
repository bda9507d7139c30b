"""Switching rates of small netlists, against what probability says of independent random bits."""

from __future__ import annotations

import pytest
from rtl.synthesis.netlist import Lowest, library_cells, switching

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
    return switching(netlist, library_cells(LIBERTY, kinds), drives)


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


def test_a_cell_of_two_outputs_is_refused() -> None:
    with pytest.raises(ValueError, match="adder: expected one output, not S, C"):
        library_cells(LIBERTY, ["adder"])
