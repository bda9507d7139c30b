"""Gate traces: which outputs of which layers got their LSB pass, one bit per output element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy.typing as npt

from pgsim.errors import InputError, nearest
from pgsim.workload.connections import among, check_inputs, producers
from pgsim.workload.layer import LayerShape
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.layers import layers_as_run
from pgsim.workload.manifest import Manifest, check_manifest
from pgsim.workload.mask_words import Words, packed_masks
from pgsim.workload.other_bits import at_bits
from pgsim.workload.problems import short

_MOST_IMAGES_OF_LAYERS = 2**23  # each has a row of counts in memory


@dataclass(frozen=True, eq=False)
class GateTrace:
    """The gate masks of one network over some images, and where they come from.

    Attributes
    ----------
    name : str
        What results call the trace; of a loaded one, the name of its file.
    model, dataset : str
        The network, and what it ran on.
    mask_source : str
        `captured` where a trained model made the masks, else `synthetic`.
    images : int
        How many images the masks cover.
    accuracy : dict of str to float
        What the model reached at these widths, by names such as `top1` or `bits_per_character`:
        of `top1`, `top5` and those that begin so, `top1_pg`, fractions from 0 to 1; any other
        figure in its own unit, from -1e9 to 1e9.
    provenance : dict of str to JSON values
        How the masks came to be.
    layers : tuple of LayerTrace
        All layers in the network's order, those without a gate too.
    path : Path, optional
        The file that it was loaded from, or the common name of its shards, beside which operands
        and margins lie.

    Raises
    ------
    InputError
        Where layers share a name, where their masks are not of so many images, and where there are
        more images times layers than pgsim counts.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> trace = load_trace("digits_pg_4_2")
    >>> trace.mask_source, trace.images, len(trace.layers)
    ('captured', 500, 6)
    """

    name: str
    model: str
    dataset: str
    mask_source: str
    images: int
    accuracy: dict[str, float]
    provenance: dict[str, Any]
    layers: tuple[LayerTrace, ...]
    path: Path | None = None

    def __post_init__(self) -> None:
        where = f"trace {short(self.name)}"
        names: set[str] = set()
        for layer in self.layers:
            about = f"{where}: layer {layer.shape.name!r}"
            if layer.shape.name in names:
                raise InputError(f"{about} is there twice")
            if layer.shards and layer.images != self.images:
                raise InputError(f"{about}: masks of {layer.images} images, expected {self.images}")
            names.add(layer.shape.name)
        if self.images * len(self.layers) > _MOST_IMAGES_OF_LAYERS:
            raise InputError(
                f"{where}: 'images' {self.images:,} of {len(self.layers):,} 'layers' are more than "
                f"pgsim counts ({_MOST_IMAGES_OF_LAYERS:,} images times layers): cut the images"
            )

    @cached_property
    def producers(self) -> dict[str, tuple[str, ...]]:
        """The names of the layers whose outputs each layer reads, by its own name.

        By default it reads the one before it. `network` among them is the network's input, and
        what no earlier layer of the trace made.
        """
        return producers([layer.shape for layer in self.layers])

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

        Parameters
        ----------
        masks : mapping of str to array or PyTorch tensor
            Of every gated layer, bool, or numbers that are all 0 or 1, (images, channels, height,
            width) or (images, channels, positions). With `gate: input` there is one channel.
        layers : iterable of LayerShape or of mappings of manifest fields
            All layers, in the network's order. Their `inputs` name layers before them, or
            `network`; of layers that are not here, taken out of a network, they read the network's
            input. The mapping of a transposed convolution stands for the layers that it runs as
            (`pgsim.workload.transposed`), each with a mask of its own.
        model, dataset, mask_source, accuracy, provenance
            What the trace says of itself, see `GateTrace`.
        images : int, optional
            Needed only if no layer is gated.
        name : str, optional
            By default `model`.

        Returns
        -------
        GateTrace
            With the masks packed, a bit a position.

        Raises
        ------
        InputError
            Naming the layer and what was expected.

        Examples
        --------
        >>> layer = {
        ...     "name": "fc", "op": "linear", "in_channels": 64, "out_channels": 2, "positions": 1,
        ...     "activation_bits": 4, "msb_bits": 2, "weight_bits": 8, "gate": "output",
        ... }
        >>> import numpy as np
        >>> two_images = np.array([[[True], [False]], [[True], [True]]])
        >>> GateTrace.from_masks({"fc": two_images}, [layer]).layers[0].density()
        0.75
        """
        where = f"trace {name or model!r}"
        shapes = layers_as_run(layers, where)
        return from_words(
            packed_masks(masks, shapes, where),
            shapes,
            name=name or model,
            model=model,
            dataset=dataset,
            mask_source=mask_source,
            accuracy=dict(accuracy or {}),
            provenance=dict(provenance or {}),
            images=images,
        )

    def of_layers(self, names: Iterable[str]) -> GateTrace:
        """Return a trace of some layers alone, in the network's order.

        Parameters
        ----------
        names : iterable of str
            Of its layers.

        Returns
        -------
        GateTrace
            It shares this one's masks. What layers read of others is what no layer made.

        Raises
        ------
        InputError
            Where there is no such layer.

        Examples
        --------
        >>> from pgsim import load_trace
        >>> len(load_trace("digits_pg_4_2").of_layers(["conv2", "conv3"]).layers)
        2
        """
        chosen, known = list(names), [layer.shape.name for layer in self.layers]
        for name in chosen:
            if name not in known:
                raise InputError(
                    f"trace {self.name} has no layer {short(name)}.{nearest(name, known)}"
                )
        if not chosen:
            raise InputError(f"trace {self.name}: expected the name of one layer at least")
        layers = tuple(layer for layer in self.layers if layer.shape.name in chosen)
        return replace(self, layers=layers)

    def with_bits(
        self,
        activation_bits: int | None = None,
        msb_bits: int | None = None,
        weight_bits: int | None = None,
    ) -> GateTrace:
        """Return a what-if trace: the same masks, other widths in every gated layer.

        The name says so. Where a layer's widths really change the provenance does too, and
        `accuracy` is dropped, because no model reached it at these widths.

        Parameters
        ----------
        activation_bits, msb_bits, weight_bits : int, optional
            By default each layer's own.

        Returns
        -------
        GateTrace
            It shares this one's masks.

        Raises
        ------
        InputError
            Naming a layer that cannot have them.

        Examples
        --------
        >>> from pgsim import load_trace
        >>> load_trace("digits_pg_4_2").with_bits(msb_bits=3).name
        'digits_pg_4_2[msb_bits=3]'
        """
        asked = {
            "activation_bits": activation_bits,
            "msb_bits": msb_bits,
            "weight_bits": weight_bits,
        }
        changes: dict[str, object] = {
            field: bits for field, bits in asked.items() if bits is not None
        }
        if not changes:
            return self
        name = f"{self.name}[{','.join(f'{field}={bits}' for field, bits in changes.items())}]"
        layers = at_bits(self.layers, changes, name)
        if all(new.shape == old.shape for new, old in zip(layers, self.layers, strict=True)):
            return replace(self, name=name)
        before = self.provenance.get("what_if")
        what_if = {**before, **changes} if isinstance(before, dict) else changes
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
    InputError where layers differ in images or read one that comes later, or the manifest is
    wrong.
    """
    where = f"trace {name!r}"
    check_inputs(among(layers), where)
    if images is None:
        images = next((len(mask) for mask in words.values()), None)
    if images is None:
        raise InputError(f"{where}: no layer is gated, so give `images`")
    fields = dict(about, images=images)
    manifest = check_manifest(fields | {"layers": [each.manifest() for each in layers]}, where)
    traces = tuple(
        LayerTrace(each, (words[each.name],) if each.name in words else ()) for each in layers
    )
    return trace_of(name, manifest, images, traces)


def trace_of(
    name: str, manifest: Manifest, images: int, layers: tuple[LayerTrace, ...]
) -> GateTrace:
    """Return the trace that a manifest tells of, with the masks of all its images."""
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
