"""What a search chooses costs no more than the fixed order, whatever it estimates (M41)."""

from __future__ import annotations

from random import Random

import pytest
from designs import conv, design, linear, random_mask, trace_of

from pgsim import GateTrace, load_arch, simulate
from pgsim.model import room

NESTS = ("nest_order", "block_rows", "block_columns", "block_channels", "window_slots", "cycles")
VALUES = {
    "latency": lambda row: row["cycles"],
    "dram": lambda row: row["dram_read_bytes"] + row["dram_write_bytes"],
    "energy": lambda row: row["energy_pj"],
    "edp": lambda row: row["energy_pj"] * row["cycles"],
}


@pytest.mark.parametrize("objective", VALUES)
@pytest.mark.parametrize("seed", range(8))
def test_no_nest_costs_more_than_the_fixed_order(seed: int, objective: str) -> None:
    rng = Random(seed)
    layer = rng.choice((conv(8, 9, 6, 3), conv(3, 6, 10, 3), linear(12, 40, 7)))
    port = {"banks": rng.choice((1, 2)), "port_bits": 8}
    changes = {
        **{f"memory.{name}_sram.{key}": port[key] for name in ("weight", "output") for key in port},
        "memory.activation_sram.banks": 2,
        "memory.activation_sram.port_bits": 16,
        "memory.activation_sram.kib": rng.choice((0.25, 1)),
        "memory.weight_sram.kib": rng.choice((0.25, 1)),
        "memory.output_sram.kib": rng.choice((0.25, 1)),
        "memory.ports": "all",
        "memory.dram.model": rng.choice(("bandwidth", "pages")),
        "memory.dram.bytes_per_cycle": rng.choice((1, 16)),
        "array.dataflow": rng.choice(("os", "ws", "is")),
    }
    trace = trace_of(layer, random_mask(layer, 1, seed))
    arch, scheme = design(changes), rng.choice(("full", "dual_dense", "pg"))
    (fixed,) = simulate(trace, arch, scheme).rows
    (chosen,) = simulate(trace, arch, scheme, objective=objective).rows
    assert VALUES[objective](chosen) <= VALUES[objective](fixed)
    if chosen["window_slots"] == fixed["window_slots"]:
        assert chosen["cycles"] == fixed["cycles"]


def test_planes_on_demand_keep_the_fixed_order() -> None:
    """M41. What is on demand depends on windows of the fixed order."""
    changes = {"mapping.kind": "search", "memory.lsb_fetch": "on_demand", "memory.retain": False}
    layers = simulate("digits_pg_4_2", load_arch("pg_ws").override(changes), "pg").layers
    gated = layers["mask_density"].notna()
    assert gated.any() and (layers["nest_order"][gated] == "fixed").all()
    assert (layers["nest_order"][~gated] != "fixed").any()


def test_a_dataflow_with_an_order_of_its_own_keeps_it() -> None:
    """M41, M46: row stationary has its own loops."""
    design = load_arch("eyeriss_isca_2016").override({"mapping.kind": "search"})
    layers = simulate("digits_pg_4_2", design, "uniform:8,8").layers
    assert (layers["nest_order"] == "fixed").all()


@pytest.mark.parametrize("speed", ["steady", "variable"])
@pytest.mark.parametrize("objective", VALUES)
def test_no_nest_costs_more_under_a_mask_of_inputs(objective: str, speed: str) -> None:
    """M52: it is looked for without the mask, and taken where it costs less with it."""
    layer = conv(16, 9, 6, 3, padding=[1, 1], gate="input")
    trace, better = trace_of(layer, random_mask(layer, 2)), 0
    for kib in (0.125, 0.25, 1):
        changes = {
            **{
                f"memory.{name}_sram.{key}": value
                for name in ("activation", "weight")
                for key, value in (("kib", kib), ("banks", 2), ("port_bits", 16))
            },
            "memory.dram.bytes_per_cycle": 1,
            "array.dataflow": "ws",
            "array.speed": speed,
            "array.pe.kind": "fixed",
        }
        (fixed,) = simulate(trace, design(changes), "pg").rows
        (chosen,) = simulate(trace, design(changes), "pg", objective=objective).rows
        assert VALUES[objective](chosen) <= VALUES[objective](fixed)
        better += VALUES[objective](chosen) < VALUES[objective](fixed)
    assert better


@pytest.mark.parametrize("objective", ["edp", "latency"])
def test_layers_of_equal_geometry_are_searched_on_masks_of_their_own(objective: str) -> None:
    """They share what follows from sizes alone; each gets the nest that it gets by itself."""
    layers = [conv(4, 6, 6, 3, name=name) for name in ("first", "second")]
    masks = [random_mask(layer, 2, seed) for seed, layer in enumerate(layers)]
    arch = design({"memory.ports": "all"})
    of_both = {layer.name: mask for layer, mask in zip(layers, masks, strict=True)}
    both = simulate(GateTrace.from_masks(of_both, layers), arch, "pg", objective=objective).rows
    for layer, mask, row in zip(layers, masks, both, strict=True):
        (alone,) = simulate(trace_of(layer, mask), arch, "pg", objective=objective).rows
        assert [str(row[key]) for key in NESTS] == [str(alone[key]) for key in NESTS]


@pytest.mark.parametrize("images", [1, 17])
def test_blocks_are_held_of_the_images_that_there_are(images: int) -> None:
    """A batch of 16 would be cut into more tiles than are held; one image is not, as M40 counts.

    Its 224 x 224 x 64 outputs take 64 x 9 MACs each, 512 in a cycle at most.
    """
    wide = {"activation_bits": 8, "weight_bits": 8, "msb_bits": None, "gate": "none"}
    trace = GateTrace.from_masks({}, [conv(64, 64, 224, 3, padding=[1, 1], **wide)], images=images)
    found = simulate(trace, "bitfusion_isca_2018", "full").layers.iloc[0]
    least = images * 224 * 224 * 64 * 64 * 9 // 512
    assert least <= found.cycles <= least * 1.002


def test_no_nest_is_chosen_whose_input_masks_need_more_than_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole layer, 25 positions in 25 banks, has 625 vectors, which are refused (M43, M52).

    A search that asks what suits it without a mask would take it so; windows of the fixed order, of
    512 bytes of sums in two halves for 4 lanes, have 16 positions.
    """
    monkeypatch.setattr(room, "MOST_VECTORS", 256)
    layer = conv(5, 5, 7, 3, gate="input")
    changes = {
        "array.rows": 2,
        "array.columns": 4,
        "array.dataflow": "ws",
        "memory.output_sram.kib": 0.5,
        "memory.output_sram.banks": 2,
        "memory.output_sram.port_bits": 8,
        "memory.ports": "all",
    }
    trace, arch = trace_of(layer, random_mask(layer, 1, 25)), design(changes)
    (fixed,) = simulate(trace, arch, "pg").rows
    for objective in VALUES:
        (found,) = simulate(trace, arch, "pg", objective=objective).rows
        assert VALUES[objective](found) <= VALUES[objective](fixed)
