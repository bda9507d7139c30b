"""A network's timeline as a file of Chrome trace events, which Perfetto opens (MODEL.md M49)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pgsim.errors import InputError
from pgsim.files import check_new_file
from pgsim.model.blocks import blocks_of
from pgsim.model.layer import every_run, run_block
from pgsim.model.nests import run_nest
from pgsim.model.work_store import WorkStore
from pgsim.results import LayerResult, Result
from pgsim.study.timeline.blocks import turns_of_nest
from pgsim.study.timeline.drawing import Event, Track, event, heads
from pgsim.study.timeline.layers import Block, Numbering, layer_events
from pgsim.study.timeline.tiles import turns_of
from pgsim.text import writable
from pgsim.writing import replacing

EVENTS_PER_LAYER = 5_000  # about 1 MB
_FEWEST_EVENTS = 100


def check_timeline_path(path: str | Path) -> Path:
    """Return the path of a timeline to be; raises InputError where none could be written there."""
    path = Path(path)
    if path.suffix != ".json":
        raise InputError(f"{path}: a timeline's name ends in .json")
    return check_new_file(path)


def write_timeline(
    result: Result,
    path: str | Path,
    *,
    events_per_layer: int = EVENTS_PER_LAYER,
    store: WorkStore | None = None,
) -> None:
    """Write what a simulation did when, as events that Perfetto and other trace viewers open.

    Layers follow each other, and so do the batches of each of them. Passes, waits of the array and
    transfers of DRAM are on tracks of their own. Turns and batches that repeat are merged, and so
    is what would be too many events; the sums stay exact.

    Parameters
    ----------
    result : Result
        Of `simulate`. Its layers are run once more, because a result holds no event.
    path : str or Path
        A .json file. It appears, or replaces another, only when it is complete.
    events_per_layer : int
        About how many events a layer has at most, at least 100.
    store : WorkStore, optional
        Through which the simulation shared its mask work, which is then not repeated (default:
        nothing is shared).

    Raises
    ------
    InputError
        For another suffix, a file that cannot be written, and fewer events than 100.

    Notes
    -----
    One microsecond of the viewer is one cycle. Source: MODEL.md M49.

    Examples
    --------
    >>> import json
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import simulate
    >>> result = simulate("digits_pg_4_2", "pg_os")
    >>> with TemporaryDirectory() as folder:
    ...     write_timeline(result, f"{folder}/timeline.json")
    ...     with open(f"{folder}/timeline.json") as file:
    ...         events = json.load(file)["traceEvents"]
    >>> waits = [each["args"].get("bubble_cycles", 0) for each in events if each["ph"] == "X"]
    >>> sum(waits) == result.summary["bubble_cycles"]
    True
    """
    path = check_timeline_path(path)
    if events_per_layer < _FEWEST_EVENTS:
        raise InputError(f"events_per_layer {events_per_layer}: expected {_FEWEST_EVENTS} or more")
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(f'{{"otherData": {_text(_about(result))},\n"traceEvents": [\n')
        events = network_events(result, events_per_layer, store or WorkStore(limit_bytes=0))
        file.writelines(_lines(events))
        file.write("]}\n")


def network_events(result: Result, events_per_layer: int, store: WorkStore) -> Iterator[Event]:
    """Return the events of all layers, one layer after the other; made as they are asked for."""
    title = writable(f"{result.arch.name}: {result.trace.name}, {result.scheme}")
    yield from heads(title, predicts=result.arch.array.predictor_share > 0)
    now = 0
    for layer in result.layer_results:
        cycles = int(layer.cycles.sum())
        yield event(
            Track.LAYERS, "layer", writable(layer.shape.name), now, cycles, {"cycles": cycles}
        )
        numbering = Numbering(
            result.calibration_images,
            result.trace.images,
            layer.job.batch,
            layer.shape.runs_per_batch,
        )
        blocks = blocks_drawn(result, layer, store)
        yield from layer_events(blocks, numbering, now, events_per_layer)
        now += cycles


def blocks_drawn(result: Result, layer: LayerResult, store: WorkStore) -> Iterator[Block]:
    """Return the turns of a layer's blocks; without a mask one batch stands for all."""
    job = layer.job
    for block in blocks_of(job, result.calibration_images, result.trace.images):
        if job.nest is None:
            turns = turns_of(every_run(run_block(job, block, store)))
        else:
            turns = turns_of_nest(run_nest(job, block, store))
        yield Block(turns, 1 if job.varies else block.batches)


def _about(result: Result) -> dict[str, Any]:
    return {
        "trace": writable(result.trace.name),
        "arch": writable(result.arch.name),
        "scheme": result.scheme,
        "images": result.images,
        "cycles": result.cycles,
        "clock_mhz": result.arch.clock_mhz,
        "time": "1 us of the viewer is 1 cycle",
        "sums": "of args over all events with ph X and cat pass, wait or transfer: columns of the "
        "result table; an event with repeats, turns or runs in args stands for many",
    }


def _lines(events: Iterator[Event]) -> Iterator[str]:
    separator = ""
    for each in events:
        yield separator + _text(each)
        separator = ",\n"
    yield "\n"


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
