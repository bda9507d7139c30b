"""The layers of a trace under a scheme on a design, each a job with its passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pgsim.arch import ArchConfig
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.work_store import Known, WorkStore
from pgsim.schemes import ACTIVATIONS, Passes, Scheme, network_passes
from pgsim.workload import GateTrace, LayerTrace

_LAYER_BYTES = 1_000

NO_STORE = WorkStore(limit_bytes=0)


class Split(NamedTuple):
    """The layers of a trace that a scheme does not skip, their passes, and what stands for both.

    scheme: its name.
    """

    scheme: str
    layers: tuple[LayerTrace, ...]
    passes: tuple[Passes, ...]
    known: Known


def split(trace: GateTrace, scheme: Scheme, store: WorkStore) -> Split:
    """Return the passes of a trace under a scheme; raises InputError as `network_passes` does."""

    def make() -> Split:
        passes = network_passes(trace.layers, scheme)
        layers = tuple(layer for layer in trace.layers if layer.shape.name in passes)
        own = tuple(passes.values())
        return Split(scheme.name, layers, own, Known((layers, own)))

    return store.shared(
        ("passes", trace, scheme), make, lambda found: _LAYER_BYTES * len(found.passes)
    )


def any_scheduled(passes: Sequence[Passes]) -> bool:
    """Say whether a scheduler steers any pass of any layer."""
    return any(each.scheduled for own in passes for each in own)


def jobs_of(
    trace: GateTrace, arch: ArchConfig, scheme: Scheme, store: WorkStore | None = None
) -> list[Job]:
    """Return the layers of a trace under a scheme on a design, each with its passes.

    Layers that the scheme skips are left out (M56). Outputs leave at the bits at which the next
    layer reads them (M23). store: what designs share passes through. Raises InputError where the
    scheme, or the design, cannot run a layer.
    """
    return jobs_in(split(trace, scheme, store or NO_STORE), arch)


def jobs_in(found: Split, arch: ArchConfig) -> list[Job]:
    """Return the same of a trace whose passes are known; raises InputError as `taken` does."""
    passes = taken(found, arch)
    following = [*passes[1:], passes[-1]]
    return [
        Job(
            layer,
            own,
            arch,
            _output_bits(arch, reader),
            layer.shape.kind.images_together(arch.batch),
            first=index == 0,
        )
        for index, (layer, own, reader) in enumerate(
            zip(found.layers, passes, following, strict=True)
        )
    ]


def taken(found: Split, arch: ArchConfig) -> list[Passes]:
    """Return the sweeps in which a design takes the passes of each layer (M53).

    Raises InputError where it cannot.
    """
    return [_taken(layer, own, arch) for layer, own in zip(found.layers, found.passes, strict=True)]


def _taken(layer: LayerTrace, passes: Passes, arch: ArchConfig) -> Passes:
    flow, pe = arch.dataflow, arch.pe
    try:
        own = arch.array.tempo.taken(passes, pe, flow)
    except ValueError as error:
        raise _refused(layer, arch, f": {error}") from None
    if refusal := flow.refusal(layer.shape, own):
        raise _refused(layer, arch, f", dataflow {flow.name}: {refusal}")
    for each in own:
        if refusal := pe.refusal(each):
            raise _refused(layer, arch, f", PEs of kind {pe.name}: a PE {refusal}")
    return own


def _refused(layer: LayerTrace, arch: ArchConfig, why: str) -> InputError:
    return InputError(f"layer {layer.shape.name!r} on {arch.name}{why}")


def _output_bits(arch: ArchConfig, reader: Passes) -> int:
    return arch.output_bits or ACTIVATIONS.stored_bits(reader)
