"""The layers of a trace under a scheme on a design, each a job with its passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgsim.arch import ArchConfig
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.mask_work import Known, WorkStore
from pgsim.schemes import ACTIVATIONS, Passes, Scheme, layer_passes, leading
from pgsim.workload import GateTrace

_LAYER_BYTES = 1_000

NO_STORE = WorkStore(limit_bytes=0)


class Split(NamedTuple):
    """The passes of every layer of a trace under a scheme, and what stands for both in keys."""

    passes: tuple[Passes, ...]
    known: Known


def split(trace: GateTrace, scheme: Scheme, store: WorkStore) -> Split:
    """Return the passes of a trace under a scheme; raises InputError as `layer_passes` does."""

    def make() -> Split:
        passes = tuple(layer_passes(layer, scheme) for layer in trace.layers)
        return Split(passes, Known((trace.layers, passes)))

    return store.shared(
        ("passes", trace, scheme), make, lambda found: _LAYER_BYTES * len(found.passes)
    )


def any_gated(passes: Sequence[Passes]) -> bool:
    """Say whether a mask steers any pass of any layer."""
    return any(leading(each) < len(each) for each in passes)


def jobs_of(
    trace: GateTrace, arch: ArchConfig, scheme: Scheme, store: WorkStore | None = None
) -> list[Job]:
    """Return the layers of a trace under a scheme on a design, each with its passes.

    Outputs leave at the bits at which the next layer reads them (M23). store: what designs share
    passes through. Raises InputError where the scheme, or the design's dataflow, cannot run a
    layer.
    """
    passes = split(trace, scheme, store or NO_STORE).passes
    check_dataflow(trace, arch, passes)
    following = [*passes[1:], passes[-1]]
    return [
        Job(layer, own, arch, _output_bits(arch, reader), arch.batch, first=index == 0)
        for index, (layer, own, reader) in enumerate(
            zip(trace.layers, passes, following, strict=True)
        )
    ]


def check_dataflow(trace: GateTrace, arch: ArchConfig, passes: Sequence[Passes]) -> None:
    """Raise InputError where the design's dataflow cannot run a layer."""
    for layer, own in zip(trace.layers, passes, strict=True):
        if refusal := arch.dataflow.refusal(layer.shape, own):
            raise InputError(
                f"layer {layer.shape.name!r} on {arch.name}, dataflow {arch.dataflow.name}: "
                f"{refusal}"
            )


def _output_bits(arch: ArchConfig, reader: Passes) -> int:
    return arch.output_bits or ACTIVATIONS.stored_bits(reader)
