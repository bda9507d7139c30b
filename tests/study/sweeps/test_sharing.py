"""What points share is what each would have found alone, however they differ."""

import random
from contextlib import suppress
from functools import partial

import pandas as pd
import pytest

from pgsim.arch import load_arch
from pgsim.errors import InputError
from pgsim.model.work_store import WorkStore
from pgsim.study import counting, jobs
from pgsim.study.simulation import simulate
from pgsim.workload import load_trace

# Prices and clocks, which share counts, and much else, which must not.
CHOICES = {
    "clock_mhz": (200, 250, 400),
    "technology": ("45nm", "16nm"),
    "memory.dram.kind": ("lpddr4", "hbm2"),
    "memory.dram.gb_per_s": (None, 4, 8),
    "memory.dram.burst_bytes": (32, 64),
    "memory.dram.model": ("bandwidth", "pages"),
    "memory.double_buffered": (True, False),
    "memory.weight_sram.kib": (32, 64),
    "memory.retain": (False, True),
    "memory.ports": ("slots", "all"),
    "memory.counting": ("per_read", "per_mac"),
    "lsb.scheduler": ("skip", "combine"),
    "lsb.window": ("auto", 16),
    "lsb.lane_order": ("raster", "density"),
    "lsb.gate_latency_cycles": (0, 2),
    "array.rows": (4, 8),
    "array.pe.kind": ("fusion", "fixed"),
    "batch": (1, 4),
    "output_bits": (None, 8, 16),
    "mapping.kind": ("fixed", "fixed", "fixed", "fixed", "fixed", "search"),
    "mapping.objective": ("latency", "edp"),
}
SCHEMES = ("pg", "full", "uniform:8,8")


def some_designs(chosen, count):
    """Designs of which each differs from the one before in two keys at most."""
    values, found = {"mapping.kind": "fixed"}, []
    while len(found) < count:
        changed = {key: chosen.choice(CHOICES[key]) for key in chosen.sample(list(CHOICES), 2)}
        own = {key: value for key, value in (values | changed).items() if value is not None}
        with suppress(InputError):  # some cannot be built
            found.append(load_arch("pg_ws").override({"name": "any", **own}))
            values |= changed
    return found


@pytest.mark.parametrize("seed", range(3))
def test_shared_results_are_those_of_each_design_alone(seed, gated):
    chosen = random.Random(seed)
    store, trace = WorkStore(), load_trace(gated)
    other = trace.with_bits(weight_bits=4)
    compared, shown, scheme, images = 0, trace, "pg", 2
    for arch in some_designs(chosen, 40):
        if chosen.random() < 0.1:
            shown, scheme = chosen.choice((trace, other)), chosen.choice(SCHEMES)
            images = chosen.choice((2, 4))
        arguments, options = (shown, arch, scheme), {"calibration_images": images}
        try:
            alone = simulate(*arguments, **options)
        except InputError as error:
            with pytest.raises(InputError) as caught:
                simulate(*arguments, store=store, **options)
            assert str(caught.value) == str(error)
            continue
        shared = simulate(*arguments, store=store, **options)
        pd.testing.assert_frame_equal(shared.layers, alone.layers, check_exact=True)
        pd.testing.assert_series_equal(
            pd.Series(shared.summary), pd.Series(alone.summary), check_exact=True
        )
        compared += 1
    assert compared >= 20


PRICES = {"clock_mhz", "technology", "memory.dram.kind"}


@pytest.mark.parametrize("key", CHOICES)
def test_each_key_but_prices_decides(key):
    values = [value for value in CHOICES[key] if value is not None]
    designs = {load_arch("pg_ws").override({"name": "any", key: value}) for value in values}
    assert len(designs) == len(set(values)) > 1
    told = {design.but_for_prices for design in designs}
    assert len(told) == (1 if key in PRICES else len(designs))


def counted_layers(monkeypatch):
    """Let each call that counts the layers of a network be noted."""
    calls = []

    def noted(own, jobs, *arguments):
        calls.append(len(jobs))
        return own(jobs, *arguments)

    for name in ("simulate_layers", "at_any_speed"):
        monkeypatch.setattr(counting, name, partial(noted, getattr(counting, name)))
    return calls


def test_prices_and_clocks_share_counts_and_nothing_else_does(gated, monkeypatch):
    calls, store, trace = counted_layers(monkeypatch), WorkStore(), load_trace(gated)
    base = {"mapping.kind": "fixed"}
    prices = (
        {"clock_mhz": 300},  # DRAM is in bytes a cycle
        {"technology": "16nm"},
        {"memory.dram.kind": "hbm2"},
        {"name": "another"},
        {"source": "elsewhere"},
    )
    arch = load_arch("pg_ws")
    for changes in ({}, *prices):
        simulate(trace, arch.override({"name": arch.name, **base, **changes}), store=store)
    assert len(calls) == 1
    for changes in (
        {"memory.dram.burst_bytes": 32},
        {"memory.dram.model": "pages"},
        {"array.rows": 8},
        {"batch": 2},
        {"mapping.kind": "search"},
    ):
        before = len(calls)
        simulate(trace, arch.override({"name": arch.name, **base, **changes}), store=store)
        assert len(calls) == before + 1, changes


def test_bandwidths_share_all_but_when_transfers_end(gated, monkeypatch):
    calls, store, trace = counted_layers(monkeypatch), WorkStore(), load_trace(gated)
    arch = load_arch("pg_ws").override({"mapping.kind": "fixed"})
    cycles = [
        simulate(trace, arch.override({"memory.dram.bytes_per_cycle": rate}), store=store).cycles
        for rate in (1, 2, 4)
    ]
    assert len(calls) == 1
    assert cycles == sorted(set(cycles), reverse=True)  # each faster than the one before
    for changes in ({"memory.dram.gb_per_s": 4}, {"memory.dram.gb_per_s": 4, "clock_mhz": 300}):
        simulate(trace, arch.override(changes), store=store)
    assert len(calls) == 1
    simulate(trace, arch.override({"memory.dram.burst_bytes": 32}), store=store)
    assert len(calls) == 2


@pytest.mark.parametrize("asked", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_bandwidths_have_rows_of_their_own_whenever_one_asks(gated, asked):
    store, trace = WorkStore(), load_trace(gated)
    arch = load_arch("pg_ws").override({"mapping.kind": "fixed"})
    designs = [arch.override({"memory.dram.bytes_per_cycle": rate}) for rate in (1, 2, 4)]
    found = [simulate(trace, each, store=store) for each in designs]
    for place in asked:
        alone = simulate(trace, designs[place])
        pd.testing.assert_frame_equal(found[place].layers, alone.layers, check_exact=True)
        assert found[place].summary == pytest.approx(alone.summary, rel=0, nan_ok=True)


def test_designs_share_the_passes_of_a_scheme(gated, monkeypatch):
    made, own = [], jobs.network_passes
    monkeypatch.setattr(jobs, "network_passes", lambda *given: made.append(given) or own(*given))
    store, trace = WorkStore(), load_trace(gated)
    for clock_mhz in (200, 300):
        simulate(trace, load_arch("pg_ws").override({"clock_mhz": clock_mhz}), "pg", store=store)
    assert len(made) == 1


def test_bandwidths_share_as_much_where_nests_are_given(gated, monkeypatch):
    calls, store, trace = counted_layers(monkeypatch), WorkStore(), load_trace(gated)
    nests = [{"order": "KNPQC", "block_rows": 2}]
    arch = load_arch("pg_ws").override({"mapping.kind": "fixed", "mapping.nests": nests})
    for rate in (1, 2, 4):
        own = arch.override({"name": "any", "memory.dram.bytes_per_cycle": rate})
        shared = simulate(trace, own, store=store).layers
        pd.testing.assert_frame_equal(shared, simulate(trace, own).layers, check_exact=True)
    assert len(calls) == 1 + 3  # those alone


def test_bandwidths_of_a_search_share_no_nests(gated, monkeypatch):
    calls, store, trace = counted_layers(monkeypatch), WorkStore(), load_trace(gated)
    for rate in (1, 2):
        simulate(
            trace, load_arch("pg_ws").override({"memory.dram.bytes_per_cycle": rate}), store=store
        )
    assert len(calls) == 2


def test_a_search_that_weighs_energy_is_made_anew_at_other_prices(gated, monkeypatch):
    calls, store, trace = counted_layers(monkeypatch), WorkStore(), load_trace(gated)
    arch = load_arch("pg_ws")
    for kind in ("lpddr4", "hbm2", "lpddr4"):
        simulate(trace, arch.override({"memory.dram.kind": kind}), store=store)
    assert len(calls) == 2


def test_a_store_of_no_room_holds_nothing(gated, monkeypatch):
    calls, store, trace = (
        counted_layers(monkeypatch),
        WorkStore(limit_bytes=1000),
        load_trace(gated),
    )
    for _ in range(2):
        simulate(trace, load_arch("pg_ws").override({"mapping.kind": "fixed"}), store=store)
    assert len(calls) == 2
