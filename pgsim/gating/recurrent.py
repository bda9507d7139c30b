"""LSTM with Precision Gating: the input and the hidden product of a cell are gated apart.

A cell computes ``W_ih·x`` for all time steps at once, because no step's depends on another's, and
``W_hh·h`` step by step. In a trace the first is a `linear` layer with the steps as its positions,
the second a `recurrent` one, whose steps depend on each other (M6). Each has a quantizer,
thresholds and a mask of its own. A hidden state lies in (-1, 1), so that activations are signed:
the MSB part too, the LSB part not (M2). All sums go into a sigmoid or a tanh, so that both gates
open near zero (M38).
"""

from __future__ import annotations

from typing import Unpack

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pgsim.gating.gate import GateOptions, QuantizedWeight
from pgsim.gating.layers import PGLinear

State = tuple[Tensor, Tensor]
"""An LSTM's hidden and cell state, each (images, hidden_size)."""


class PGRecurrent(PGLinear):
    """The hidden product of a recurrent cell: a PGLinear that a cell calls once a time step.

    The input is ``(images, in_features)``. `mask` is that of the last call; a cell that has gone
    through its sequence leaves there that of all, ``(images, time_steps, out_features)``.
    """

    def forward(self, x: Tensor, quantized: QuantizedWeight | None = None) -> Tensor:
        """Return ``(images, out_features)`` in x's dtype; see `quantized` of PrecisionGate."""
        output: Tensor = self.gate(x, self.weight if quantized is None else quantized, F.linear)
        return output if self.bias is None else output + self.bias


class PGLSTM(nn.Module):
    """One layer of an LSTM with Precision Gating, or quantized only where `msb_bits` is None.

    The input is ``(images, time_steps, input_size)``: an image is one sequence. The rows of both
    weights are the gates of ``nn.LSTM`` in its order; the bias is added to the input product.

    Parameters
    ----------
    input_size, hidden_size : int
        As ``nn.LSTM`` has them.
    **options : GateOptions
        Of both products. Unless they say otherwise activations are signed, clips start at 1, where
        a hidden state ends, and gates open near zero, with thresholds from -1 on.

    Examples
    --------
    >>> states, _ = PGLSTM(8, 16, activation_bits=4, msb_bits=2)(torch.rand(2, 5, 8))
    >>> states.shape
    torch.Size([2, 5, 16])
    """

    def __init__(self, input_size: int, hidden_size: int, **options: Unpack[GateOptions]) -> None:
        super().__init__()
        options.setdefault("signed", True)
        options.setdefault("clip", 1.0)
        options.setdefault("opens_near_zero", True)
        self.hidden_size = hidden_size
        self.input = PGLinear(input_size, 4 * hidden_size, bias=True, **options)
        self.hidden = PGRecurrent(hidden_size, 4 * hidden_size, bias=False, **options)
        for parameter in (self.input.weight, self.input.bias, self.hidden.weight):
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)  # as nn.LSTM

    def load_lstm(self, lstm: nn.LSTM, layer: int = 0) -> None:
        """Take over the weights of one layer of a full-precision LSTM, of the same sizes."""
        weights = lstm.state_dict()
        bias = weights[f"bias_ih_l{layer}"] + weights[f"bias_hh_l{layer}"]
        self.input.load_state_dict(
            {"weight": weights[f"weight_ih_l{layer}"], "bias": bias}, strict=False
        )
        self.hidden.load_state_dict({"weight": weights[f"weight_hh_l{layer}"]}, strict=False)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return all hidden states, ``(images, time_steps, hidden_size)``, and the last state.

        `state` is where the sequences begin, zeros by default. All are in x's dtype.
        """
        zeros = x.new_zeros(len(x), self.hidden_size)
        hidden, cell = state or (zeros, zeros)
        quantized = self.hidden.gate.quantized(self.hidden.weight, x.dtype)  # not at every step
        outputs: list[Tensor] = []
        masks: list[Tensor] = []
        for driven in self.input(x).unbind(1):
            sums = driven + self.hidden(hidden, quantized)
            into, keep, new, out = sums.chunk(4, dim=1)
            cell = keep.sigmoid() * cell + into.sigmoid() * new.tanh()
            hidden = out.sigmoid() * cell.tanh()
            outputs.append(hidden)
            if self.hidden.mask is not None:
                masks.append(self.hidden.mask)
        self.hidden.gate.mask = torch.stack(masks, dim=1) if masks else None
        return torch.stack(outputs, dim=1), (hidden, cell)
