"""Critical paths at a node, against the figures of the gate level as literals (M45)."""

from __future__ import annotations

import math

import pytest

from pgsim import load_arch
from pgsim.arch import PE, load_technology
from pgsim.arch.paths import path_between_ns, path_ns
from pgsim.arch.schedulers import SCHEDULERS
from pgsim.errors import InputError

# 130 nm, SkyWater's cells (sky130.yaml): ns before sizing. Bit Fusion's PE has 2 ns at 45 nm.
FUSION = 16.863
SCALE = 2.0 / FUSION


def close(value):
    return pytest.approx(value, rel=1e-9)


def pe_path(technology, kind, activation=8, weight=8, terms=16):
    pe = PE(kind=kind, max_activation_bits=activation, max_weight_bits=weight, terms=terms)
    return pe.unit.path_ns(technology)


def scheduler_path(technology, kind, columns, **parameters):
    return SCHEDULERS[kind](**parameters).path_ns(technology, columns)


def test_the_fusion_pe_has_the_period_that_it_was_synthesized_for(technology):
    assert path_ns(technology, "fusion_8x8") == 2.0
    # 16 nm: 500 MHz over a delay of 0.5117.
    assert path_ns(load_technology("16nm"), "fusion_8x8") == pytest.approx(2 * 0.5117, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "bits", "path"),
    [
        ("fixed", (8, 8), 9.0694),
        ("fixed", (5, 7), 9.0694),  # rounded up to 8 bits
        ("fixed", (1, 1), 6.82),
        ("fixed", (4, 8), math.sqrt(8.4628 * 9.0694)),
        ("fusion", (8, 8), FUSION),
        ("fusion", (4, 2), math.sqrt(10.716 * 8.0778)),
        ("fusion", (16, 16), 34.925),
    ],
)
def test_parallel_pes_have_the_paths_of_square_ones(technology, kind, bits, path):
    assert pe_path(technology, kind, *bits) == close(path * SCALE)


@pytest.mark.parametrize(
    ("kind", "bits", "terms", "path"),
    [
        ("serial_activation", (8, 8), 16, 13.869),
        ("serial_activation", (8, 4), 16, 13.194),
        ("serial_activation", (8, 8), 8, 13.194),  # as many bits of products
        ("serial_weight", (8, 2), 16, 13.869),
        ("serial_both", (8, 8), 16, 10.476),
        # Half way between 16 and 64 terms on a logarithmic axis.
        ("serial_both", (8, 8), 32, math.sqrt(10.476 * 12.371)),
    ],
)
def test_serial_pes_have_the_paths_of_synthesized_sizes(technology, kind, bits, terms, path):
    assert pe_path(technology, kind, *bits, terms) == close(path * SCALE)


@pytest.mark.parametrize(
    ("kind", "columns", "parameters", "path"),
    [
        ("dense", 16, {}, 0),
        ("skip", 16, {}, 1.3945),
        ("ideal", 16, {}, 1.3945),  # priced as skip
        ("queue", 16, {}, 23.566),
        ("queue", 32, {}, 40.335),
        ("queue", 16, {"depth": 255, "scan": 1}, 23.566),  # held at 16 and 4
        ("combine", 16, {}, 10.829),
        ("combine", 32, {}, 11.571),
        ("combine", 16, {"open": 4}, 6.7402),
        ("combine", 32, {"open": 4}, 11.571 * 6.7402 / 10.829),
        ("combine", 16, {"ways": 2}, 10.829),  # held at 4
    ],
)
def test_schedulers_have_the_paths_of_synthesized_sizes(
    technology, kind, columns, parameters, path
):
    assert scheduler_path(technology, kind, columns, **parameters) == close(path * SCALE)


def test_sizes_in_between_are_on_a_line_of_logarithms(technology):
    between = scheduler_path(technology, "queue", 24)
    share = math.log(24 / 16) / math.log(2)
    assert between == close(23.566 ** (1 - share) * 40.335**share * SCALE)


@pytest.mark.parametrize("kind", ["skip", "combine", "queue"])
def test_more_lanes_are_never_faster(technology, kind):
    paths = [scheduler_path(technology, kind, columns) for columns in (1, 4, 8, 16, 32, 64, 1024)]
    assert paths == sorted(paths)
    assert paths[0] > 0


def test_a_module_that_the_table_lacks_is_named(technology):
    with pytest.raises(InputError, match=r"no module 'fixed_3x3'.*Did you mean 'fixed_"):
        path_ns(technology, "fixed_3x3")
    with pytest.raises(InputError, match="no module 'nothing_2'"):
        path_between_ns(technology, "nothing_{}", (2, 4), 3)


@pytest.mark.parametrize("name", ["pg_os", "pg_ws", "pg_serial", "fixed_8bit"])
def test_parts_of_shipped_designs_meet_their_clock(technology, name):
    arch = load_arch(name)
    assert arch.pe.path_ns(technology) <= 2.0
    assert arch.scheduler.path_ns(technology, arch.array.columns) <= 2.0
