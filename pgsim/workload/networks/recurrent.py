"""Recurrent networks."""

from __future__ import annotations

from pgsim.workload.networks.parts import EDGE, Layers, Network, Widths, linear


def _lstm_300(gated: Widths) -> Layers:
    signed = {**gated, "signed": True}
    yield linear("lstm.input", (300, 4 * 300), 35, signed)
    yield {
        "name": "lstm.hidden",
        "op": "recurrent",
        "in_channels": 300,
        "out_channels": 4 * 300,
        "time_steps": 35,
        **signed,
    }
    yield linear("decoder", (300, 10_000), 35, {**EDGE, "signed": True})


RECURRENT = (Network("lstm_300", "a language model of one LSTM layer", _lstm_300),)
