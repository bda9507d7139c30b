"""Systems without a mask: a width a layer, or one of several that a weight set serves."""

from __future__ import annotations

from pgsim.results.system_kinds import SEVERAL, STATIC
from pgsim.study.systems.pes import BINARY, FUSION, SERIAL_ACTIVATION, SERIAL_WEIGHT, fixed
from pgsim.study.systems.system import Run, System

_LSTM = "char_lstm_pg_4_2"
_EIGHT, _FOUR, _THREE = "resnet20_pg_4_2", "resnet20_uniform_4_4", "resnet20_uniform_3"
_SWITCHED = "resnet20_switchable_8_4_2"
_STORED = {"activation_bits": 8, "msb_bits": 4, "weight_bits": 8}  # of which planes are read


def _switchable(bits: int) -> System:
    return System(
        f"Switchable {bits}",
        "Park et al., 2020; Guerra et al., 2020; Wu et al., 2022",
        f"--scheme top:{bits},{bits}, or of a stream pgsim requests",
        SEVERAL,
        {
            "resnet20": Run(_SWITCHED, f"top:{bits},{bits}", FUSION),
            "char_lstm": Run(_LSTM, f"top:{bits},{bits}", FUSION, bits=_STORED),
        },
    )


STATIC_SYSTEMS = (
    *(_switchable(bits) for bits in (8, 4, 2)),
    System(
        "PrecisionBatching",
        "Lam et al., 2020",
        "--scheme weight_planes:N --set array.pe.kind=serial_weight --set batch=1",
        SEVERAL,
        {
            "resnet20": Run(_FOUR, "weight_planes:16", SERIAL_WEIGHT),
            "char_lstm": Run(_LSTM, "weight_planes:16", SERIAL_WEIGHT),
        },
        lacks="all weight planes are taken: no network was trained for fewer",
    ),
    System(
        "Uniform 8",
        "fixed PEs of 8 x 8 bits",
        "--scheme uniform:8,8 --arch fixed_8bit",
        STATIC,
        {
            "resnet20": Run(_EIGHT, "uniform:8,8", fixed(8, 8)),
            "char_lstm": Run(_LSTM, "uniform:8,8", fixed(8, 8)),
        },
    ),
    System(
        "Uniform 4",
        "fixed PEs of 4 x 8 bits",
        "--scheme inner:4,8 --arch fixed_8bit",
        STATIC,
        {
            "resnet20": Run(_EIGHT, "inner:4,8", fixed(4, 8)),
            "char_lstm": Run(_LSTM, "inner:4,8", fixed(4, 8)),
        },
    ),
    System(
        "Uniform 3",
        "fixed PEs of 3 x 8 bits",
        "--scheme inner:3,8 --arch fixed_8bit",
        STATIC,
        {
            "resnet20": Run(_THREE, "full", fixed(3, 8)),
            "char_lstm": Run(_LSTM, "inner:3,8", fixed(3, 8)),
        },
    ),
    System(
        "Uniform 4x4",
        "fixed PEs of 4 x 4 bits",
        "--scheme inner:4,4 --arch fixed_8bit",
        STATIC,
        {
            "resnet20": Run(_FOUR, "full", fixed(4, 4)),
            "char_lstm": Run(_LSTM, "inner:4,4", fixed(4, 4)),
        },
    ),
    System(
        "Bit Fusion",
        "Sharma et al., ISCA 2018",
        "--scheme inner:A,W --arch bitfusion_isca_2018",
        STATIC,
        {
            "resnet20": Run(_FOUR, "full", FUSION),
            "char_lstm": Run(_LSTM, "inner:4,8", FUSION),
        },
        lacks="output stationary, as the reference design is",
    ),
    System(
        "Stripes",
        "Judd et al., MICRO 2016",
        "--scheme table:FILE --arch pg_serial",
        STATIC,
        {
            "resnet20": Run(_THREE, "full", SERIAL_ACTIVATION),
            "char_lstm": Run(_LSTM, "inner:4,8", SERIAL_ACTIVATION),
        },
        lacks="one precision inside, not a profiled one of each layer",
    ),
    System(
        "BSQ",
        "Yang et al., ICLR 2021",
        "--scheme table:FILE",
        STATIC,
        {
            "resnet20": Run(_FOUR, "table:resnet20_falling", SERIAL_WEIGHT),
            "char_lstm": Run(_LSTM, "table:char_lstm_falling", SERIAL_WEIGHT),
        },
        lacks="its bits were made up, not searched for",
    ),
    System(
        "WRPN",
        "Mishra et al., ICLR 2018",
        "pgsim trace widen, then --scheme inner:A,W",
        STATIC,
        {
            "resnet20": Run(_FOUR, "inner:2,2", fixed(2, 2), widened=2),
            "char_lstm": Run(_LSTM, "inner:2,2", fixed(2, 2), widened=2),
        },
    ),
    System(
        "Packed memory",
        "Klhufek et al., DDECS 2024",
        "--scheme packed:A,W --arch fixed_8bit",
        STATIC,
        {
            "resnet20": Run(_FOUR, "packed:4,4", fixed(8, 8)),
            "char_lstm": Run(_LSTM, "packed:4,4", fixed(8, 8)),
        },
        lacks="the first and the last layer have 4 bits too",
    ),
    System(
        "XNOR-Net",
        "Rastegari et al., ECCV 2016",
        "--scheme uniform:1,1 --set array.pe.kind=binary "
        "--set array.pe.max_activation_bits=1 --set array.pe.max_weight_bits=1",
        STATIC,
        {
            "resnet20": Run(_FOUR, "uniform:1,1", BINARY),
            "char_lstm": Run(_LSTM, "uniform:1,1", BINARY),
        },
        lacks="the first and the last layer have 1 bit too",
    ),
    System(
        "CPT",
        "Fu et al., ICLR 2021",
        "pgsim.training, in Python",
        STATIC,
        {},
        absent="it spends its precisions in training, and a network it trained is a uniform one",
    ),
)
