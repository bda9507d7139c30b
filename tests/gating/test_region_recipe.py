"""The recipe of the region-gated trace on a few images of noise, and its choices worked by hand."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import region_reference as reference

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")  # decodes the images

from torch import nn  # noqa: E402

from pgsim.workload import check_trace, load_operands, load_trace  # noqa: E402

pytestmark = pytest.mark.xdist_group("regions")  # they share what takes long to make

RECIPES = Path(__file__).resolve().parents[2] / "traces" / "recipes"


@pytest.fixture(scope="module")
def recipes():
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(RECIPES)  # where Python looks when it runs the script
        yield importlib.import_module("regions"), importlib.import_module("region_settings")
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == RECIPES:
            del sys.modules[name]


def noise(regions, number: int):
    generator = torch.Generator().manual_seed(5)
    pixels = torch.randint(256, (number, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return regions.Images(pixels, torch.randint(10, (number,), generator=generator))


def test_a_few_images_give_a_whole_trace(recipes, tmp_path, capsys, monkeypatch) -> None:
    regions, settings = recipes
    seeds = []

    def gated(model, setting, seed):
        seeds.append(seed)
        return settings.gated(model, setting, seed)

    monkeypatch.setattr(regions, "gated", gated)
    torch.manual_seed(2)
    model = regions.ResNet20(regions.Widths(8))
    few = settings.Recipe(
        seed=3,
        regions=(8,),
        fractions=(0.25,),
        msb_bits=(3,),
        choice_images=10,
        tolerance=1.0,
        hopeless=1.0,
        trace_images=6,
    )
    images = noise(regions, 16)
    folders = (tmp_path, tmp_path)
    path, operands_path, table, choices = regions.written(
        model, images, few, folders, checkpoint_sha256="0" * 64
    )
    assert "dropped 15.62%" in capsys.readouterr().out  # a quarter of the pixels, 5 bits of 8
    assert set(seeds) == {3}
    assert list(settings.read_table(table)) == [
        settings.UNGATED,
        *(each for series in few.series() for each in series),
    ]

    rankings = [*settings.RANKINGS, "random", "everywhere"]
    assert [row.split(",")[:2] for row in choices.read_text().splitlines()] == [
        ["unchanged", "ranking"],
        *([by, ranking] for by in ("top1", "top3") for ranking in rankings),
    ]

    trace = load_trace(path)
    assert check_trace(path) == []
    assert (trace.name, trace.images) == ("resnet20_regions_8_3", 6)
    assert [layer.shape.name for layer in trace.layers][:2] == ["conv1", "layer1.0.conv1"]
    assert [layer.shape.gate for layer in trace.layers] == ["input"] * 19 + ["none"]
    assert trace.provenance["command"].endswith("--seed 3")
    setting = trace.provenance["setting"]
    rank = getattr(reference, setting["ranking"])
    maps = [
        reference.important(reference.scores(rank, pixels, 8), 4)
        for pixels in images.pixels[:6].numpy()
    ]
    for layer in trace.layers[:19]:
        expected = [reference.pixel_mask(each, *layer.shape.mask_size) for each in maps]
        np.testing.assert_array_equal(
            layer.unpack()[:, 0].reshape(6, *layer.shape.mask_size), expected
        )

    operands = load_operands(operands_path)
    assert operands.images == 2
    assert [each.shape.geometry for each in operands.layers] == [
        each.shape.geometry for each in trace.layers[:19]
    ]
    assert trace.layers[2].shape.inputs == ("layer1.0.conv1", "conv1")
    np.testing.assert_array_equal(operands.layers[0].activations, images.pixels[:2].numpy())
    assert all(each.thresholds.size == 0 for each in operands.layers)


@pytest.mark.parametrize(
    ("top1", "top3", "tried"),
    [
        (0.87, 0.96, 1),  # both lost more than 0.02
        (0.87, 0.98, 2),  # top-1 alone did
        (0.89, 0.96, 2),  # top-3 alone did
    ],
)
def test_a_sweep_goes_on_from_its_file_and_gives_up_on_the_hopeless(
    recipes, tmp_path, top1: float, top3: float, tried: int
) -> None:
    regions, settings = recipes
    few = settings.Recipe(regions=(4,), fractions=(0.5, 0.75), msb_bits=(6,))
    known = {settings.UNGATED: settings.Accuracy(0.9, 0.99)}
    for series in few.series():
        known |= dict.fromkeys(series, settings.Accuracy(top1, top3))
    settings.write_table(known, tmp_path / "sweep.csv")
    found = regions.sweep(nn.Identity(), noise(regions, 1), few, tmp_path / "sweep.csv")
    assert list(found) == [
        settings.UNGATED,
        *(setting for series in few.series() for setting in series[:tried]),
    ]


def test_the_committed_sweep_is_all_that_the_rule_tries(recipes) -> None:
    _, settings = recipes
    found = settings.read_table(RECIPES.parent / "resnet20_regions_sweep.csv")
    top1, top3 = found[settings.UNGATED]
    expected = [settings.UNGATED]
    for series in settings.Recipe().series():
        for setting in series:
            expected.append(setting)
            after = found[setting]
            if after.top1 < top1 - 0.02 and after.top3 < top3 - 0.02:
                break
    assert list(found) == expected


def test_sweeps_of_other_figures_are_kept_apart(recipes, tmp_path) -> None:
    regions, settings = recipes
    recipe = settings.Recipe
    files = [
        regions.sweep_file(tmp_path, checkpoint, few)
        for checkpoint, few in [
            ("a" * 64, recipe()),
            ("b" * 64, recipe()),
            ("a" * 64, recipe(seed=1)),
            ("a" * 64, recipe(choice_images=100)),
        ]
    ]
    assert len(set(files)) == 4
    more = recipe(fractions=(0.5, 0.75), msb_bits=(6,), hopeless=0.5, tolerance=0.1)
    assert regions.sweep_file(tmp_path, "a" * 64, more) == files[0]


def test_the_random_ranking_is_that_of_its_seed(recipes) -> None:
    regions, settings = recipes
    pixels = noise(regions, 400).pixels
    scores = settings.RandomRanking(1)(pixels, 8)
    assert (scores.dtype, scores.shape) == (torch.int64, (400, 4, 4))
    assert len(scores.unique()) > 6000  # of 6400, under 2 are drawn twice on average
    torch.testing.assert_close(settings.RandomRanking(1)(255 - pixels, 8), scores)
    assert (settings.RandomRanking(2)(pixels, 8) != scores).float().mean() > 0.99

    model = regions.ResNet20(regions.Widths(8))
    gated = settings.gated(model, settings.Setting("random", 8, 0.5, 4), 7)
    assert gated.ranking == settings.RandomRanking(7)


def test_most_work_dropped_at_unchanged_accuracy_is_chosen(recipes) -> None:
    _, settings = recipes
    found = {
        settings.UNGATED: settings.Accuracy(0.9, 0.99),
        settings.Setting("entropy", 8, 0.5, 4): settings.Accuracy(0.899, 0.97),  # drops 25 %
        settings.Setting("entropy", 8, 0.5, 2): settings.Accuracy(0.8989, 0.98),  # 37.5 %
        settings.Setting("entropy", 8, 0.25, 4): settings.Accuracy(0.91, 0.989),  # 12.5 %
        settings.Setting("random", 8, 0.75, 4): settings.Accuracy(0.91, 0.989),  # 37.5 %
    }
    assert settings.chosen(found, "top1", 0.001, {"entropy"}) == ("entropy", 8, 0.5, 4)
    assert settings.chosen(found, "top3", 0.001, {"entropy"}) == ("entropy", 8, 0.25, 4)
    assert settings.chosen(found, "top3", 0.001, {"entropy", "random"}) == ("random", 8, 0.75, 4)
    assert settings.chosen(found, "top1", 0.001, {"points_of_interest"}) == settings.UNGATED


@pytest.mark.parametrize(
    ("region", "fraction", "msb_bits", "dropped"),
    [
        (8, 0.5, 4, 1 / 4),
        (4, 0.1, 6, 6 / 64 / 4),
        (4, 0.9, 2, 58 / 64 * 3 / 4),
        (32, 1.0, 5, 3 / 8),
    ],
)
def test_work_dropped_worked_by_hand(
    recipes, region: int, fraction: float, msb_bits: int, dropped: float
) -> None:
    _, settings = recipes
    assert settings.Setting("entropy", region, fraction, msb_bits).dropped == pytest.approx(dropped)
