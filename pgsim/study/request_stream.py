"""A stream of requests to one weight set, each at its own precision (MODEL.md M55)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import warn_of_clock
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.work_store import WorkStore
from pgsim.results import COLUMNS, Result
from pgsim.results.accuracies import accuracy_of
from pgsim.results.values import COUNT
from pgsim.schemes import Scheme, scheme_named, union
from pgsim.study.counting import Network
from pgsim.study.jobs import split
from pgsim.study.simulation import calibration_count, costed_jobs, result_of
from pgsim.workload import GateTrace, load_trace

if TYPE_CHECKING:
    import pandas as pd

_MOST_REQUESTS = 2**40
_BITS_PER_KIB = 8192

Kept = Mapping[str, int]  # by layer, which bits of its weights are on chip, as a word


class Stretch(NamedTuple):
    """So many requests in a row at one precision: the first of them, and each that follows."""

    scheme: str
    requests: int
    accuracy: float
    first: Result
    further: Result

    def total(self, column: str) -> float:
        """Return what a column of `simulate` adds up to over all requests, an image each."""
        first, further = (each.summary[column] / each.images for each in (self.first, self.further))
        return float(first + (self.requests - 1) * further)


@dataclass(frozen=True, repr=False)
class RequestStream:
    """What a stream of requests takes.

    Attributes
    ----------
    trace, arch : str
        The network and the design.
    stretches : tuple of Stretch
        Requests of one precision that follow each other.
    weights_stay : bool
        Whether weights stay on chip from request to request.
    table : DataFrame
        One row per stretch and one of all, `total`: what its requests take together.
    """

    trace: str
    arch: str
    stretches: tuple[Stretch, ...]
    weights_stay: bool

    def __repr__(self) -> str:
        return f"<RequestStream of {self.trace} on {self.arch}>"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per stretch, and one of all."""
        import pandas as pd

        rows = [self._row(each.scheme, (each,)) for each in self.stretches]
        return pd.DataFrame([*rows, self._row(ALL, self.stretches)])

    def _row(self, name: str, stretches: Sequence[Stretch]) -> dict[str, object]:
        """Return the row of some stretches together."""
        requests = sum(each.requests for each in stretches)
        sums = {column: sum(each.total(column) for each in stretches) for column in SUMS}
        counts = {column: round(sums[column]) for column in SUMS if COLUMNS[column].values is COUNT}
        return {
            "arch": self.arch,
            "trace": self.trace,
            "scheme": name,
            "requests": requests,
            "accuracy": _mean_accuracy(stretches),
            **sums,
            **counts,
        }


def _mean_accuracy(stretches: Sequence[Stretch]) -> float:
    """Return the accuracy of a request, exact where all are served by one network."""
    requests = sum(each.requests for each in stretches)
    if len({each.accuracy for each in stretches}) == 1:
        return stretches[0].accuracy
    return sum(each.accuracy * each.requests for each in stretches) / requests


ALL = "total"  # the scheme of a row of all requests
SUMS = (
    "cycles",
    "time_us",
    "energy_pj",
    "dram_weight_read_bytes",
    "dram_activation_read_bytes",
    "dram_write_bytes",
)


def request_stream(
    trace: GateTrace | str | Path,
    arch: ArchConfig | str | Path,
    stream: Sequence[tuple[str | Scheme, int]],
    *,
    weights_stay: bool = True,
) -> RequestStream:
    """Simulate requests to one network, each an image at the precision that it asks for.

    Parameters
    ----------
    trace, arch
        As `simulate` takes them; the design's batch is taken as 1.
    stream : sequence of (scheme, requests)
        How many requests follow each other at each precision, such as ``("top:4,4", 100)``.
    weights_stay : bool
        Whether weight planes stay on chip from request to request, where all that the stream reads
        fit the weight buffer together. An upgrade then loads the planes that are not there yet, and
        a downgrade none. Where they do not fit, and with False, each request loads what it reads.

    Returns
    -------
    RequestStream
        `.table`, and `.weights_stay`, which says whether they did.

    Raises
    ------
    InputError
        As `simulate` does, for a stream of no or of negatively many requests, and for a scheme
        that takes other weights than those of the network.

    Notes
    -----
    Source: MODEL.md M55.

    Examples
    --------
    >>> stream = [("top:4,4", 2), ("top:8,8", 1), ("top:4,4", 2)]
    >>> large = {"memory.weight_sram.kib": 512}
    >>> design = load_arch("fixed_8bit").override(large)
    >>> found = request_stream("resnet20_switchable_8_4_2", design, stream)
    >>> found.weights_stay, found.table["dram_weight_read_bytes"].tolist()
    (True, [134720, 133632, 0, 268352])
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = load_arch(arch)
    arch = arch if arch.batch == 1 else arch.override({"batch": 1, "name": arch.name})
    asked = [(scheme_named(scheme), _count(requests)) for scheme, requests in stream]
    if not asked:
        raise InputError("a stream of requests needs one at least: such as ('top:4,4', 100)")
    for scheme, _ in asked:
        _check_weights(trace, scheme)
    costed = [costed_jobs(trace, arch, scheme) for scheme, _ in asked]
    costs = costed[0][1]
    warn_of_clock(costs.arch, costs.paths)
    stays = weights_stay and _fit([jobs for jobs, _ in costed], arch)
    kept: Kept | None = {} if stays else None
    store, stretches = WorkStore(), []
    for scheme, requests in asked:
        first, after = _served(trace, arch, scheme, kept, store)
        further, kept = _served(trace, arch, scheme, after, store)
        stretches.append(Stretch(scheme.name, requests, accuracy_of(trace, scheme), first, further))
    return RequestStream(trace.name, arch.name, tuple(stretches), stays)


def _count(requests: int) -> int:
    if not (isinstance(requests, int) and 1 <= requests <= _MOST_REQUESTS):
        raise InputError(f"{requests} requests: expected 1 to {_MOST_REQUESTS:,}, a whole number")
    return requests


def _check_weights(trace: GateTrace, scheme: Scheme) -> None:
    """Raise InputError for a scheme that takes other weights than those of the network."""
    for layer in trace.layers:
        own, taken = layer.shape.weight_bits, scheme.weight_bits_of(layer)
        if own != taken and layer.shape.kind.shares_weights:
            raise InputError(
                f"layer {layer.shape.name!r}: scheme {scheme.name!r} takes weights of {taken} "
                f"bits, and a stream has one set of weights, here of {own}: choose planes of "
                "these, such as top:2,2, weight_planes:2 or full"
            )


def _fit(every: Sequence[Sequence[Job]], arch: ArchConfig) -> bool:
    """Say whether the weight buffer holds all planes that any request reads, of all layers."""
    words: dict[str, int] = {}
    elements: dict[str, int] = {}
    for jobs in every:
        for job in filter(_has_weights, jobs):
            name = job.shape.name
            words[name] = words.get(name, 0) | union(each.weight for each in job.passes)
            elements[name] = job.shape.out_channels * job.shape.reduction
    bits = sum(elements[name] * word.bit_count() for name, word in words.items())
    return bits <= arch.memory.weight_sram.kib * _BITS_PER_KIB


def _has_weights(job: Job) -> bool:
    """Return whether a layer has weights, and not another operand of each request (M60)."""
    return job.shape.kind.shares_weights


def _served(
    trace: GateTrace, arch: ArchConfig, scheme: Scheme, kept: Kept | None, store: WorkStore
) -> tuple[Result, Kept | None]:
    """Return what a request takes, and what is on chip after it; kept: what is there before."""
    jobs, costs = costed_jobs(trace, arch, scheme)
    after = kept
    if kept is not None:
        read = {job.shape.name: union(each.weight for each in job.passes) for job in jobs}
        after = {**kept, **{name: word | kept.get(name, 0) for name, word in read.items()}}
    calibration = calibration_count(trace, costs.arch)
    scheduled = any(job.scheduled for job in jobs)
    found = split(trace, scheme, store)
    network = Network(trace, found, costs, scheduled, calibration, store, kept)
    return result_of(network), after
