"""A network at any speed of DRAM: its ledgers are those of layers simulated at that speed (M25)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from designs import conv, design, linear, random_mask, recurrent

from pgsim import ArchConfig, GateTrace, InputError
from pgsim.mapping import loop_sizes, nest_of_blocks
from pgsim.model import any_speed as module
from pgsim.model import blocks, bounds
from pgsim.model.any_speed import AnySpeed, at_any_speed
from pgsim.model.job import Job
from pgsim.model.layer import simulate_layers
from pgsim.model.ledger import Ledger
from pgsim.model.work_store import WorkStore
from pgsim.schemes import scheme_named
from pgsim.study.jobs import jobs_of

NOTHING = WorkStore(limit_bytes=0)
RATES = (0.3, 1, 2.5, 16, 64)
IMAGES = 7

PLAIN = {"gate": "none", "msb_bits": None}
LAYERS = (
    conv(3, 6, 6, 3, name="first"),
    recurrent(4, 6, 5, name="runs"),
    linear(5, 6, 3, name="dense", **PLAIN),
    linear(5, 6, 3, name="again", **PLAIN),  # alike
    recurrent(4, 6, 5, name="states", **PLAIN),
    linear(5, 6, 3, name="scores", **PLAIN).replace(op="matmul"),
    linear(4, 3, 6, name="mixed").replace(op="matmul"),
)
CHOICES = {
    "batch": (1, 2, 3, 10),
    "array.dataflow": ("os", "ws", "is", "bitfusion"),
    "memory.double_buffered": (True, False),
    "memory.dram.model": ("bandwidth", "pages"),
    "lsb.scheduler": ("skip", "combine"),
    "lsb.gate_latency_cycles": (0, 3),
}

SMALL = {
    "memory.weight_sram.kib": 1 / 32,
    "memory.weight_sram.banks": 1,
    "memory.weight_sram.port_bits": 8,
}


def jobs_on(arch: ArchConfig, scheme: str = "pg") -> list[Job]:
    masks = {
        layer.name: random_mask(layer, images=IMAGES) for layer in LAYERS if layer.gate != "none"
    }
    trace = GateTrace.from_masks(masks, LAYERS, images=IMAGES)
    return jobs_of(trace, arch, scheme_named(scheme))


def counts_of(ledgers: list[Ledger]) -> list[dict[str, list[int]]]:
    return [{name: own.tolist() for name, own in each.counts.items()} for each in ledgers]


def at(arch: ArchConfig, rate: float) -> ArchConfig:
    return arch.override({"name": "any", "memory.dram.bytes_per_cycle": rate})


def check_speeds(network: AnySpeed, jobs: list[Job], first: int) -> None:
    for rate in RATES:
        arch = at(jobs[0].arch, rate)
        alone = [replace(job, arch=arch) for job in jobs]
        expected = simulate_layers(alone, first, IMAGES, NOTHING)
        found = network.at(arch)
        assert counts_of(found) == counts_of(expected)


@pytest.mark.parametrize("seed", range(12))
def test_ledgers_are_those_of_the_speed(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = Random(seed)
    monkeypatch.setattr(blocks, "_MOST_TILES", rng.choice((1, 40, 2**17)))  # some images a block
    arch = design(rng.choice(({}, SMALL)) | {key: rng.choice(own) for key, own in CHOICES.items()})
    jobs, first = jobs_on(at(arch, 1.5), rng.choice(("pg", "pg", "full"))), rng.choice((0, 2))
    network = at_any_speed(jobs, first, IMAGES, NOTHING)
    assert network is not None
    check_speeds(network, jobs, first)


@pytest.mark.parametrize("order", ["KNPQC", "CNKPQ"])
def test_nests_are_kept_at_every_speed(order: str) -> None:
    jobs = [
        replace(
            job,
            nest=nest_of_blocks(order, loop_sizes(job.shape, job.batch), (None, 2, None, 3, 2)),
        )
        for job in jobs_on(design({"batch": 2}), "full")
        if job.shape.name == "first"
    ]
    network = at_any_speed(jobs, 0, IMAGES, NOTHING)
    assert network is not None
    check_speeds(network, jobs, 0)


def test_a_speed_at_which_counts_do_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_MOST", 10**9)  # as if integers were shorter
    jobs = jobs_on(design())
    network = at_any_speed(jobs, 0, IMAGES, NOTHING)
    assert network is not None
    slow = design({"memory.dram.bytes_per_cycle": 2**-20})
    with pytest.raises(InputError, match="cycles over 7 images are more than pgsim counts") as own:
        network.at(slow)
    with pytest.raises(InputError) as expected:
        simulate_layers([replace(job, arch=slow) for job in jobs], 0, IMAGES, NOTHING)
    assert str(own.value) == str(expected.value)


def test_large_networks_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST_BYTES", 100)
    assert at_any_speed(jobs_on(design()), 0, IMAGES, NOTHING) is None
    assert at_any_speed([], 0, IMAGES, NOTHING) is None
