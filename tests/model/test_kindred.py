"""Jobs made of another one know nothing that they would not find themselves."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from designs import conv, linear
from jobs import job_of

from pgsim.lazy import lazy
from pgsim.model.job import Job
from pgsim.model.kindred import found_by, of_any_channels, of_every_batch

LAZY, OF_EVERY_BATCH, OF_ANY_CHANNELS = (
    found_by(Job, mark) for mark in (lazy, of_every_batch, of_any_channels)
)
CHANGES = {"array.dataflow": "ws", "memory.lsb_fetch": "on_demand"}


def asked(layer: object = linear(5, 6, 3), **changes: object) -> Job:
    """Return a job of which everything was asked that it can find."""
    job = job_of(layer, scheme="pg", changes={**CHANGES, **changes})
    for name in LAZY:
        getattr(job, name)
    return job


def test_what_is_kept_is_what_a_job_finds() -> None:
    assert set(OF_ANY_CHANNELS) < set(OF_EVERY_BATCH) < set(LAZY)


@pytest.mark.parametrize("kept", OF_EVERY_BATCH)
def test_a_job_of_another_batch_keeps_what_is_alike_in_every_batch(kept: str) -> None:
    job = asked()
    of_three = job.of_batch(3)
    assert getattr(of_three, kept) == getattr(replace(job, batch=3), kept)
    assert getattr(job.by(window=4), kept) == getattr(replace(job, window=4), kept)


def test_a_job_of_another_batch_forgets_all_else() -> None:
    of_three = asked().of_batch(3)
    assert set(vars(of_three)) & set(LAZY) == set(OF_EVERY_BATCH)
    assert of_three.run_inputs == 3 * 5 * 6  # elements of three images


@pytest.mark.parametrize("kept", OF_ANY_CHANNELS)
def test_a_job_of_fewer_channels_keeps_what_they_do_not_matter_to(kept: str) -> None:
    job = asked(conv(4, 6, 4, 3, groups=2))
    fewer = job.of_channels(1)
    layer = replace(job.layer, shape=job.shape.replace(in_channels=2))
    assert getattr(fewer, kept) == getattr(replace(job, layer=layer), kept)


def test_a_job_of_fewer_channels_has_the_layer_of_those() -> None:
    job = asked(conv(4, 6, 4, 3, groups=2))
    assert job.of_channels(1).shape.in_channels == 2  # one in each of two groups
    assert job.of_channels(2).shape is job.shape


def test_several_layers_are_one_whose_counts_are_arrays() -> None:
    job = asked(conv(4, 6, 4, 3, groups=2))
    layers = job.of_each(np.array([1, 2]))
    assert layers.shape.in_channels.shape == (2, 1, 1, 1)
    assert layers.shape.reduction.ravel().tolist() == [9, 18]  # 3 x 3 taps of one, and of two
    steps = [own.rates[0].pe_steps for own in (job.of_channels(1), job)]
    assert layers.rates[0].pe_steps.ravel().tolist() == steps


def test_a_job_on_another_design_is_the_same_layer_there() -> None:
    job = replace(asked(), retained_bits=8, output_stays=True, window=4)
    assert job.rates and job.cuts  # found for this design alone
    other = job.arch.override({"array.rows": 8})
    assert job.on(other) == replace(job, arch=other)
    assert job.on(other).cuts == replace(job, arch=other).cuts
    assert set(vars(job.on(other))) == {each.name for each in fields(job)}  # nothing found yet
