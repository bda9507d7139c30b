"""A capture in shards, against the one in memory, and an interrupted one against a whole one."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from pgsim.errors import InputError  # noqa: E402
from pgsim.gating import PGConv2d, PGLinear, Shards, capture  # noqa: E402
from pgsim.workload import check_trace, load_trace, save_trace  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

ABOUT = {
    "model_name": "small",
    "dataset": "noise",
    "accuracy": {"top1": 0.5},
    "provenance": {"seed": 3, "sizes": (6, 7)},
}
IMAGES, BATCH = 11, 3  # four batches, the last of two images


def small_model(stride: int = 2, msb_bits: int = 2) -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        PGConv2d(2, 4, 3, padding=1, activation_bits=8, clip=1.0, signed=True),
        nn.ReLU(),
        PGConv2d(4, 6, 3, stride, 1, activation_bits=4, msb_bits=msb_bits, clip=1.0),
        nn.AdaptiveAvgPool2d((3, 3)),
        nn.Flatten(),
        PGLinear(54, 5, activation_bits=6, msb_bits=3, weight_bits=4, clip=1.0),
    )


@pytest.fixture
def images() -> Tensor:
    return torch.randn(IMAGES, 2, 6, 7, generator=torch.Generator().manual_seed(9))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stopping(batches: tuple[Tensor, ...], after: int, error: BaseException) -> Iterator[Tensor]:
    yield from batches[:after]
    raise error


def ran(model: nn.Module) -> list[int]:
    """Return a list that fills with the images of each batch that the model runs."""
    sizes: list[int] = []
    model.register_forward_pre_hook(lambda _model, inputs: sizes.append(len(inputs[0])))
    return sizes


@pytest.mark.parametrize("per_shard", [1, 2, 3, 4, 6, 10, 11, 99])
def test_shards_hold_what_memory_does(tmp_path: Path, images: Tensor, per_shard: int) -> None:
    held = capture(small_model(), images.split(BATCH), **ABOUT)
    out = Shards(tmp_path / "small", images=per_shard)
    trace = capture(small_model(), images.split(BATCH), **ABOUT, out=out)

    total = -(-IMAGES // per_shard)
    names = [f"small-{number:05d}-of-{total:05d}.safetensors" for number in range(1, total + 1)]
    assert sorted(contents(tmp_path)) == (names if total > 1 else ["small.safetensors"])
    sizes = [len(shard) for shard in trace.layers[1].shards]
    assert sizes == [min(per_shard, IMAGES - first) for first in range(0, IMAGES, per_shard)]
    assert check_trace(tmp_path / "small") == []
    assert (trace.name, trace.images, trace.mask_source) == ("small", IMAGES, "captured")
    assert trace.provenance == {"seed": 3, "sizes": [6, 7]}
    for layer, expected in zip(trace.layers, held.layers, strict=True):
        assert layer.shape == expected.shape
        if layer.shape.gated:
            assert 0 < expected.density() < 1
            np.testing.assert_array_equal(layer.mask_words(), expected.mask_words())


def test_one_shard_is_the_saved_trace_byte_for_byte(tmp_path: Path, images: Tensor) -> None:
    (saved,) = save_trace(capture(small_model(), images.split(BATCH), **ABOUT), tmp_path / "saved")
    capture(small_model(), images.split(BATCH), **ABOUT, out=Shards(tmp_path / "streamed"))
    assert (tmp_path / "streamed.safetensors").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("disk gone")], ids=repr)
@pytest.mark.parametrize("per_shard", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("after", range(5))
def test_interrupted_and_resumed_is_uninterrupted(
    tmp_path: Path, images: Tensor, after: int, per_shard: int, error: BaseException
) -> None:
    batches = images.split(BATCH)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    capture(small_model(), batches, **ABOUT, out=Shards(whole / "t", per_shard))

    out = Shards(cut / "t", per_shard, resume=True)
    with pytest.raises(type(error)):
        capture(small_model(), stopping(batches, after, error), **ABOUT, out=out)
    assert list(cut.glob("*.safetensors")) == []
    resumed = small_model()
    sizes = ran(resumed)
    capture(resumed, batches, **ABOUT, out=out)

    assert contents(cut) == contents(whole)
    done = min(after * BATCH, IMAGES) // per_shard * per_shard  # in shards that were finished
    lacking = [len(b) for n, b in enumerate(batches) if n * BATCH + len(b) > done or n == 0]
    assert sizes == lacking


def test_interrupted_again_and_again(tmp_path: Path, images: Tensor) -> None:
    batches, out = images.split(2), Shards(tmp_path / "t", 3, resume=True)
    expected = capture(small_model(), batches, **ABOUT)
    for after in range(len(batches)):
        with pytest.raises(KeyboardInterrupt):
            stop = stopping(batches, after, KeyboardInterrupt())
            capture(small_model(), stop, **ABOUT, out=out)
    trace = capture(small_model(), batches, **ABOUT, out=out, name="again")
    assert trace.name == "again"
    np.testing.assert_array_equal(trace.layers[1].mask_words(), expected.layers[1].mask_words())


@pytest.mark.parametrize("moved", range(4))
def test_stopped_while_shards_take_their_places(
    tmp_path: Path, images: Tensor, moved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, out = images.split(BATCH), Shards(tmp_path / "t", 4, resume=True)
    link, replace, unlink = os.link, Path.replace, Path.unlink

    def stop_in_time(target: Path) -> None:
        if "-of-" in target.name and len(list(tmp_path.glob("t-*-of-*"))) == moved:
            raise KeyboardInterrupt

    def link_some(source: str, target: Path, **options: int) -> None:
        stop_in_time(target)  # so a file without a name gets one
        link(source, target, **options)

    def replace_some(path: Path, target: Path) -> Path:
        stop_in_time(target)  # and so where there are only files with names
        return replace(path, target)

    def keep_progress(path: Path, missing_ok: bool = False) -> None:
        if path.name == "progress.json":
            raise KeyboardInterrupt  # reached when all three shards are there
        unlink(path, missing_ok)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "link", link_some)
        patch.setattr(Path, "replace", replace_some)
        patch.setattr(Path, "unlink", keep_progress)
        capture(small_model(), batches, **ABOUT, out=out)
    assert len(list(tmp_path.glob("t-*-of-*"))) == moved
    if 0 < moved < 3:
        with pytest.raises(InputError, match="of 3 shards missing"):
            load_trace(tmp_path / "t")
    model = small_model()
    sizes = ran(model)
    trace = capture(model, batches, **ABOUT, out=out)
    assert sizes == []
    assert trace.images == IMAGES
    assert len(contents(tmp_path)) == 3
    assert check_trace(tmp_path / "t") == []


@pytest.mark.parametrize("damage", ["gone", "cut short", "one bit"])
def test_a_damaged_shard_is_noticed(tmp_path: Path, images: Tensor, damage: str) -> None:
    out = interrupted(tmp_path, images)
    path = tmp_path / "t.capture" / "00003.safetensors"
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        flipped = whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
        path.write_bytes(whole[:-8] if damage == "cut short" else flipped)
    with pytest.raises(InputError, match=r"00003.*remove the folder"):
        capture(small_model(), images.split(BATCH), **ABOUT, out=out)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Packed masks are 16 KiB an image, 640 KiB of 40 images more: shards add next to none."""

    def peak(images: int, name: str) -> int:
        model = nn.Sequential(PGConv2d(1, 32, 1, activation_bits=4, msb_bits=2, clip=1.0))
        batches = (torch.rand(2, 1, 64, 64) for _ in range(images // 2))
        tracemalloc.start()
        try:
            out = Shards(tmp_path / name, images=4)
            capture(model, batches, model_name="m", dataset="d", out=out)
            return tracemalloc.get_traced_memory()[1]  # numpy reports its arrays there
        finally:
            tracemalloc.stop()

    peak(8, "first")  # what is imported and cached on first use
    few, many = peak(8, "few"), peak(48, "many")
    assert many - few < 40 * 4 * 4096 / 4


def interrupted(folder: Path, images: Tensor) -> Shards:
    """Leave a capture in shards of 2 interrupted after three of four batches of 3."""
    out = Shards(folder / "t", 2, resume=True)
    with pytest.raises(KeyboardInterrupt):
        stop = stopping(images.split(BATCH), 3, KeyboardInterrupt())
        capture(small_model(), stop, **ABOUT, out=out)
    return out


def trained(model: nn.Sequential) -> nn.Sequential:
    model[5].weight.data[0, 0] += 1e-3
    return model


def otherwise(model: nn.Sequential) -> nn.Sequential:
    """Return a model that computes something else, which no printed module or weight shows."""
    model[1].forward = lambda x: x.abs()
    return model


CHANGES = {
    "another model_sha256": [
        SimpleNamespace(model=lambda: trained(small_model())),
        SimpleNamespace(model=lambda: small_model(stride=1)),
        SimpleNamespace(model=lambda: small_model(msb_bits=3)),
    ],
    "another dataset": [SimpleNamespace(about={"dataset": "other"})],
    "another accuracy, provenance": [
        SimpleNamespace(about={"accuracy": {}, "provenance": {"seed": 4}})
    ],
    "another shard_images": [SimpleNamespace(out={"images": 3})],
    "the first batch gives other masks": [
        SimpleNamespace(batches=lambda images: images.flip(0).split(BATCH)),
        SimpleNamespace(model=lambda: otherwise(small_model())),
    ],
    "other images in its first 3 batches": [
        SimpleNamespace(batches=lambda images: images[[0, 1, 2, 4, 3, *range(5, 11)]].split(BATCH)),
        SimpleNamespace(batches=lambda images: [images[:3], images[3:5], images[5:9], images[9:]]),
        SimpleNamespace(batches=lambda images: images.split(BATCH)[:2]),
    ],
}


@pytest.mark.parametrize(
    ("message", "change"),
    [(message, change) for message, changes in CHANGES.items() for change in changes],
)
def test_another_call_is_not_resumed(
    tmp_path: Path, images: Tensor, message: str, change: SimpleNamespace
) -> None:
    out = interrupted(tmp_path, images)
    before = contents(tmp_path / "t.capture")
    model = getattr(change, "model", small_model)()
    batches = getattr(change, "batches", lambda images: images.split(BATCH))(images)
    about = ABOUT | getattr(change, "about", {})
    if hasattr(change, "out"):
        out = Shards(out.path, resume=True, **change.out)
    with pytest.raises(InputError, match=f"{message}.*call with the same.*or remove the folder"):
        capture(model, batches, **about, out=out)
    assert contents(tmp_path / "t.capture") == before


def test_what_stands_there_is_not_overwritten(tmp_path: Path, images: Tensor) -> None:
    out = interrupted(tmp_path, images)
    with pytest.raises(InputError, match=r"interrupted capture, 4 shards .* resume=True"):
        capture(small_model(), images.split(BATCH), **ABOUT, out=Shards(out.path, 2))
    capture(small_model(), images.split(BATCH), **ABOUT, out=out)
    for resume in (False, True):
        with pytest.raises(InputError, match="a trace of this name is there already"):
            again = Shards(out.path, 2, resume)
            capture(small_model(), images.split(BATCH), **ABOUT, out=again)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, images: Tensor) -> None:
    folder = tmp_path / "t.capture"
    folder.mkdir()
    (folder / "thesis.txt").write_text("do not lose")
    with pytest.raises(InputError, match=r"t\.capture: is in the way"):
        capture(small_model(), images.split(BATCH), **ABOUT, out=Shards(tmp_path / "t"))
    assert (folder / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("about", "out", "message"),
    [
        ({}, {"images": 0}, "shards of 0 images: expected at least 1"),
        ({"provenance": {"at": object()}}, {}, "cannot be written as JSON"),
        ({"accuracy": {"top1": float("nan")}}, {}, "cannot be written as JSON"),
    ],
)
def test_impossible_calls_are_refused_before_anything_runs(
    tmp_path: Path, images: Tensor, about: dict, out: dict, message: str
) -> None:
    model = small_model()
    sizes = ran(model)
    with pytest.raises(InputError, match=message):
        capture(model, [images], **(ABOUT | about), out=Shards(tmp_path / "t", **out))
    assert sizes == []
    assert contents(tmp_path) == {}


def test_no_batches_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to capture"):
        capture(small_model(), [], **ABOUT, out=Shards(tmp_path / "t"))


def test_images_of_two_sizes_are_refused(tmp_path: Path, images: Tensor) -> None:
    with pytest.raises(InputError, match="layer '0': the input size changed"):
        batches = [images, images[:, :, :5]]
        capture(small_model(), batches, **ABOUT, out=Shards(tmp_path / "t"))


def test_progress_counts_batches_and_images(
    tmp_path: Path, images: Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Shards(tmp_path / "t", 4)
    capture(small_model(), images.split(BATCH), **ABOUT, out=out, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "4/4" in shown.err
    assert f"{IMAGES} images" in shown.err
