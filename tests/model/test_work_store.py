"""A store of results by what decides them: what it keeps, and what it lets go of."""

from __future__ import annotations

import pickle
from random import Random
from typing import Any

import numpy as np
import pytest

from pgsim.model.work_store import Known, WorkStore


def arrays(value: int, words: int = 1) -> tuple[np.ndarray, ...]:
    return (np.full(words, value, np.int64),)


class Works:
    """Works of numbers, and how often each was done."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def of(self, value: int, words: int = 1) -> Any:
        def work() -> tuple[np.ndarray, ...]:
            self.done.append(value)
            return arrays(value, words)

        return work


def test_the_least_recently_used_goes_first() -> None:
    works, store = Works(), WorkStore(limit_bytes=3 * 8)
    for key in (1, 2, 3, 1, 4):  # 4 does not fit: 2 has waited longest
        assert store.get(key, works.of(key))[0].item() == key
    assert works.done == [1, 2, 3, 4]
    for key in (1, 3, 4, 2):
        store.get(key, works.of(key))
    assert works.done == [1, 2, 3, 4, 2]


@pytest.mark.parametrize(("words", "again"), [(3, 0), (4, 1)])
def test_a_result_as_large_as_the_limit_is_held(words: int, again: int) -> None:
    works, store = Works(), WorkStore(limit_bytes=3 * 8)
    for _ in range(2):
        store.get("key", works.of(1, words))
    assert works.done == [1] * (1 + again)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_held_stays_under_the_limit(seed: int) -> None:
    # Against a list of what may be held: 12 words of 8 bytes, the most recent first; a result of 13
    # is never held, and nothing makes room for it.
    rng = Random(seed)
    words = [rng.choice((1, 2, 5, 12, 13)) for _ in range(8)]
    works, store = Works(), WorkStore(limit_bytes=100)
    recent: list[int] = []
    done: list[int] = []
    for key in (rng.randrange(8) for _ in range(100)):
        if key not in recent:
            done.append(key)
        if words[key] <= 12:
            recent = [key, *(each for each in recent if each != key)]
        while sum(words[each] for each in recent) > 12:
            recent.pop()
        assert store.get(key, works.of(key, words[key]))[0].size == words[key]
    assert works.done == done


def test_what_is_held_cannot_be_written_to() -> None:
    store = WorkStore()
    (found,) = store.get("key", lambda: arrays(1))
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 2


def test_a_store_of_nothing_only_computes() -> None:
    works, store = Works(), WorkStore(limit_bytes=0)
    assert not store.keeps
    for _ in range(2):
        store.get("key", works.of(1))
    assert works.done == [1, 1]


def test_a_known_key_is_hashed_once() -> None:
    hashed = []

    class Long(tuple[int, ...]):
        def __hash__(self) -> int:
            hashed.append(self)
            return super().__hash__()

    key, other = Known(Long((1, 2))), Known(Long((1, 2)))
    assert {key: "found"}[other] == "found"
    assert hash(key) == hash(other)
    assert len(hashed) == 2
    assert key != Known((2, 1))
    assert key != (1, 2)


def test_the_least_recently_used_result_is_let_go_of() -> None:
    store, made = WorkStore(limit_bytes=20), []

    def result(key: str) -> str:
        return store.shared(key, lambda: made.append(key) or key, lambda _: 10)

    for key in ("one", "two", "one", "three", "one", "two"):
        assert result(key) == key
    assert made == ["one", "two", "three", "two"]


def test_what_is_held_anew_takes_the_place_of_what_was() -> None:
    store, key, other = WorkStore(limit_bytes=20), Known("key"), Known("other")
    store.hold(other, "small", 5)
    for found, size_bytes in (("first", 5), ("larger", 15)):
        store.hold(key, found, size_bytes)
        assert (store.held(other), store.held(key)) == ("small", found)
    store.hold(key, "largest", 16)  # 21 together: the other one goes
    assert (store.held(other), store.held(key)) == (None, "largest")
    store.hold(key, "too large", 21)
    assert store.held(key) is None
    store.hold(other, "small", 20)
    assert store.held(other) == "small"


def test_a_store_in_another_process_begins_empty() -> None:
    store = WorkStore(limit_bytes=100)
    store.get("known", lambda: (np.zeros(2, np.int64),))
    copy = pickle.loads(pickle.dumps(store))
    assert copy.held(Known("known")) is None and store.held(Known("known")) is not None
    copy.get("large", lambda: (np.zeros(13, np.int64),))  # 104 bytes
    assert copy.held(Known("large")) is None
