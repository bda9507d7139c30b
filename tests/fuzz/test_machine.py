"""The machine itself: each fault that a reader can have is found, and inputs can be repeated."""

from __future__ import annotations

import time

import pytest

from fuzz import campaign as campaigns
from fuzz.campaign import campaign, in_this_process
from fuzz.limits import Overrun, timed
from fuzz.planted import Planted
from fuzz.readers import READERS


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("traceback", "traceback"),
        ("time", "time"),
        ("memory", "memory"),
        ("long message", "message"),
        ("message of control characters", "message"),
        ("message of nothing", "message"),
        ("accepted", "accepted"),
    ],
)
def test_every_fault_is_found(fault: str, kind: str) -> None:
    outcome = in_this_process(Planted(fault), 0, range(1))
    assert [each.kind for each in outcome.failures] == [kind]


def test_what_is_refused_by_a_sentence_or_right_is_no_failure() -> None:
    outcome = in_this_process(Planted("right", "refused", "right"), 0, range(3))
    assert (outcome.tried, outcome.taken, outcome.failures) == (3, 2, [])


def test_an_input_that_ends_its_process_is_found_and_the_next_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(campaigns, "_SILENT_SECONDS", 5)
    faults = ("right", "crash", "refused", "traceback", "deaf", "right")
    outcome = campaign([Planted(*faults)], 0, len(faults), jobs=1)["planted"]
    assert (outcome.tried, outcome.taken) == (6, 2)
    found = {each.index: (each.kind, each.where) for each in outcome.failures}
    assert found.keys() == {1, 3, 4}
    assert found[1] == ("crash", "ended with 7")
    assert found[3][0] == "traceback"
    assert found[4] == ("crash", "did not answer")


def test_waiting_is_bounded_too() -> None:
    with pytest.raises(Overrun, match="waiting"), timed(wall_seconds=0.2):
        time.sleep(10)


@pytest.mark.parametrize("name", ["trace", "architecture", "csv_table", "json_table"])
def test_an_input_follows_from_its_seed_and_index(name: str) -> None:
    reader = READERS[name]
    first = [reader.input(0, index) for index in range(20)]
    assert [reader.input(0, index) for index in reversed(range(20))] == first[::-1]
    assert len({each.data for each in first}) > 15
    assert [reader.input(1, index) for index in range(20)] != first
