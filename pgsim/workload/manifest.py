"""The manifest of a trace file: what a trace says about itself, and which file of it this is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pgsim.errors import InputError
from pgsim.workload.problems import WHOLE, describe, short
from pgsim.workload.strict_json import parse_json

FORMAT_VERSION: Final = 2  # that is written; version 1 is read too
MOST_SHARDS = 99_999  # as many as their names can count
MOST_IMAGES = 2**21  # of a trace: beyond any data set whose images are simulated one by one
MOST_LAYERS = 8192
MOST_FIGURE = 1e9  # of what a network reached, either side of 0, in whatever unit

Label = Annotated[str, Field(max_length=1000)]
Figure = Annotated[float, Field(ge=-MOST_FIGURE, le=MOST_FIGURE)]
Digests = Mapping[str, str]  # SHA-256 in hexadecimal digits, by name of tensor, and of MANIFEST
MANIFEST = "manifest"
_FRACTION = re.compile(
    r"top[0-9]+(?:_.*)?", re.DOTALL
)  # names of accuracies: of images that are right


class Manifest(BaseModel):
    """What a trace says about itself; `layers` are checked one by one, by `layer_shape`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    model: Label
    dataset: Label
    mask_source: Literal["captured", "synthetic"]
    images: int = Field(ge=1, le=MOST_IMAGES)
    accuracy: dict[str, Figure]
    provenance: dict[str, Any]
    layers: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_LAYERS)

    @model_validator(mode="after")
    def _top_n_are_fractions(self) -> Self:
        for name, figure in self.accuracy.items():
            if _FRACTION.fullmatch(name) and not 0 <= figure <= 1:
                raise ValueError(
                    f"field {short(f'accuracy.{name}')}: should be a fraction from 0 to 1, as of "
                    f"images that are right, not {short(figure)}"
                )
        return self


class Place(BaseModel):
    """Which file of a trace a file is: `index` of `total`, from 1.

    `capture_sha256` is the same in all files that were written together, see `capture_sha256`.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    index: int = Field(ge=1, le=MOST_SHARDS)
    total: int = Field(ge=1, le=MOST_SHARDS)
    capture_sha256: str = Field(pattern="^[0-9a-f]{64}$")


class FileManifest(Manifest):
    """What a file says: beside what its trace does, its format, and since version 2 its place."""

    format_version: Annotated[Literal[1, 2], WHOLE]
    shard: Place | None = None

    @model_validator(mode="after")
    def _has_a_place_since_version_2(self) -> FileManifest:
        if (self.format_version >= 2) != (self.shard is not None):
            raise ValueError(
                f"format version {self.format_version} "
                + ("takes no field 'shard'" if self.shard else "needs field 'shard'")
            )
        return self

    def about(self) -> dict[str, Any]:
        """Return what all files of a trace say of it: the manifest without what is of one file."""
        return self.model_dump(include=Manifest.model_fields.keys() - {"images"})


def check_manifest(fields: object, where: str) -> Manifest:
    """Return what a trace says about itself; raises InputError that begins with `where`."""
    return _validated(Manifest, fields, where)


def file_manifest(text: str, where: str) -> FileManifest:
    """Return the manifest in a file; raises InputError that begins with `where`."""
    fields = parse_json(text, f"{where}: the pgsim manifest")
    if not isinstance(fields, dict):
        raise InputError(f"{where}: the pgsim manifest should be a JSON object")
    version = fields.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise InputError(
            f"{where}: written in trace format version {short(version)}; "
            f"this pgsim reads versions 1 to {FORMAT_VERSION}; upgrade pgsim"
        )
    return _validated(FileManifest, fields, where)


_Any = TypeVar("_Any", bound=Manifest)


def _validated(model: type[_Any], fields: object, where: str) -> _Any:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{where}: manifest: {describe(error, model.model_fields)}") from None


def manifest_text(manifest: FileManifest, where: str) -> str:
    """Return the manifest as a file holds it; raises InputError where it is no JSON."""
    fields = manifest.model_dump()
    ordered = {"format_version": fields.pop("format_version"), **fields}
    text = _json(ordered, where)
    parse_json(text, f"{where}: the provenance, written as JSON,")
    return text


def _json(fields: object, where: str) -> str:
    try:
        text = json.dumps(fields, allow_nan=False, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is JSON, but no text
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: the provenance cannot be written as JSON: {error}") from None
    return text


def capture_sha256(
    about: Mapping[str, Any], shards: Sequence[tuple[int, Digests]], where: str
) -> str:
    """Return what marks the files of one trace as written together, in hexadecimal digits.

    The SHA-256 of a JSON list: the fields that all manifests share, then of each file its number of
    images and its digests of tensors by name. The same content gives the same mark.

    Parameters
    ----------
    about : mapping
        `FileManifest.about()` of any of the files.
    shards : sequence of int and mapping
        Images of each file, and its digests, of which that of the manifest does not count.
    where : str
        What an error begins with.

    Raises
    ------
    InputError
        Where the provenance is no JSON.
    """
    tensors = [
        [images, {name: each for name, each in digests.items() if name != MANIFEST}]
        for images, digests in shards
    ]
    return sha256(_json([about, tensors], where).encode()).hexdigest()
