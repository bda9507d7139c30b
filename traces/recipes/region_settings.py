"""What the recipe regions.py tries, what it drops of the work, and which of it is chosen."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from pgsim.gating import RegionGated, colour_gradient, entropy, points_of_interest

PIXELS = 32  # of an image's side
BITS = 8  # of important regions
RANKINGS = {
    "entropy": entropy,
    "colour_gradient": colour_gradient,
    "points_of_interest": points_of_interest,
}
COLUMNS = (
    "ranking",
    "region_pixels",
    "unimportant_fraction",
    "msb_bits",
    "work_dropped",
    "top1",
    "top3",
)


class Setting(NamedTuple):
    """One way to gate regions; a `ranking` is one of RANKINGS, or a control.

    The controls are `random`, and `everywhere`: all of every image at `msb_bits`.
    """

    ranking: str
    region: int
    fraction: float
    msb_bits: int

    @property
    def dropped(self) -> float:
        """The fraction of a gated layer's MACs times activation bits that is not done."""
        regions = (PIXELS // self.region) ** 2
        return round(self.fraction * regions) / regions * (1 - self.msb_bits / BITS)


class Accuracy(NamedTuple):
    """Fractions of images whose label is the network's first answer, or one of its first three."""

    top1: float
    top3: float


UNGATED = Setting("none", PIXELS, 0.0, BITS)


@dataclass(frozen=True)
class RandomRanking:
    """A ranking by numbers drawn from `seed`, the same in every batch of as many images."""

    seed: int

    def __call__(self, pixels: Tensor, region: int) -> Tensor:
        """Return scores, int64 (images, rows, columns), whatever the pixels."""
        images, _, height, width = pixels.shape
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.rand(images, height // region, width // region, generator=generator)
        return (drawn * 2**24).long()  # float32 draws are whole 2^-24ths


@dataclass(frozen=True)
class Recipe:
    """All that decides the result; `seed` is that of the RandomRanking."""

    seed: int = 0
    regions: tuple[int, ...] = (4,)  # pixels a side
    fractions: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    msb_bits: tuple[int, ...] = (2, 3, 4, 5, 6)
    choice_images: int = 5000  # the first of the test images; the report is of the others
    tolerance: float = 0.001
    hopeless: float = 0.02  # larger fractions are not tried once top-1 and top-3 lost more
    trace_images: int = 500

    def series(self) -> list[list[Setting]]:
        """Return what is tried, in runs of growing fractions."""
        ranked = [
            [Setting(ranking, region, fraction, msb_bits) for fraction in self.fractions]
            for ranking in (*RANKINGS, "random")
            for region in self.regions
            for msb_bits in reversed(self.msb_bits)
        ]
        everywhere = [Setting("everywhere", PIXELS, 1.0, bits) for bits in reversed(self.msb_bits)]
        return [*ranked, everywhere]


def gated(model: nn.Module, setting: Setting, seed: int) -> nn.Module:
    """Return the network as a setting has it; `seed` is that of the RandomRanking."""
    if setting == UNGATED:
        return model
    ranking = RANKINGS.get(setting.ranking, RandomRanking(seed))
    return RegionGated(model, ranking, setting.fraction, setting.msb_bits, setting.region)


def chosen(
    found: Mapping[Setting, Accuracy],
    by: Literal["top1", "top3"],
    tolerance: float,
    rankings: set[str],
) -> Setting:
    """Return the setting of these rankings that drops most work at unchanged accuracy.

    Of equals it is the most accurate one; UNGATED where every setting loses more than `tolerance`.
    """
    least = getattr(found[UNGATED], by) - tolerance - 1e-9  # a loss of just `tolerance` will do
    unchanged = {
        setting: accuracy
        for setting, accuracy in found.items()
        if setting.ranking in rankings and getattr(accuracy, by) >= least
    }
    return max(
        unchanged,
        key=lambda setting: (setting.dropped, getattr(unchanged[setting], by)),
        default=UNGATED,
    )


def line(setting: Setting, accuracy: Accuracy) -> str:
    """Return a setting and its accuracy in words."""
    return (
        f"{setting.ranking:<18} {setting.region:2} pixels  {setting.fraction:4.0%} at "
        f"{setting.msb_bits} bits  work dropped {setting.dropped:6.2%}  "
        f"top-1 {accuracy.top1:.2%}  top-3 {accuracy.top3:.2%}"
    )


def write_table(found: Mapping[Setting, Accuracy], file: Path) -> None:
    """Write settings, the work they drop and their accuracies as CSV."""
    partly = file.with_suffix(".part")
    with partly.open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(COLUMNS)
        for setting, (top1, top3) in found.items():
            writer.writerow((*setting, f"{setting.dropped:.6f}", f"{top1:.4f}", f"{top3:.4f}"))
    partly.replace(file)


def read_table(file: Path) -> dict[Setting, Accuracy]:
    """Return what `write_table` wrote."""
    with file.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return {
        Setting(
            row["ranking"],
            int(row["region_pixels"]),
            float(row["unimportant_fraction"]),
            int(row["msb_bits"]),
        ): Accuracy(float(row["top1"]), float(row["top3"]))
        for row in rows
    }
