"""How a layer begins: passes, waits and transfers of its first turns, drawn over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pgsim.plots.drawing import BLUE, GREY, LATENCY, ORANGE, PURPLE, SKY, VERMILLION, YELLOW
from pgsim.report.markup import Html, element, joined, paragraph
from pgsim.results import LayerResult, Result
from pgsim.study.timeline import FirstTurns, first_turns
from pgsim.study.timeline.drawing import Event, Track
from pgsim.study.timeline.turns import EXECUTOR, PREDICTOR

_MOST_EVENTS = 60
_TRACKS = (Track.ARRAY, Track.WAITS, Track.DRAM)
_DRAWN = LATENCY | {
    EXECUTOR: ("waits for the predictor", GREY),
    PREDICTOR: ("waits for the executor", PURPLE),
}
_READ, _WRITTEN = ("reads", VERMILLION), ("writes", "#6e6e6e")
_ORDER = (BLUE, SKY, YELLOW, ORANGE, VERMILLION, GREY, PURPLE, _WRITTEN[1])  # of colours in the key
_ROW, _BAR, _ABOVE = 46, 20, 18  # pixels of a track, of a bar in it, and of the name above a bar
_AXIS = 24  # pixels below all tracks


class Bar(NamedTuple):
    """An event as it is drawn: what it is called in the key, and its colour."""

    kind: str
    colour: str


def timeline(result: Result, layer: LayerResult) -> Html:
    """Return a picture of a layer's first turns, and what it leaves out."""
    found = first_turns(result, layer, _MOST_EVENTS)
    return joined((paragraph(_words(found, layer)), gantt(found), _key(found.events)))


def _words(found: FirstTurns, layer: LayerResult) -> str:
    """Return what is drawn, and what is left out."""
    name, whole = layer.shape.name, int(layer.cycles.sum())
    rest = found.turns_of_run - found.turns
    left = [
        f"{_counted(rest, 'more turn')} of this run" if rest else "",
        _counted(found.runs - 1, "more run") if found.runs > 1 else "",
    ]
    out = "".join(f"{each}, " for each in left if each)
    return (
        f"Drawn are the first {_counted(found.turns, 'turn')} of {name}, a {found.unit} each: "
        f"{found.cycles:,} of the {whole:,} cycles that the layer takes for all images. Left out "
        f"are {out}{'and ' if out else ''}all other layers. pgsim simulate --timeline writes them."
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def gantt(found: FirstTurns) -> Html:
    """Return the events as bars over cycles; widths are shares of the page's."""
    tracks = sorted({*_TRACKS, *(Track(each["tid"]) for each in found.events)})
    height = _ROW * len(tracks) + _AXIS
    rows = {track: place * _ROW for place, track in enumerate(tracks)}
    names = (
        element("text", track.title, x=0, y=rows[track] + 13, class_="faint") for track in tracks
    )
    return element(
        "svg",
        *_axis(found.cycles, height),
        *names,
        *(_bar(each, rows[each["tid"]] + _ABOVE, found.cycles) for each in found.events),
        class_="gantt",
        height=height,
        role="img",
        aria_label="Passes, waits and transfers over cycles",
    )


def _axis(cycles: int, height: int) -> Iterator[Html]:
    """Return lines at round numbers of cycles, with these below."""
    step = _round_step(cycles)
    for at in range(0, cycles + 1, step):
        x = _share(at, cycles)
        anchor = "start" if not at else "end" if at > 0.95 * cycles else "middle"
        yield element("line", x1=x, x2=x, y1=0, y2=height - _AXIS + 4)
        named = f"{at:,} cycles" if not at else f"{at:,}"
        yield element("text", named, x=x, y=height - 6, text_anchor=anchor, class_="faint")


def _round_step(cycles: int) -> int:
    """Return the least of 1, 2 or 5 times a power of ten of which 5 are no less than all cycles."""
    power = 1
    while 50 * power < cycles:
        power *= 10
    return next(digit * power for digit in (1, 2, 5, 10) if 5 * digit * power >= cycles)


def _bar(event: Event, top: int, cycles: int) -> Html:
    """Return one event: its name in it where there is room, and in full where one points at it."""
    kind, colour = _drawn(event)
    name = event["name"]
    title = element("title", f"{name}: {kind}, cycles {event['ts']:,} to {_end(event):,}")
    width = _share(event["dur"], cycles)
    shape = element(
        "rect", width="100%", height=_BAR, rx=2, style=f"fill: {colour}",
        data_begin=event["ts"], data_cycles=event["dur"], data_kind=kind,
    )  # fmt: skip
    dark = colour in (SKY, YELLOW, ORANGE)
    words = element("text", name, x=5, y=14) if event["dur"] > 0.06 * cycles else ""
    return element(
        "svg", title, shape, words, x=_share(event["ts"], cycles), y=top, width=width,
        height=_BAR, class_="dark" if dark else "inside",
    )  # fmt: skip


def _end(event: Event) -> int:
    end: int = event["ts"] + event["dur"]
    return end


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3f}%"


def _drawn(event: Event) -> Bar:
    """Return what an event is, in the colour that it has in every figure."""
    if event["tid"] == Track.DRAM:
        written = "dram_read_bytes" not in event["args"]
        return Bar(*(_WRITTEN if written else _READ))
    column = next(each for each in event["args"] if each in _DRAWN)
    return Bar(*_DRAWN[column])


def _key(events: Sequence[Event]) -> Html:
    """Return what the colours mean, of those that are there; a wait shares one with its cause."""
    bars = dict.fromkeys(map(_drawn, events))
    named = (
        (" and ".join(bar.kind for bar in bars if bar.colour == colour), colour)
        for colour in _ORDER
    )
    return element("ul", *(_entry(*each) for each in named if each[0]), class_="key")


def _entry(name: str, colour: str) -> Html:
    patch = element("rect", width="100%", height="100%", rx=2, style=f"fill: {colour}")
    return element("li", element("svg", patch, aria_hidden="true"), name)
