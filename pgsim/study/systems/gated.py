"""Systems whose masks choose the precision of each output, or of each input pixel."""

from __future__ import annotations

from pgsim.results.system_kinds import INPUTS, OUTPUTS
from pgsim.study.systems.pes import FUSION, SERIAL_ACTIVATION, SERIAL_BOTH, fixed
from pgsim.study.systems.system import Run, System

_NO_REGIONS = "a mask of input pixels belongs to a convolution"
_PG_MASKS = "masks are those of Precision Gating's gate, not its own"
_REGIONS = "resnet20_regions_8_5"
_ONE_AND_ONE = {"activation_bits": 2, "msb_bits": 1, "weight_bits": 1}
# All lanes agree about an input pixel, so that nothing packs better than `skip`, which is smallest.
_PIXELS = {"array.dataflow": "ws", "lsb.scheduler": "skip"}
# A quarter of the rows predicts: of eighths the share at which ResNet-20 is the fastest.
_SIDE_BY_SIDE = {**FUSION, "array.predictor_share": 0.25, "memory.ports": "slots"}

GATED = (
    System(
        "Precision Gating",
        "Zhang et al., ICLR 2020",
        "--scheme pg",
        OUTPUTS,
        {
            "resnet20": Run("resnet20_pg_4_2", "pg", FUSION),
            "char_lstm": Run("char_lstm_pg_4_2", "pg", FUSION),
        },
    ),
    System(
        "Bit-serial PG",
        "Zhang et al., ICLR 2020, on PEs of Stripes (Judd et al., MICRO 2016)",
        "--scheme pg --arch pg_serial",
        OUTPUTS,
        {
            "resnet20": Run("resnet20_pg_4_2", "pg", SERIAL_ACTIVATION),
            "char_lstm": Run("char_lstm_pg_4_2", "pg", SERIAL_ACTIVATION),
        },
    ),
    System(
        "ODQ",
        "output-directed dynamic quantization, ICPP 2023",
        "--scheme odq:A,W",
        OUTPUTS,
        {
            "resnet20": Run("resnet20_pg_4_2", "odq:2,4", FUSION),
            "char_lstm": Run("char_lstm_pg_4_2", "odq:2,4", FUSION),
        },
        lacks=_PG_MASKS,
    ),
    System(
        "SeerNet",
        "Cao et al., CVPR 2019",
        "--scheme seernet:A",
        OUTPUTS,
        {
            "resnet20": Run("resnet20_pg_4_2", "seernet:2", FUSION),
            "char_lstm": Run("char_lstm_pg_4_2", "seernet:2", FUSION),
        },
        lacks=_PG_MASKS,
    ),
    System(
        "DUET",
        "Liu et al., MICRO 2020",
        "--scheme seernet:A --set mapping=fixed --set memory.ports=slots "
        "--set array.predictor_share=SHARE",
        OUTPUTS,
        {
            "resnet20": Run("resnet20_pg_4_2", "seernet:2", _SIDE_BY_SIDE),
            "char_lstm": Run("char_lstm_pg_4_2", "seernet:2", _SIDE_BY_SIDE),
        },
        lacks=f"{_PG_MASKS}; it predicts from upper bits, on PEs like the others",
    ),
    System(
        "FracBNN",
        "Zhang et al., FPGA 2021",
        "--scheme pg, of gated 2-bit activations and 1-bit weights",
        OUTPUTS,
        {
            "resnet20": Run("resnet20_pg_4_2", "pg", SERIAL_BOTH, bits=_ONE_AND_ONE),
            "char_lstm": Run("char_lstm_pg_4_2", "pg", SERIAL_BOTH, bits=_ONE_AND_ONE),
        },
        lacks=f"{_PG_MASKS}; the first and the last layer have 8 bits",
    ),
    System(
        "Regions",
        "Taht et al., EMC2 2018",
        "--scheme pg --arch pg_ws, of a trace with gate: input",
        INPUTS,
        {"resnet20": Run(_REGIONS, "pg", {**_PIXELS, **SERIAL_ACTIVATION})},
        absent=_NO_REGIONS,
    ),
    System(
        "Regions (variable)",
        "Taht et al., EMC2 2018, on an array as in DRQ (Song et al., ISCA 2020)",
        "--scheme pg --arch pg_ws --set array.pe.kind=serial_activation "
        "--set array.speed=variable, of such a trace",
        INPUTS,
        {
            "resnet20": Run(
                _REGIONS, "pg", {**_PIXELS, **SERIAL_ACTIVATION, "array.speed": "variable"}
            )
        },
        absent=_NO_REGIONS,
    ),
    System(
        "DRQ",
        "Song et al., ISCA 2020",
        "--scheme odq:A,W --arch pg_ws --set array.pe.kind=fixed "
        "--set array.pe.max_activation_bits=4 --set array.pe.max_weight_bits=4 "
        "--set array.speed=variable, of such a trace",
        INPUTS,
        {
            "resnet20": Run(
                _REGIONS, "odq:4,4", {**_PIXELS, **fixed(4, 4), "array.speed": "variable"}
            )
        },
        lacks="masks are those of Regions, not its own",
        absent=_NO_REGIONS,
    ),
)
