"""Run a gated model and keep what its gates decided: the masks of a trace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from pgsim.errors import InputError
from pgsim.gating.batches import batches_in, images_in
from pgsim.gating.fingerprint import model_sha256
from pgsim.gating.flow import following
from pgsim.gating.forwards import plain_name
from pgsim.gating.geometry import Calls, Described, described
from pgsim.gating.layers import PGLayer, pg_layers
from pgsim.gating.listening import channels_first, listening
from pgsim.gating.modules import Gate, GateOf, gates_of, own_gate
from pgsim.gating.parts import Part, part_of, same_layers
from pgsim.gating.per_image import of_another_batch, require_same
from pgsim.gating.streaming import Shards, stream
from pgsim.gating.work import require_known, watched
from pgsim.gating.zeros import ByImage, ZeroCounts, zeros_of_call, zeros_of_layer
from pgsim.workload.layer import LayerShape
from pgsim.workload.trace import GateTrace

Record = Callable[[Tensor], Part]
"""Runs one batch and returns what is captured of it."""


def capture(
    model: nn.Module,
    batches: Iterable[Tensor | Sequence[Any]],
    *,
    model_name: str,
    dataset: str,
    accuracy: Mapping[str, float] | None = None,
    provenance: Mapping[str, Any] | None = None,
    name: str | None = None,
    gate_of: GateOf | None = None,
    ignore: str | Collection[str] = (),
    out: Shards | None = None,
    progress: bool = False,
) -> GateTrace:
    """Return the trace of a model in eval mode: its layers as they ran, its masks bit for bit.

    Parameters
    ----------
    model : nn.Module
        Its layers are the PGConv2d, PGLinear and PGLSTM (an input and a hidden product, each a
        layer), and the modules that `gate_of` knows, in the order they ran.
    batches : iterable of Tensor, or of (images, labels) as a DataLoader gives them
        Model inputs, images on the first axis, all images of one size; their order is the trace's.
        For a recurrent network an image is one sequence, all of one length. The first batch is run
        once more, on two or three of its images, to see that each layer's work is that of images.
    model_name, dataset : str
        The trace's `model` and `dataset`.
    accuracy : mapping of str to float, optional
        The trace's: what the model reaches, by names such as `top1`.
    provenance : mapping of str to JSON values, optional
        The trace's: how the masks came to be.
    name : str, optional
        The trace's, by default `model_name`, or the name of the files of `out`.
    gate_of : callable, optional
        From a module to its Gate, or None: describes layers of others (`pgsim.gating.modules`).
    ignore : str or collection of str, optional
        What is knowingly left out of the trace: modules by name, with all inside them, and
        operators by name, such as ``aten::bmm``. The trace's provenance says so, as `ignored`.
    out : Shards, optional
        Files that masks are written to as they come, and then mapped. By default they are held in
        memory, one bit a gated output.
    progress : bool
        Whether a bar on stderr shows how far it is.

    Returns
    -------
    GateTrace
        With `mask_source` "captured". Its layers say whose outputs they read (`flow`), and those of
        pgsim's own what fraction of their operands was zero, in all bits and in each plane.

    Raises
    ------
    InputError
        Where a layer states no widths (a plain nn.Conv2d), runs more than once a batch or at two
        input sizes, where its mask is not found or its input holds NaN, where its work is not the
        same for every image, or a gated layer's images are not on its first axis; where the model
        multiplies matrices outside its layers (attention, a functional convolution), or a layer
        something else than its sums; where a batch is no Tensor, or nothing ran.

    Examples
    --------
    >>> import torch
    >>> from pgsim.gating import PGLinear
    >>> model = nn.Sequential(PGLinear(64, 10, activation_bits=4, msb_bits=2))
    >>> batches = torch.rand(8, 64).split(4)
    >>> trace = capture(model, batches, model_name="one_layer", dataset="noise")
    >>> trace.images, trace.layers[0].unpack().shape
    (8, (8, 10, 1))
    """
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    require_known(model, ignore)
    gates = gates_of(model, gate_of, ignore)
    left_out = {"ignored": sorted(ignore)} if ignore else {}
    about = {
        "model": model_name,
        "dataset": dataset,
        "mask_source": "captured",
        "accuracy": dict(accuracy or {}),
        "provenance": dict(provenance or {}) | left_out,
    }
    record = recording(model, gates, about, ignore)
    with _shown(batches_in(batches), progress) as arriving:
        if out is None:
            return _held(map(record, arriving), name or model_name)
        asked = about | {"model_sha256": model_sha256(model, gates), "shard_images": out.images}
        trace = stream(record, arriving, out, asked)
    return trace if name is None else replace(trace, name=name)


def _held(parts: Iterable[Part], name: str) -> GateTrace:
    """Return the parts, one after the other, as one trace in memory."""
    kept: list[Part] = []
    for part in parts:
        kept.append(same_layers(part, kept[0]) if kept else part)
    if not kept:
        raise InputError("nothing to capture: there was no batch.")
    return replace(part_of(kept).stated(), name=name)


def recording(
    model: nn.Module, gates: Mapping[str, Gate], about: Mapping[str, Any], ignore: Collection[str]
) -> Record:
    """Return a function that runs a batch and returns its part; `about` is the manifest's.

    Of the first batch another number of images is run too, on a copy of the model: by them it is
    seen what each layer reads.
    """
    inputs: dict[str, tuple[str, ...]] = {}

    def record(batch: Tensor) -> Part:
        ran = _ran(model, batch, gates, ignore)
        if not inputs:
            (others, read), images = of_another_batch(
                partial(_followed, gates=gates, ignore=ignore), model, batch
            )
            require_same(ran.shapes, len(batch), others.shapes, images)
            inputs.update(ran.inputs(read))
        shapes = [shape.replace(inputs=inputs.get(shape.name)) for shape in ran.shapes]
        trace = GateTrace.from_masks(ran.masks, shapes, images=len(batch), **about)
        return Part(trace, ran.zeros)

    return record


class _Ran(NamedTuple):
    """One batch: its modules in the order they ran, and by their names masks and zero operands."""

    modules: dict[str, Described]
    masks: dict[str, NDArray[np.bool_]]
    zeros: dict[str, ZeroCounts]

    @property
    def shapes(self) -> list[LayerShape]:
        """The layers in the order they ran."""
        return [shape for each in self.modules.values() for shape in each.shapes]

    def inputs(self, read: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Return which layers each layer reads, from the modules that each module reads."""
        names = {name: [shape.name for shape in each.shapes] for name, each in self.modules.items()}
        reads = {
            name: tuple(layer for each in modules for layer in names.get(each, [each]))
            for name, modules in read.items()
        }
        return {
            layer: reads[name]
            for name, layers in names.items()
            if name in reads
            for layer in layers
        }


def _ran(
    model: nn.Module, batch: Tensor, gates: Mapping[str, Gate], ignore: Collection[str]
) -> _Ran:
    """Run a batch, and return what its layers did."""
    inputs: dict[str, list[tuple[int, ...]]] = {}
    masks: dict[str, list[NDArray[np.bool_]]] = {}
    zeros: dict[str, list[ByImage]] = {}

    def keep(name: str, layer: nn.Module, x: Tensor, mask: Tensor | None) -> None:
        inputs.setdefault(name, []).append(tuple(x.shape))
        if mask is not None:
            masks.setdefault(plain_name(name), []).append(channels_first(layer, mask))
        if isinstance(layer, PGLayer) and gates[name] == own_gate(layer):
            zeros.setdefault(name, []).append(zeros_of_call(layer, x, len(batch)))

    with listening(model, gates, keep), watched(model, batch, gates, ignore) as work:
        model(batch)
    if not inputs:
        raise InputError("nothing to capture: the batch reached no layer with a Gate.")
    modules = {
        plain_name(name): described(
            name, model.get_submodule(name), gates[name], Calls(len(batch), axes)
        )
        for name, axes in inputs.items()
    }
    macs = {name: each.macs for name, each in modules.items()}
    gated = {plain_name(name) for name, gate in gates.items() if gate.msb_bits is not None}
    work.require_all_of(macs, gated, len(batch))
    own = pg_layers(model)
    return _Ran(
        modules,
        {name: np.concatenate(steps, axis=-1) for name, steps in masks.items()},
        {plain_name(name): zeros_of_layer(own[name], calls) for name, calls in zeros.items()},
    )


def _followed(
    model: nn.Module, batch: Tensor, gates: Mapping[str, Gate], ignore: Collection[str]
) -> tuple[_Ran, dict[str, tuple[str, ...]]]:
    """Run a batch, and return what its layers did and what each of them read."""
    with following(model, gates, batch) as flow:
        ran = _ran(model, batch, gates, ignore)
    return ran, flow.inputs()


@contextmanager
def _shown(batches: Iterable[Any], progress: bool) -> Iterator[Iterable[Tensor]]:
    """Give the images of each batch, and with `progress` show on stderr how many have come."""
    if not progress:
        yield images_in(batches)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("batches, {task.fields[images]} images"),
        TimeRemainingColumn(),
    )
    total = len(batches) if isinstance(batches, Sized) else None

    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("capture", total=total, images=0)

        def counted() -> Iterator[Tensor]:
            images = 0
            for batch in images_in(batches):
                yield batch
                images += len(batch)
                bar.update(task, advance=1, images=images)

        yield counted()
