"""The designs of a table that no other is better than; fronts are found by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from plot_cases import table

from pgsim import pareto
from pgsim.errors import InputError
from pgsim.results.accuracies import with_accuracy


def designs(*values: tuple[float, float, float]) -> pd.DataFrame:
    """Designs of two layers: cycles and energy of all layers and both images, and area."""
    return table(
        *(
            {
                "array.rows": place, "layer": layer, "cycles": cycles, "energy_pj": energy / 2,
                "area_mm2": area,
            }
            for place, (cycles, energy, area) in enumerate(values)
            for layer in ("conv1", "fc")
        )
    )  # fmt: skip


def test_layers_are_summed_per_image_and_dominated_designs_are_marked() -> None:
    found = pareto(
        designs((10, 40, 1), (20, 20, 1), (30, 30, 1), (30, 10, 1)), "cycles", "energy_pj"
    )
    # two layers of 2 images: the cycles of one; half of the energy of both
    assert found.designs["cycles"].tolist() == [10, 20, 30, 30]
    assert found.designs["energy_pj"].tolist() == [20, 10, 5, 15]
    assert found.designs["dominated"].tolist() == [False, False, False, True]
    assert found.front["array.rows"].tolist() == [0, 1, 3]
    assert found.labels[3] == "pg-os, pg, array.rows=2"
    assert found.finding == "3 of 4 designs are not dominated: least cycles and least energy_pj."


def test_a_third_column_keeps_what_two_would_not() -> None:
    frame = designs((10, 10, 9), (20, 20, 1), (30, 30, 2))
    assert pareto(frame, "cycles", "energy_pj").front["array.rows"].tolist() == [0]
    both = pareto(frame, "cycles", "energy_pj", "area_mm2")
    assert both.front["array.rows"].tolist() == [0, 1]


def test_a_front_of_one_design_is_told_as_one() -> None:
    frame = designs((10, 10, 1), (20, 20, 2))
    found = pareto(frame, "cycles", "energy_pj").finding
    assert found == "1 of 2 designs is not dominated: least cycles and least energy_pj."
    alone = pareto(frame[frame["array.rows"] == 0], "cycles", "energy_pj").finding
    assert alone == "One design, and none to compare it with."


def test_most_turns_a_column_round_and_where_chooses_rows() -> None:
    frame = designs((10, 10, 9), (20, 20, 1), (30, 30, 2))
    assert pareto(frame, "cycles", "area_mm2", most=["cycles"]).front["array.rows"].tolist() == [
        2,
        1,
    ]
    assert len(pareto(frame, "cycles", "area_mm2", where=["array.rows>0"]).designs) == 2


def test_what_a_sweep_varied_may_be_least_too() -> None:
    found = pareto(designs((10, 10, 9), (20, 20, 1), (20, 5, 2)), "array.rows", "energy_pj")
    assert found.front["array.rows"].tolist() == [0, 2]


def test_designs_without_a_value_are_left_out_and_counted() -> None:
    frame = designs((10, 10, 9), (20, 20, 1)).assign(accuracy=[0.5, 0.5, math.nan, math.nan])
    found = pareto(frame, "energy_pj", "accuracy")
    assert len(found.designs) == found.unknown == 1
    assert found.finding.endswith("to compare it with. 1 lacks a value and is left out.")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("cycles", "cycles"), "expected different columns, not cycles, cycles"),
        (("cycles", "energy"), "'energy' is not in this table. Did you mean 'energy_pj'"),
        (("cycles", "scheme"), "'scheme' cannot be drawn"),
    ],
)
def test_what_cannot_be_compared_is_named(columns: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pareto(designs((10, 10, 9)), *columns)


@pytest.mark.parametrize(
    ("trace", "source", "scheme", "stated"),
    [
        # traces/README.md: what the ResNet-20 gated 4/2 and its ungated twins reach, in percent
        ("resnet20_pg_4_2", "captured", "pg", "top1_pg"),
        ("resnet20_pg_4_2[activation_bits=4]", "captured", "uniform:4", "top1_uniform_4"),
        ("resnet20_pg_4_2[activation_bits=5]", "captured, what-if", "pg", None),
        ("resnet20_pg_4_2", "synthetic", "pg", None),
        ("resnet20_pg_4_2", "by hand", "pg", None),  # of no source that is known
        ("resnet20_pg_4_2", math.nan, "pg", None),
        ("a stranger's", "captured", "pg", None),
        ("../traces/resnet20_pg_4_2", "captured", "pg", None),
        ("resnet20_pg_4_2", "captured", "no scheme", None),
    ],
)
def test_accuracies_are_those_that_shipped_traces_state(
    trace: str, source: str | float, scheme: str, stated: str | None
) -> None:
    from pgsim import load_trace

    row = {"trace": trace, "mask_source": source, "scheme": scheme}
    (found,) = with_accuracy(table(row))["accuracy"]
    if stated is None:
        assert math.isnan(found)
    else:
        assert found == load_trace("resnet20_pg_4_2", verify=False).accuracy[stated]


def test_an_accuracy_that_is_there_stays() -> None:
    frame = table({"accuracy": 0.25})
    assert with_accuracy(frame)["accuracy"].tolist() == [0.25]
