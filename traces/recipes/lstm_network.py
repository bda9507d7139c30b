"""A character language model: an embedding, two LSTM layers and a classifier, at any widths."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from gates import best_clip, with_thresholds
from torch import Tensor, nn

from pgsim.gating import PGLSTM, PGLinear

EMBEDDING, HIDDEN = 64, 256


@dataclass(frozen=True)
class Widths:
    """Bits of both LSTM layers' products and of the classifier; no `msb_bits`: nothing is gated."""

    activation_bits: int
    msb_bits: int | None = None
    classifier_activation_bits: int = 8
    weight_bits: int = 8


PG, UNIFORM_8, UNIFORM_4 = Widths(4, 2), Widths(8), Widths(4, classifier_activation_bits=4)


class CharacterLSTM(nn.Module):
    """Predicts the next character; without `widths` all of it is in full precision.

    Inputs are (sequences, steps) indices of characters. Every sequence begins at a state of zeros.
    """

    def __init__(self, alphabet: int, widths: Widths | None = None) -> None:
        super().__init__()
        self.embedding = nn.Embedding(alphabet, EMBEDDING)
        self.lstm1 = _lstm(EMBEDDING, widths)
        self.lstm2 = _lstm(HIDDEN, widths)
        self.fc = _classifier(alphabet, widths)
        nn.init.normal_(self.embedding.weight, std=0.3)  # clips of both LSTM layers start at 1

    def forward(self, characters: Tensor) -> Tensor:
        """Return (sequences, steps, alphabet) logits."""
        x, _ = self.lstm1(self.embedding(characters))
        x, _ = self.lstm2(x)
        logits: Tensor = self.fc(x)
        return logits


def _lstm(inputs: int, widths: Widths | None) -> nn.Module:
    if widths is None:
        return nn.LSTM(inputs, HIDDEN, batch_first=True)
    return PGLSTM(
        inputs,
        HIDDEN,
        activation_bits=widths.activation_bits,
        msb_bits=widths.msb_bits,
        weight_bits=widths.weight_bits,
    )


def _classifier(alphabet: int, widths: Widths | None) -> nn.Linear:
    if widths is None:
        return nn.Linear(HIDDEN, alphabet)
    return PGLinear(
        HIDDEN,
        alphabet,
        activation_bits=widths.classifier_activation_bits,
        weight_bits=widths.weight_bits,
        signed=True,
        clip=1.0,
    )


def quantized(
    base: CharacterLSTM, widths: Widths, threshold: float, characters: Tensor
) -> CharacterLSTM:
    """Return a network of those widths that starts from a full-precision one, before it is tuned.

    Each layer's clip is the one that quantizes its inputs on `characters`, (sequences, steps), with
    the least squared error. A hidden state never passes 1, so that a clip that started there would
    have no gradient.
    """
    model = CharacterLSTM(base.embedding.num_embeddings, widths)
    model.embedding.load_state_dict(base.embedding.state_dict())
    model.lstm1.load_lstm(base.lstm1)
    model.lstm2.load_lstm(base.lstm2)
    model.fc.load_state_dict(base.fc.state_dict(), strict=False)  # its clip is new
    with torch.no_grad():
        embedded = base.embedding(characters)
        first, _ = base.lstm1(embedded)
        second, _ = base.lstm2(first)
        for layer, inputs in (
            (model.lstm1.input, embedded),
            (model.lstm1.hidden, first),
            (model.lstm2.input, first),
            (model.lstm2.hidden, second),
            (model.fc, second),
        ):
            layer.gate.quantize.clip.fill_(best_clip(inputs, layer.gate.quantize.levels))
    return with_thresholds(model, threshold)


def loss_in_nats(model: nn.Module, sequences: Tensor) -> Tensor:
    """Return the mean information of the characters that follow, in nats: a 0-d tensor."""
    with torch.autocast(sequences.device.type, enabled=False):  # thresholds need the sums' low bits
        logits = model(sequences[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), sequences[:, 1:].flatten())
