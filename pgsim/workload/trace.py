"""Gate traces: which outputs of which layers got their LSB pass, one bit per output element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError, nearest
from pgsim.workload.layer import LayerShape, layer_shapes
from pgsim.workload.layer_trace import WORD, LayerTrace, Words, pack_masks
from pgsim.workload.trace_file import (
    FORMAT_VERSION,
    Manifest,
    changes,
    check_manifest,
    read_shard,
    write_shards,
)
from pgsim.workload.trace_paths import check_trace_path, files_named, find_trace, shard_paths

__all__ = ["GateTrace", "LayerTrace", "check_trace", "load_trace", "save_trace"]

_ROWS_REPORTED = 10  # of set padding bits, per layer


@dataclass(frozen=True, eq=False)
class GateTrace:
    """The gate masks of one network over some images, and where they come from.

    `mask_source` is `captured` (a trained model made the masks) or `synthetic`; `accuracy` maps
    names such as `top1` to what the model reached at these widths.
    """

    name: str
    model: str
    dataset: str
    mask_source: str
    images: int
    accuracy: dict[str, float]
    provenance: dict[str, Any]
    layers: tuple[LayerTrace, ...]

    @classmethod
    def from_masks(
        cls,
        masks: Mapping[str, npt.NDArray[Any]],
        layers: Iterable[LayerShape | Mapping[str, object]],
        *,
        model: str = "unnamed",
        dataset: str = "unnamed",
        mask_source: str = "synthetic",
        accuracy: Mapping[str, float] | None = None,
        provenance: Mapping[str, Any] | None = None,
        images: int | None = None,
        name: str | None = None,
    ) -> GateTrace:
        """Return a trace of masks given by layer name.

        A mask is bool (or uint8 of 0 and 1), (images, channels, height, width) or (images,
        channels, positions); `layers` are LayerShapes or manifest mappings, in the network's order.
        `images` is needed only if no layer is gated; `name` defaults to `model`. Raises InputError
        naming the layer and what was expected.
        """
        where = f"trace {name or model!r}"
        shapes = layer_shapes(layers, where)
        return from_words(
            _packed(masks, shapes, where),
            shapes,
            name=name or model,
            model=model,
            dataset=dataset,
            mask_source=mask_source,
            accuracy=dict(accuracy or {}),
            provenance=dict(provenance or {}),
            images=images,
        )

    def with_bits(
        self,
        activation_bits: int | None = None,
        msb_bits: int | None = None,
        weight_bits: int | None = None,
    ) -> GateTrace:
        """Return a what-if trace: the same masks, other widths in every gated layer.

        The name and the provenance say so, and `accuracy` is dropped, because no model reached it
        at these widths. Raises InputError naming the layer that cannot have them.
        """
        asked = {
            "activation_bits": activation_bits,
            "msb_bits": msb_bits,
            "weight_bits": weight_bits,
        }
        changes = {field: bits for field, bits in asked.items() if bits is not None}
        if not changes:
            return self
        name = f"{self.name}[{','.join(f'{field}={bits}' for field, bits in changes.items())}]"
        layers = tuple(
            replace(layer, shape=layer.shape.replace(name, **changes)) if layer.shards else layer
            for layer in self.layers
        )
        what_if = {**self.provenance.get("what_if", {}), **changes}
        provenance = {**self.provenance, "what_if": what_if}
        return replace(self, name=name, layers=layers, accuracy={}, provenance=provenance)


def from_words(
    words: Mapping[str, Words],
    layers: tuple[LayerShape, ...],
    *,
    name: str,
    images: int | None = None,
    **about: Any,
) -> GateTrace:
    """Return a trace of packed masks, uint64 (images, mask_channels, words) by name of gated layer.

    `about` is the manifest's model, dataset, mask_source, accuracy and provenance. Raises
    InputError where layers differ in images, or the manifest is wrong.
    """
    where = f"trace {name!r}"
    if images is None:
        images = next((len(mask) for mask in words.values()), None)
    for layer, mask in words.items():
        if len(mask) != images:
            raise InputError(
                f"{where}: layer {layer!r}: masks of {len(mask)} images, expected {images}"
            )
    if images is None:
        raise InputError(f"{where}: no layer is gated, so give `images`")
    fields = dict(about, format_version=FORMAT_VERSION, images=images)
    manifest = check_manifest(fields | {"layers": [each.manifest() for each in layers]}, where)
    traces = tuple(
        LayerTrace(each, (words[each.name],) if each.name in words else ()) for each in layers
    )
    return _trace(name, manifest, images, traces)


def _trace(name: str, manifest: Manifest, images: int, layers: tuple[LayerTrace, ...]) -> GateTrace:
    return GateTrace(
        name=name,
        model=manifest.model,
        dataset=manifest.dataset,
        mask_source=manifest.mask_source,
        images=images,
        accuracy=manifest.accuracy,
        provenance=manifest.provenance,
        layers=layers,
    )


def _packed(
    masks: Mapping[str, npt.NDArray[Any]], shapes: Iterable[LayerShape], where: str
) -> dict[str, Words]:
    """Return the packed masks of all gated layers by name."""
    packed = {
        shape.name: pack_masks(_checked_mask(masks, shape, where))
        for shape in shapes
        if shape.gate != "none"
    }
    if extra := sorted(masks.keys() - packed.keys()):
        raise InputError(
            f"{where}: a mask is given for {extra[0]!r}, which is no gated layer."
            f"{nearest(extra[0], packed)}"
        )
    return packed


def _checked_mask(
    masks: Mapping[str, npt.NDArray[Any]], shape: LayerShape, where: str
) -> npt.NDArray[np.bool_]:
    """Return one layer's mask as bool (images, channels, positions)."""
    where = f"{where}: layer {shape.name!r}"
    if shape.name not in masks:
        raise InputError(f"{where}: gated, but no mask is given.{nearest(shape.name, masks)}")
    mask = np.asarray(masks[shape.name])
    if mask.dtype != np.bool_ and not (mask.dtype == np.uint8 and bool((mask <= 1).all())):
        raise InputError(f"{where}: a mask is bool, or uint8 of 0 and 1, not {mask.dtype}")
    channels, size = shape.mask_channels, shape.mask_size
    flat = size[0] * size[1]
    if mask.shape[1:] not in {(channels, *axes) for axes in shape.kind.mask_axes(size)}:
        raise InputError(
            f"{where}: a mask has shape (images, {channels}, {size[0]}, {size[1]}) or "
            f"(images, {channels}, {flat}), not {mask.shape}"
        )
    return mask.reshape(len(mask), channels, flat).view(np.bool_)


def load_trace(name_or_path: str | Path) -> GateTrace:
    """Return the trace of a file, of shards along the images, or shipped under a name.

    Shards are named by what they share (`digits` or `digits.safetensors` for
    `digits-00001-of-00004.safetensors`) or by any one of them. Masks are not read but mapped, as
    read-only views of the files. Raises InputError naming file, layer and what was expected.
    """
    name, paths = find_trace(name_or_path)
    shards = [read_shard(path) for path in paths]
    first = shards[0].manifest
    about = first.model_dump(exclude={"images"})
    for path, shard in zip(paths, shards, strict=True):
        other = shard.manifest.model_dump(exclude={"images"})
        if differing := [field for field in about if other[field] != about[field]]:
            raise InputError(
                f"{path}: {', '.join(differing)} in the manifest should be as in {paths[0].name}"
            )
    layers = tuple(
        LayerTrace(shape, tuple(s.masks[shape.name] for s in shards if shape.name in s.masks))
        for shape in shards[0].layers
    )
    return _trace(name, first, sum(shard.manifest.images for shard in shards), layers)


def save_trace(trace: GateTrace, path: str | Path, shards: int = 1) -> tuple[Path, ...]:
    """Write a trace as one file, or as `shards` files along its images, and return their paths.

    `.safetensors` is appended to `path` where it is missing, and a path that ends as files of
    another format do (.npz, .csv) is refused. Each file holds digests of its manifest and masks,
    for `check_trace`. Memory stays flat, the same trace gives the same bytes, and files appear only
    when all are written. Raises InputError, also where the folder holds a trace of this name in
    another number of shards.
    """
    target = check_trace_path(path)
    if not 1 <= shards <= min(trace.images, 99_999):
        raise InputError(f"{target}: {trace.images} images cannot be cut into {shards} shards")
    if surplus := sorted(files_named(target) - set(shard_paths(target, shards))):
        raise InputError(
            f"{surplus[0]}: holds a trace of this name in other shards; remove it first, "
            "or choose another name"
        )
    bounds = [trace.images * number // shards for number in range(shards + 1)]
    spans = list(pairwise(bounds))
    manifests = [_manifest(trace, stop - start, str(target)) for start, stop in spans]
    return write_shards(target, manifests, trace.layers, spans)


def _manifest(trace: GateTrace, images: int, where: str) -> Manifest:
    fields = {
        "format_version": FORMAT_VERSION,
        "model": trace.model,
        "dataset": trace.dataset,
        "mask_source": trace.mask_source,
        "images": images,
        "accuracy": trace.accuracy,
        "provenance": trace.provenance,
        "layers": [each.shape.manifest() for each in trace.layers],
    }
    return check_manifest(fields, where)


def check_trace(name_or_path: str | Path) -> list[str]:
    """Return every problem of a trace, its data included; an empty list means that all is well.

    Beyond what `load_trace` refuses, these are: a manifest or a layer's masks that are not what
    `save_trace` wrote, by the digests in each file that has them; and padding bits that are set,
    named by layer, image and channel: the first ten rows of a layer, and how many more there are.
    """
    try:
        trace = load_trace(name_or_path)
        problems = [each for path in find_trace(name_or_path)[1] for each in changes(path)]
    except InputError as error:
        return [str(error)]
    return problems + [
        problem for layer in trace.layers for problem in _padding_problems(trace.name, layer)
    ]


def _padding_problems(name: str, layer: LayerTrace) -> list[str]:
    used = layer.shape.mask_positions % 64
    if not used:
        return []
    padding = WORD.type(2**64 - 2**used)
    rows: list[tuple[int, int]] = []
    first = 0
    for words in layer.chunks():
        images, channels = np.nonzero(words[..., -1] & padding)
        rows += zip((images + first).tolist(), channels.tolist(), strict=True)
        first += len(words)
    problems = [
        f"trace {name!r}: layer {layer.shape.name!r}, image {image}, channel {channel}: "
        f"padding bits after position {layer.shape.mask_positions - 1} are set"
        for image, channel in rows[:_ROWS_REPORTED]
    ]
    if len(rows) > _ROWS_REPORTED:
        more = len(rows) - _ROWS_REPORTED
        problems.append(f"trace {name!r}: layer {layer.shape.name!r}: and {more} rows more")
    return problems
