"""What a reader of a comparison must know of its trace and its design."""

from __future__ import annotations

from pgsim.arch import ArchConfig, PEKind
from pgsim.results.mask_sources import mask_source_of
from pgsim.workload import GateTrace, LayerShape


def cautions(trace: GateTrace, arch: ArchConfig) -> list[str]:
    """Return that masks are not what they might be taken for, and that a split saves nothing."""
    found = []
    source = mask_source_of(trace)
    if source.caution:
        found.append(f"{trace.name} has {source.sentence}")
    useless = [
        layer.shape
        for layer in trace.layers
        if layer.shards and not _split_saves(layer.shape, arch.pe)
    ]
    if useless:
        found.append(
            f"on {arch.pe.name} PEs {useless[0].msb_bits} bits cost as much as "
            f"{useless[0].activation_bits}: the MSB pass of {len(useless)} gated layers saves "
            "nothing"
        )
    return found


def _split_saves(shape: LayerShape, pe: PEKind) -> bool:
    """Say whether a PE takes fewer cycles a MAC at the MSBs than at all bits (M5)."""
    msb_macs, msb_cycles = pe.macs_and_cycles(shape.msb_bits, shape.weight_bits)
    macs, cycles = pe.macs_and_cycles(shape.activation_bits, shape.weight_bits)
    return msb_cycles * macs < cycles * msb_macs
