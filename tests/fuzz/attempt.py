"""One input tried: what a reader made of it, and what is wrong with that."""

from __future__ import annotations

import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

import pgsim
from fuzz.limits import WALL_SECONDS, Overrun, timed
from fuzz.reader import Broken, Reader
from pgsim import InputError

_LONGEST_MESSAGE = 10_000
_PACKAGE = str(Path(pgsim.__file__).parent)


@dataclass(frozen=True)
class Failure:
    """What one input brought to light.

    `kind` is `traceback`, `time`, `memory`, `message`, `accepted` or `crash`; failures of a kind
    that end at the same place of pgsim (`where`) are likely one fault. `detail` is all there is.
    """

    reader: str
    seed: int
    index: int
    kind: str
    where: str
    detail: str


def attempt(reader: Reader, seed: int, index: int, folder: Path) -> tuple[bool, Failure | None]:
    """Try one input in a folder; return whether it was taken, and what is wrong if anything."""
    made = reader.input(seed, index)
    path = folder / f"{index}{reader.suffix}"
    path.write_bytes(made.data)
    try:
        taken, found = tried(reader, path)
        if found is not None and found[0] == "time":  # unless the first use compiled what it needs
            taken, found = tried(reader, path)
    finally:
        path.unlink(missing_ok=True)
    if found is None:
        return taken, None
    detail = f"{len(made.data)} bytes by {', '.join(made.steps) or 'no step'}\n{found[2]}"
    return taken, Failure(reader.name, seed, index, found[0], found[1], detail)


def tried(
    reader: Reader, path: Path, wall_seconds: float = WALL_SECONDS
) -> tuple[bool, tuple[str, str, str] | None]:
    """Use a file; return whether it was taken, and the kind, place and detail of a failure."""
    try:
        with warnings.catch_warnings(), timed(wall_seconds=wall_seconds):
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", RuntimeWarning)  # numbers that went wrong
            reader.use(path)
        return True, None
    except InputError as error:
        return False, _wrong_message(str(error))
    except Broken as error:
        return True, ("accepted", str(error).partition(":")[0][:100], str(error))
    except MemoryError as error:
        return False, ("memory", *_place(error))
    except Overrun as error:
        return False, ("time", *_place(error))
    except Exception as error:
        where, detail = _place(error)
        return False, ("traceback", f"{type(error).__name__} {where}", detail)


def _place(error: BaseException) -> tuple[str, str]:
    """Return the innermost line of pgsim that an error passed, and its whole traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(_PACKAGE)] or frames
    last = own[-1]
    where = f"{last.filename.removeprefix(_PACKAGE + '/')}:{last.lineno} in {last.name}"
    return where, "".join(traceback.format_exception(error))[-6000:]


def _wrong_message(message: str) -> tuple[str, str, str] | None:
    """Return what is wrong with the sentence of a refusal."""
    if len(message) >= _LONGEST_MESSAGE:
        what = "has 10,000 characters or more"
    elif not message.replace("\n", "").isprintable():
        what = "cannot be printed"
    elif not message.strip():
        what = "says nothing"
    else:
        return None
    shown = ascii(message)
    return "message", what, f"{len(message)} characters: {shown[:700]} ... {shown[-300:]}"
