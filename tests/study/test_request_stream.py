"""Requests at several precisions of one weight set: planes that are loaded, and when (M55)."""

from __future__ import annotations

from pathlib import Path

import pytest
from designs import design, linear

from pgsim import GateTrace, InputError, load_arch, load_trace, request_stream, simulate
from pgsim.results.table_files import read_table, write_table
from pgsim.study.request_stream import RequestStream

WIDE = {"gate": "none", "msb_bits": None, "activation_bits": 8, "weight_bits": 8}
INNER, OUTER = 32 * 32, 32 * 32 + 32 * 8  # weights of `trace`
SEARCHED = {"mapping.kind": "search", "mapping.objective": "energy"}


def trace() -> GateTrace:
    layers = [
        linear(6, 32, 32, name="first", **WIDE),
        linear(6, 32, 32, name="inner", **WIDE),
        linear(6, 32, 8, name="last", **WIDE),
    ]
    accuracy = {"top1_8_bits": 0.9, "top1_2_bits": 0.5}
    return GateTrace.from_masks({}, layers, images=3, accuracy=accuracy)


def weights(found: RequestStream) -> list[int]:
    return [int(each) for each in found.table["dram_weight_read_bytes"]]


BYTES = {"memory.dram.burst_bytes": 1}  # so that nothing is rounded up


@pytest.mark.parametrize(
    "changes", [{}, SEARCHED, {"array.dataflow": "ws"}, {"array.lanes": "positions"}]
)
def test_an_upgrade_loads_what_is_missing_and_a_downgrade_nothing(
    changes: dict[str, object],
) -> None:
    stream = [("top:2,2", 5), ("top:4,4", 2), ("top:2,2", 9), ("top:8,8", 1), ("top:4,4", 3)]
    found = request_stream(trace(), design(BYTES | changes), stream)
    loads = [OUTER + INNER * 2 // 8, INNER * 2 // 8, 0, INNER * 4 // 8, 0]
    assert found.weights_stay
    assert weights(found) == [*loads, sum(loads)]
    assert sum(loads) == OUTER + INNER  # each plane once


@pytest.mark.parametrize("changes", [{}, SEARCHED])
def test_weights_that_leave_are_loaded_by_every_request(changes: dict[str, object]) -> None:
    arch = design(BYTES | changes)
    stream = [("top:2,2", 5), ("top:8,8", 2)]
    found = request_stream(trace(), arch, stream, weights_stay=False)
    assert not found.weights_stay
    for row, (scheme, requests) in zip(found.table.to_dict("records"), stream, strict=False):
        alone = simulate(trace(), arch, scheme).summary
        for column in ("cycles", "dram_weight_read_bytes", "energy_pj"):
            assert row[column] == pytest.approx(requests * alone[column] / 3, rel=1e-12)
        assert row["requests"] == requests


def test_weights_stay_where_the_buffer_holds_all_that_the_stream_reads() -> None:
    # 2304 weights of 8 bits are 2.25 KiB; at 2 bits inside they are 1.5.
    for kib, stream, stays in (
        (2.25, ["top:8,8"], True),
        (2.125, ["top:8,8"], False),
        (1.5, ["top:2,2"], True),
        (1.5, ["top:2,2", "top:4,4"], False),
    ):
        sram = {"kib": kib, "banks": 1, "port_bits": 64}
        arch = design({f"memory.weight_sram.{key}": value for key, value in sram.items()})
        found = request_stream(trace(), arch, [(scheme, 2) for scheme in stream])
        assert found.weights_stay is stays, (kib, stream)


def test_weights_on_chip_take_no_time_of_dram() -> None:
    # 2 folds of 5 cycles; the skew is 2. At a byte a cycle a request reads 10 bytes of weights, two
    # bursts of 8, and 20 of inputs, three; it writes 4 of outputs, one burst.
    layer = linear(4, 5, 2, name="only", **WIDE)
    one = GateTrace.from_masks({}, [layer], images=1)
    arch = design({"array.rows": 2, "memory.dram.bytes_per_cycle": 1, "memory.dram.burst_bytes": 8})
    found = request_stream(one, arch, [("full", 4)])
    (stretch,) = found.stretches
    first, further = (int(each.summary["cycles"]) for each in (stretch.first, stretch.further))
    assert (first, further) == (16 + 24 + 12 + 8, 24 + 12 + 8)
    assert found.table["cycles"].tolist() == [first + 3 * further] * 2


def test_a_larger_stream_costs_what_its_requests_do() -> None:
    arch = load_arch("pg_serial").override({"memory.weight_sram.kib": 512})
    shipped = load_trace("resnet20_switchable_8_4_2")
    found = request_stream(shipped, arch, [("top:8,8", 1), ("top:4,4", 10**6)])
    (_, many), later = found.stretches, found.table.iloc[1]
    each = many.further.summary
    assert many.first.summary["cycles"] == each["cycles"]  # a downgrade is no different
    assert later["cycles"] == 10**6 * each["cycles"] / 200
    assert later["accuracy"] == 0.8734
    assert found.table["accuracy"].iloc[-1] == pytest.approx((0.874 + 1e6 * 0.8734) / (1e6 + 1))


def test_a_network_of_other_bits_has_other_weights(tmp_path: Path) -> None:
    """The lower planes of 8-bit weights are no weights of 4 bits: only the network's own stay."""
    table = tmp_path / "bits.csv"
    table.write_text("layer,activation_bits,weight_bits\ninner,4,8\nlast,4,5\n")
    with pytest.raises(InputError, match=r"layer 'last': .* takes weights of 5 bits"):
        request_stream(trace(), design(), [(f"table:{table}", 2)])
    narrow = [layer.shape.replace(activation_bits=4, msb_bits=None) for layer in trace().layers]
    inner = GateTrace.from_masks({}, narrow, images=1)
    with pytest.raises(InputError, match="takes weights of 2 bits"):
        request_stream(inner, design(), [("inner:2,2", 2)])
    own = [("uniform:4,8", 2), ("inner:2,8", 1), ("packed:3,8", 1), ("uniform:3", 1)]
    found = request_stream(inner, design(BYTES), own)
    assert weights(found) == [INNER + OUTER, 0, 0, 0, INNER + OUTER]


def test_operands_of_a_product_of_activations_are_no_weights() -> None:
    """Scores read 8-bit keys at 4 bits; the 4-bit weights of the projection stay (M60)."""
    wide = WIDE | {"weight_bits": 4}
    layers = [
        linear(6, 32, 32, name="keys", **wide),
        linear(6, 32, 8, name="scores", **WIDE | {"op": "matmul"}),
    ]
    network = GateTrace.from_masks({}, layers, images=1)
    found = request_stream(network, design(BYTES), [("uniform:8,4", 1), ("uniform:6,4", 2)])
    keys = 32 * 8 * 4 // 8
    assert weights(found)[:2] == [32 * 32 * 4 // 8 + keys, 2 * keys]


def test_accuracy_is_unknown_where_a_precision_states_none() -> None:
    found = request_stream(trace(), design(), [("top:2,2", 1), ("top:3,3", 1)])
    assert found.table["accuracy"].isna().tolist() == [False, True, True]


def test_the_table_is_written_and_read(tmp_path: object) -> None:
    found = request_stream(trace(), design(), [("top:2,2", 3), ("top:8,8", 1)])
    write_table(found.table, f"{tmp_path}/stream.csv")
    again = read_table(f"{tmp_path}/stream.csv")
    assert again.to_dict("list") == found.table.to_dict("list")


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ([], "needs one at least"),
        ([("top:4,4", 0)], "0 requests: expected 1 to"),
        ([("top:4,4", 2**41)], "expected 1 to"),
        ([("top:4,4", 1.5)], "1.5 requests: expected 1 to .* a whole number"),
        ([("tap:4,4", 1)], "Did you mean 'top:4,4'"),
        ([("uniform:8,4", 1)], "layer 'first': .*'uniform:8,4' takes weights of 4 bits.* of 8"),
        ([("top:2,2", 1), ("packed:4,6", 1)], "'packed:4,6' takes weights of 6 bits"),
    ],
)
def test_a_wrong_stream_is_refused(stream: list[tuple[str, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        request_stream(trace(), design(), stream)
