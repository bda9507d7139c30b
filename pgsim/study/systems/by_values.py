"""Systems whose PEs take as long as the integers need that they multiply (MODEL.md M58)."""

from __future__ import annotations

from pgsim.results.system_kinds import VALUES
from pgsim.study.systems.pes import LACONIC, PRAGMATIC, TACTICAL, ZERO_SKIP, Changes
from pgsim.study.systems.system import OperandRun, Run, System

_INTEGERS = "the integers are those of the trace's gated network"
# As its shipped design: a unit's buffer brings a weight for each of its multipliers.
_WIDE_PORTS = {"memory.weight_sram.port_bits": 128}


def _runs(changes: Changes) -> dict[str, Run]:
    """Return the 8-bit ResNet-20, and the LSTM of 4-bit activations, with all gates open."""
    return {
        "resnet20": OperandRun("resnet20_regions_8_5", "uniform:8,8", changes),
        "char_lstm": OperandRun("char_lstm_pg_4_2", "full", changes),
    }


BY_VALUES = (
    System(
        "Pragmatic",
        "Albericio et al., MICRO 2017",
        "--scheme full --arch pragmatic_micro_2017 --layers operands",
        VALUES,
        _runs(PRAGMATIC),
        lacks=_INTEGERS,
    ),
    System(
        "Laconic",
        "Sharify et al., ISCA 2019",
        "--scheme full --arch laconic_isca_2019 --layers operands",
        VALUES,
        _runs(LACONIC),
        lacks=_INTEGERS,
    ),
    System(
        "Bit-Tactical",
        "Delmas Lascorz et al., ASPLOS 2019, its TCLe",
        "--scheme full --arch tactical_asplos_2019 --layers operands",
        VALUES,
        _runs(TACTICAL),
        lacks=_INTEGERS,
    ),
    System(
        "Cnvlutin",
        "Albericio et al., ISCA 2016",
        "--scheme full --arch cnvlutin_isca_2016 --layers operands",
        VALUES,
        _runs({**ZERO_SKIP, **_WIDE_PORTS}),
        lacks=f"a lane skips what is zero in all rows, of which it had one; {_INTEGERS}",
    ),
)
