"""Encoders of transformers: ViT and BERT.

The products of attention have two operands that are activations. They are products of a group for
each head: queries by keys, and what comes of them by values (MODEL.md M60).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from pgsim.workload.networks.parts import (
    EDGE,
    Layers,
    Network,
    Widths,
    conv,
    linear,
    matmul,
    ungated,
)


class _Names(NamedTuple):
    """How a network calls the layers of an encoder layer."""

    query: str
    key: str
    value: str
    attention: str
    output: str
    wide: str
    narrow: str


_VIT = _Names(
    query="self_attention.query",
    key="self_attention.key",
    value="self_attention.value",
    attention="self_attention",
    output="self_attention.out_proj",
    wide="mlp.0",
    narrow="mlp.3",
)
_BERT = _Names(
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    attention="attention.self",
    output="attention.output.dense",
    wide="intermediate.dense",
    narrow="output.dense",
)


def _encoder_layer(
    prefix: str, names: _Names, last: str, tokens: int, features: int, gated: Widths
) -> Layers:
    """Yield one layer of an encoder, whose heads have 64 features; `last` made what it reads.

    GELU hides small values of the wider layer, as a ReLU would: that one is gated.
    """
    whole = {**ungated(gated), "signed": True}
    query, key, value, attention, output, wide, narrow = (f"{prefix}.{name}" for name in names)
    square, heads = (features, features), features // 64
    for name in (query, key, value):
        yield linear(name, square, tokens, whole, inputs=[last])
    scores, mixed = f"{attention}.scores", f"{attention}.values"
    both = {**whole, "weight_bits": gated["activation_bits"], "groups": heads}
    yield matmul(scores, (features, heads * tokens), tokens, both, inputs=[query, key])
    weighted = {**both, "signed": False}  # by what a softmax gives
    yield matmul(mixed, (heads * tokens, features), tokens, weighted, inputs=[scores, value])
    yield linear(output, square, tokens, whole, inputs=[mixed, last])
    hidden = {**gated, "signed": True}
    yield linear(wide, (features, 4 * features), tokens, hidden, inputs=[output])
    yield linear(narrow, (4 * features, features), tokens, whole, inputs=[wide, output])


def _vit_b_16(gated: Widths) -> Layers:
    patches = {"stride": [16, 16], "padding": [0, 0]}
    yield conv("conv_proj", (3, 768), 224, 16, EDGE, **patches)
    last = "conv_proj"
    for layer in range(12):
        prefix = f"encoder.layers.encoder_layer_{layer}"
        yield from _encoder_layer(prefix, _VIT, last, 14 * 14 + 1, 768, gated)
        last = f"{prefix}.mlp.3"
    yield linear("heads.head", (768, 1000), 1, {**EDGE, "signed": True})


def _bert_base(tokens: int, gated: Widths) -> Layers:
    last = "network"  # embeddings are looked up
    for layer in range(12):
        prefix = f"encoder.layer.{layer}"
        yield from _encoder_layer(prefix, _BERT, last, tokens, 768, gated)
        last = f"{prefix}.output.dense"
    yield linear("pooler.dense", (768, 768), 1, {**EDGE, "signed": True})


TRANSFORMERS = (
    Network("vit_b_16", "ViT-B/16 for ImageNet", _vit_b_16),
    *(
        Network(f"bert_base_{tokens}", f"BERT base on {tokens} tokens", partial(_bert_base, tokens))
        for tokens in (128, 384)
    ),
)
