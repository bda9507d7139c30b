"""Stripes beside its bit-parallel rival (Judd et al., MICRO 2016)."""

from __future__ import annotations

from pgsim.arch import load_arch
from pgsim.study.published.result import Figure, Published
from pgsim.study.simulation import simulate
from pgsim.workload import GateTrace, network

_TABLE = "table:stripes_alexnet"
_CONVOLUTIONS = 5
_ROOMY = {
    "mapping": "fixed",
    "memory.ports": "slots",
    "memory.retain": False,
    "memory.dram.bytes_per_cycle": 2**20,
}


class Stripes(Published):
    """Serial PEs at profiled precisions against parallel ones of 16 bits, MAC for MAC."""

    name = "stripes"
    citation = "Judd et al., Stripes, MICRO 2016, abstract: 1.30x to 4.51x, 1.92x on average"
    unit = "speedup over parallel PEs of 16 bits"
    differs = (
        "One network of theirs, AlexNet's convolutions at 9-8-5-5-7 activation bits, beside the "
        "mean of all. Cycles are steady ones, of arrays that do as many MACs of 16 bits a cycle; "
        "DaDianNao's tiles and its memory are not simulated."
    )

    def figures(self) -> tuple[Figure, ...]:
        """Return the speedup of AlexNet."""
        layers = [each.replace(gate="none", msb_bits=None) for each in network("alexnet")]
        trace = GateTrace.from_masks({}, layers[:_CONVOLUTIONS], images=1)
        serial = {"kind": "serial_activation", "max_weight_bits": 16, "terms": 16}
        cycles = [
            _cycles(trace, {f"array.pe.{key}": value for key, value in pe.items()}, scheme)
            for pe, scheme in (
                ({**serial, "max_activation_bits": 16}, "uniform:16,16"),
                ({**serial, "max_activation_bits": 16}, _TABLE),
            )
        ]
        return (Figure("AlexNet, beside the mean of all", 1.92, cycles[0] / cycles[1]),)


def _cycles(trace: GateTrace, pe: dict[str, object], scheme: str) -> int:
    design = load_arch("pg_serial").override({**_ROOMY, **pe, "name": "stripes"})
    return sum(row["msb_cycles"] for row in simulate(trace, design, scheme).rows)
