"""Small files to import, and what comes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgsim import InputError, LayerShape, import_layers


def imported(
    folder: Path, text: str | bytes, network: str = "", **options: Any
) -> list[LayerShape]:
    """Return the layers of a file with this content, or of one network in it."""
    path = folder / "net.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(import_layers(f"{path}:{network}" if network else path, **options))


def refusal(folder: Path, text: str | bytes, network: str = "", **options: Any) -> str:
    """Return why a file is refused, without its folder."""
    with pytest.raises(InputError) as caught:
        imported(folder, text, network, **options)
    return str(caught.value).replace(f"{folder}/", "")
