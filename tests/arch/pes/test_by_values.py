"""PEs that go by values: their terms, their waiting and their front end (M58)."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from reference import promoted as reference_promoted
from reference import terms_of

from pgsim import InputError, load_arch, load_trace, simulate
from pgsim.arch import PE, PES
from pgsim.arch.pes.by_values import run_ahead
from pgsim.arch.pes.tactical import promoted, wires
from pgsim.arch.pes.terms import one_by_one, powers_of
from pgsim.workload import layers_with_operands

VALUES = np.arange(-(2**15), 2**16)


@pytest.mark.parametrize("signed_digits", [False, True])
def test_powers_are_those_of_the_stepped_reference(signed_digits: bool) -> None:
    # The reference finds them digit by digit, and checks that they add up to the value.
    words = powers_of(VALUES, signed_digits=signed_digits)
    for value in range(-300, 300):
        powers = [power for power, _ in terms_of(value, signed_digits)]
        assert words[value - VALUES[0]] == sum(2**power for power in powers)


def test_signed_digits_are_never_more_nor_beside_each_other() -> None:
    binary, signed = (powers_of(VALUES, signed_digits=each) for each in (False, True))
    assert (np.bitwise_count(signed) <= np.bitwise_count(binary)).all()
    assert not (signed & signed << 1).any()


def test_a_reach_of_nothing_takes_every_power_in_a_cycle_of_its_own() -> None:
    # Powers 0, 1 and 7 of two lanes; 1 is in both.
    lanes = np.array([[0b11, 0b10000010]], np.uint32)
    assert one_by_one(lanes, 0).tolist() == [3]
    assert one_by_one(lanes, 31).tolist() == [2]


def test_lanes_wait_for_the_lowest_power() -> None:
    # With a reach of 3: 0 and 2; then 5 and 7 of the first, 8 of the second only after 5.
    lanes = np.array([[0b10100001, 0b100000100]], np.uint32)
    assert one_by_one(lanes, 3).tolist() == [3]
    assert one_by_one(lanes, 2).tolist() == [4 - 1]
    assert one_by_one(lanes, 1).tolist() == [4]


def test_rows_that_run_ahead_are_as_fast_as_the_slowest_alone() -> None:
    cycles = np.array([[[5, 1, 1, 1], [1, 1, 1, 5]]])
    # In lockstep 5 + 1 + 1 + 5. One ahead: the second row's third step waits for the first's 5.
    assert [int(run_ahead(cycles, each)[0]) for each in range(4)] == [12, 11, 10, 8]


def test_the_trident_of_the_paper() -> None:
    # T<2,5>: eight inputs with the lane's own weight.
    reach = {(1, 0), (2, 0), (1, 1), (1, -1), (2, 2), (2, -2), (1, 3)}
    assert set(wires(2, 5)) == reach
    assert wires(0, 0) == []


def test_weights_are_promoted_as_in_the_stepped_reference() -> None:
    rng, numbers = Random(0), np.random.default_rng(0)
    moved = 0
    for _ in range(150):
        lookahead = rng.randint(0, 4)
        lookaside = rng.randint(0, 7) if lookahead else 0
        size = rng.randint(1, 4), rng.randint(1, 7), rng.choice((1, 2, 3, 4, 8))
        weights = (numbers.random(size) < rng.random()).astype(int)
        expected = [
            [
                [-1 if slot is None else slot[0] * size[2] + slot[1] for slot in column]
                for column in step
            ]
            for step in reference_promoted(weights.tolist(), lookahead, lookaside)
        ]
        found = promoted(weights != 0, wires(lookahead, lookaside))
        assert [step.tolist() for step in found] == expected
        moved += len(expected) < size[1]
    assert moved > 30


@pytest.mark.parametrize("kind", [name for name, each in PES.items() if each.by_values])
def test_no_fold_takes_longer_than_the_most_cycles(kind: str) -> None:
    pe = PE(kind=kind, terms=4, max_weight_bits=4, first_stage_bits=0).unit
    numbers = np.random.default_rng(1)
    activations = numbers.integers(0, 256, (5, 3, 6, 4))
    weights = numbers.integers(-128, 128, (2, 6, 4))
    work = pe.work(activations, pe.laid_out(weights), 8, 8)
    lanes, most = pe.macs_and_cycles(8, 8)
    assert lanes == 4
    assert (work.cycles <= 6 * most).all()
    assert (work.cycles > 0).all()
    assert (work.busy_pe_cycles <= 3 * 2 * work.cycles).all()
    assert (work.terms * pe.term_bits(8, 8) <= work.busy_pe_cycles * 4 * pe.term_bits(8, 4)).all()


def test_weights_are_laid_out_once_for_all_time_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = layers_with_operands(load_trace("char_lstm_pg_4_2")).of_layers(["lstm1.hidden"])
    laid_out = []
    monkeypatch.setattr(
        "pgsim.arch.pes.tactical.promoted",
        lambda effectual, reach: laid_out.append(effectual) or promoted(effectual, reach),
    )
    simulate(trace, load_arch("tactical_asplos_2019").override({"array.columns": 64}), "full")
    assert len(laid_out) == 1024 // 64


def test_wires_aside_need_some_ahead() -> None:
    with pytest.raises(
        ValueError, match=r"lookaside: value 5: expected 0 where array\.pe\.lookahead"
    ):
        PE(kind="tactical_essential", lookahead=0)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "array.dataflow",
            "ws",
            r"array\.dataflow: value 'ws': expected os where array\.pe\.kind is",
        ),
        ("array.lanes", "positions", r"array\.lanes: value 'positions': expected channels where"),
        (
            "array.convention",
            "scalesim",
            r"array\.convention: value 'scalesim': expected pgsim where array\.pe\.kind is",
        ),
        ("mapping", "search", r"mapping\.kind: .*expected the fixed order"),
        ("lsb.lane_order", "density", r"lsb\.lane_order: value 'density': expected raster where"),
        ("array.pe.zero_gating", True, r"zero_gating: value true: expected false"),
    ],
)
def test_designs_that_cannot_go_by_values(key: str, value: object, message: str) -> None:
    design = load_arch("pg_serial").override({"array.pe.kind": "pragmatic", "mapping": "fixed"})
    with pytest.raises(InputError, match=message):
        design.override({key: value})
