"""Jobs made of another one, with all that it knows and that is alike in both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pgsim.arch import ArchConfig
from pgsim.lazy import lazy
from pgsim.workload import LayerShape

if TYPE_CHECKING:
    from pgsim.model.job import Job

# What is alike in every batch of a layer, and of it what input channels do not matter to. All else
# that is `lazy` is forgotten where a job gets another batch, nest, window or tiles.
OF_ANY_CHANNELS = (
    "leading",
    "gated",
    "decides",
    "predicts",
    "varies",
    "flow",
    "slot_operand",
    "lane_operand",
    "activation_bits",
    "weight_bits",
    "fetched_weight_bits",
    "ahead",
)
OF_EVERY_BATCH = ("shape", "rates", "operands_stay", *OF_ANY_CHANNELS)


def with_fields(job: Job, changes: Mapping[str, object]) -> Job:
    """Return a job with other fields, none of which decides what is alike in every batch."""
    other, known = object.__new__(type(job)), {**vars(job), **changes}
    for name in _of_one_batch(type(job)):
        known.pop(name, None)
    vars(other).update(known)
    return other


def with_channels(job: Job, channels: int) -> Job:
    """Return the job of a layer with so many input channels in a group, in no tiles yet."""
    layer = replace(job.layer, shape=_of_channels(job.shape, channels))
    other = replace(job, layer=layer, tiles=None)
    vars(other).update({name: getattr(job, name) for name in OF_ANY_CHANNELS})
    return other


def on_design(job: Job, arch: ArchConfig) -> Job:
    """Return a job on another design, where nothing is known of it; points of sweeps ask for many.

    It is `dataclasses.replace` without what that takes to check.
    """
    own, other = vars(job), object.__new__(type(job))
    vars(other).update({name: own[name] for name in _fields(type(job))}, arch=arch)
    return other


@cache
def _of_one_batch(kind: type[Job]) -> tuple[str, ...]:
    """Return what a job finds that is not alike in every batch."""
    found = (name for name, member in vars(kind).items() if isinstance(member, lazy))
    return tuple(name for name in found if name not in OF_EVERY_BATCH)


@cache
def _fields(kind: type[Job]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@lru_cache(maxsize=256)  # a search asks for the same few again and again
def _of_channels(shape: LayerShape, channels: int) -> LayerShape:
    """Return a layer with so many input channels in a group."""
    return shape.replace(in_channels=channels * shape.groups)
