"""Traces with the integers of some of their images, for PEs that go by values (M58)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgsim import GateTrace, InputError, compare, load_arch, load_trace, save_trace, simulate
from pgsim.model.work_store import WorkStore
from pgsim.workload import load_operands, save_operands, trace_with_operands
from pgsim.workload.operands import reductions_by_tap

PRAGMATIC = load_arch("pg_serial").override(
    {"array.pe.kind": "pragmatic", "mapping": "fixed", "memory.retain": False}
)


def with_operands_alone(name: str) -> GateTrace:
    trace = trace_with_operands(load_trace(name))
    return replace(trace, layers=tuple(each for each in trace.layers if each.operands))


def test_the_images_are_those_of_the_operands() -> None:
    whole, fed = load_trace("digits_pg_4_2"), trace_with_operands(load_trace("digits_pg_4_2"))
    assert (whole.images, fed.images) == (500, 4)
    assert [layer.operands is not None for layer in fed.layers] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]
    assert (fed.layers[1].mask_words() == whole.layers[1].mask_words(0, 4)).all()
    assert trace_with_operands(fed) is fed


def test_reductions_go_tap_by_tap() -> None:
    operands = load_operands("digits_pg_4_2").layers[0]
    shape = operands.shape
    rows = reductions_by_tap(shape, operands.activations)
    padded = np.pad(operands.activations, [(0, 0), (0, 0), (1, 1), (1, 1)])
    # Position (3, 5) of the second image: nine pixels of 32 channels each.
    taps = [padded[1, :, 3 + y, 5 + x] for y in range(3) for x in range(3)]
    assert (rows[1, 0, 3 * 8 + 5] == np.concatenate(taps)).all()


def test_a_layer_without_operands_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"^layer 'conv1' on pg-serial.*--layers operands"):
        simulate("digits_pg_4_2", PRAGMATIC, "full")


def test_gated_passes_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"^layer 'conv2' on .*takes dense passes only.*full"):
        simulate(with_operands_alone("digits_pg_4_2"), PRAGMATIC, "pg")
    with pytest.raises(InputError, match=r"^layer 'conv2' on .*takes dense passes only.*full"):
        compare("digits_pg_4_2", PRAGMATIC)


@pytest.mark.parametrize("scheme", ["uniform:8,8", "uniform:4,4", "uniform:2"])
def test_values_of_other_widths_are_refused(scheme: str) -> None:
    with pytest.raises(InputError, match=r"^layer 'conv2' on .*of which the values are not"):
        simulate(with_operands_alone("digits_pg_4_2"), PRAGMATIC, scheme)


def test_what_ifs_on_widths_have_no_operands() -> None:
    with pytest.raises(
        InputError, match=r"its operands are of another size, gate or width \(4 x 8"
    ):
        simulate(load_trace("digits_pg_4_2").with_bits(activation_bits=5), PRAGMATIC, "full")


def test_a_trace_without_operands_says_how_to_get_some(tmp_path: Path) -> None:
    trace = load_trace("digits_pg_4_2")
    (path,) = save_trace(trace, tmp_path / "mine")
    with pytest.raises(
        InputError, match=r"no integer operands, mine\.operands\.safetensors: write"
    ):
        simulate(path, PRAGMATIC, "full")
    with pytest.raises(InputError, match=r"no integer operands: write them with"):
        simulate(replace(trace, path=None), PRAGMATIC, "full")


def test_operands_of_another_trace_are_refused(tmp_path: Path) -> None:
    trace = load_trace("digits_pg_4_2")
    (path,) = save_trace(replace(trace, model="another"), tmp_path / "mine")
    save_operands(load_operands("digits_pg_4_2"), tmp_path / "mine")
    with pytest.raises(InputError, match=r"of another trace than mine\.safetensors"):
        simulate(path, PRAGMATIC, "full")


def test_operands_of_images_that_are_not_there_are_refused() -> None:
    trace, operands = load_trace("digits_pg_4_2"), load_operands("digits_pg_4_2")
    with pytest.raises(InputError, match="operands of images 498 to 501, and it has 500"):
        trace_with_operands(trace, replace(operands, first_image=498))


def test_images_are_simulated_one_by_one() -> None:
    trace = with_operands_alone("digits_pg_4_2")
    images = simulate(trace, PRAGMATIC, "full", per_image=True).layers
    assert len(set(images.query("layer == 'conv2'")["cycles"])) > 1  # no batch stands for all
    alone = simulate(trace, PRAGMATIC, "full", calibration_images=3)
    assert alone.summary["cycles"] == images.query("image == 3")["cycles"].sum()


def test_simulations_that_share_a_store_go_by_their_own_values() -> None:
    operands, store = load_operands("digits_pg_4_2"), WorkStore()
    names = [layer.shape.name for layer in operands.layers]
    trace = load_trace("digits_pg_4_2").of_layers(names)
    none = [replace(each, activations=np.zeros_like(each.activations)) for each in operands.layers]
    every = [trace, trace_with_operands(trace, replace(operands, layers=tuple(none)))]
    cycles = []
    for rate in (1, 1, 64):  # bytes a cycle: the store is asked for what is there, and for more
        arch = PRAGMATIC.override({"memory.dram.bytes_per_cycle": rate})
        for fed in every:
            result = simulate(fed, arch, "full", store=store)
            alone = simulate(fed, arch, "full")
            assert result.layers.equals(alone.layers)
            cycles.append(result.cycles)
    assert cycles[0] > cycles[1] and cycles[4] > cycles[5]  # zeros take a cycle a step


def test_layers_are_taken_out_by_name() -> None:
    trace = load_trace("digits_pg_4_2")
    assert [layer.shape.name for layer in trace.of_layers(["fc", "conv2"]).layers] == [
        "conv2",
        "fc",
    ]
    with pytest.raises(InputError, match=r"has no layer 'conv6'\. Did you mean 'conv"):
        trace.of_layers(["conv6"])
    with pytest.raises(InputError, match="expected the name of one layer at least"):
        trace.of_layers([])
