"""Compute the unimportant regions of CIFAR-10's images at fewer bits, and write a trace of it.

On one CPU core, in about half an hour, after resnet20.py, whose checkpoint it takes from the folder
of the files. The same command goes on where it was stopped:

    python traces/recipes/regions.py --data PATH/cifar10_jpeg.npz --work FOLDER --out traces/

The network is resnet20.py's at 8 bits, as that trained it: nothing is tuned here. On one half of
the test images every ranking of regions is tried with every size of region, fraction of regions
and width. Of the settings that leave the accuracy unchanged, the one that drops most of the
activation-bit work is chosen, once by top-1 and once by top-3 accuracy, and the other half says
what it is worth. Unchanged is: no more than `tolerance` under the 8-bit network. The trace is of
the choice by top-1.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from checkpoints import load_checkpoint
from cifar10 import Images, as_input, cifar10
from command_line import parsed, recipe_parser
from gates import versions
from region_settings import (
    BITS,
    RANKINGS,
    UNGATED,
    Accuracy,
    Recipe,
    Setting,
    chosen,
    gated,
    line,
    read_table,
    write_table,
)
from resnet_network import ResNet20, Widths
from torch import Tensor, nn

from pgsim.gating import capture, integer_operands
from pgsim.workload import (
    GateTrace,
    LayerOperands,
    LayerShape,
    LayerTrace,
    Operands,
    save_operands,
    save_trace,
)

NAME = "resnet20_regions"
CHECKPOINT = "resnet20_uniform_8.safetensors"
OPERAND_IMAGES = 2  # the first of the trace
BATCH_IMAGES = 250

_Layer = TypeVar("_Layer", LayerTrace, LayerOperands)


def in_float32(model: nn.Module) -> nn.Module:
    """Return a network set to compute in float32, many times as fast as exact float64.

    That is how layers train. Their integers are the same, and sums under 2^24 are exact, but
    scaling them rounds, so that now and then an activation of the next layer is one integer off.
    """
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return model


@torch.no_grad()
def hits(model: nn.Module, images: Images) -> Tensor:
    """Return whether each label is the first answer, and one of three: float64 (images, 2)."""
    found = []
    for start in range(0, len(images.labels), BATCH_IMAGES):
        batch = slice(start, start + BATCH_IMAGES)
        answers = model(as_input(images.pixels[batch])).topk(3).indices
        right = answers == images.labels[batch, None]
        found.append(torch.stack([right[:, 0], right.any(1)], dim=1))
    return torch.cat(found).double()


def accuracy(hit: Tensor) -> Accuracy:
    """Return what `hits` says of all images together."""
    return Accuracy(*hit.mean(0).tolist())


def sweep(model: nn.Module, images: Images, recipe: Recipe, file: Path) -> dict[Setting, Accuracy]:
    """Return the accuracy of the settings tried, on images, in float32.

    They are kept in a file, and what that has is not tried again.
    """
    done = read_table(file) if file.exists() else {}

    def tried(setting: Setting) -> Accuracy:
        if setting not in done:
            network = in_float32(gated(model, setting, recipe.seed))
            done[setting] = accuracy(hits(network, images))
            write_table(done, file)
            print(line(setting, done[setting]), flush=True)
        return done[setting]

    found = {UNGATED: tried(UNGATED)}
    for series in recipe.series():
        for setting in series:
            found[setting] = tried(setting)
            if all(
                after < before - recipe.hopeless
                for before, after in zip(found[UNGATED], found[setting], strict=True)
            ):
                break
    return found


def sweep_file(work: Path, checkpoint_sha256: str, recipe: Recipe) -> Path:
    """Return the file of a sweep's accuracies: by all that decides them beside the setting."""
    decided = f"{checkpoint_sha256} {recipe.choice_images} {recipe.seed}"
    return work / f"{NAME}_{hashlib.sha256(decided.encode()).hexdigest()[:8]}.csv"


def reported(
    model: nn.Module, found: dict[Setting, Accuracy], images: Images, recipe: Recipe
) -> list[dict[str, Any]]:
    """Return, and print, what the best setting of each ranking does to images not chosen on.

    Changes of accuracy are in points, with the standard error of the mean of paired differences.
    A row is of no region at all where its ranking has no setting of unchanged accuracy.
    """
    before, rows = hits(in_float32(model), images), []
    for place, by in enumerate(Accuracy._fields):
        for ranking in (*RANKINGS, "random", "everywhere"):
            setting = chosen(found, by, recipe.tolerance, {ranking})
            after = hits(in_float32(gated(model, setting, recipe.seed)), images)
            change = 100 * (after - before)[:, place]
            error = float(change.std()) / len(change) ** 0.5
            print(
                f"{by} unchanged: {ranking:<18} {line(setting, accuracy(after))}, "
                f"{float(change.mean()):+.2f} +- {error:.2f} points",
                flush=True,
            )
            row = {"unchanged": by} | setting._asdict() | {"ranking": ranking}
            row |= {"work_dropped": f"{setting.dropped:.6f}"}
            row |= {"change_points": f"{float(change.mean()):.3f}", "error_points": f"{error:.3f}"}
            rows.append(row)
    return rows


def exact_accuracies(model: nn.Module, network: nn.Module, images: Images) -> dict[str, float]:
    """Return the accuracies of a network and of its gated self, in exact integers."""
    return {
        f"{by}_{name}": fraction
        for name, either in (("regions", network), (f"uniform_{BITS}", model))
        for by, fraction in accuracy(hits(either.eval(), images))._asdict().items()
    }


def provenance(recipe: Recipe) -> dict[str, Any]:
    """Return how the trace came about, for its manifest."""
    return {
        "recipe": "traces/recipes/regions.py",
        "command": "python traces/recipes/regions.py --data PATH/cifar10_jpeg.npz --work FOLDER "
        f"--out traces/ --seed {recipe.seed}",
        "source": "Taht, Narayanan and Balasubramonian, A Case for Dynamic Activation "
        "Quantization in CNNs, EMC2 2018, doi 10.1109/EMC2.2018.00009",
        "hyperparameters": asdict(recipe),
        "images": f"the first {recipe.trace_images} test images",
        "inference": "exact integers; accuracies over all test images",
        "versions": versions(),
    }


def region_trace(network: nn.Module, images: Images, name: str, **about: Any) -> GateTrace:
    """Return the trace of a region-gated network on images."""
    trace = capture(
        network,
        [as_input(pixels) for pixels in images.pixels.split(100)],
        model_name="ResNet-20, input pixels gated by regions of the image",
        dataset="CIFAR-10 (as JPEG), test",
        name=name,
        **about,
    )
    return replace(trace, layers=unwrapped(trace.layers))


def region_operands(network: nn.Module, images: Images, trace: Path) -> Operands:
    """Return a region-gated network's operands on the first images of a trace in a file."""
    layers = integer_operands(network, as_input(images.pixels[:OPERAND_IMAGES]))
    digest = hashlib.sha256(trace.read_bytes()).hexdigest()
    return Operands(trace.stem, digest, first_image=0, layers=unwrapped(layers))


def unwrapped(layers: Iterable[_Layer]) -> tuple[_Layer, ...]:
    """Return layers under the names they have without the RegionGated around the network."""

    def plain(shape: LayerShape) -> LayerShape:
        inputs = shape.inputs and [name.removeprefix("model.") for name in shape.inputs]
        return shape.replace(name=shape.name.removeprefix("model."), inputs=inputs)

    return tuple(replace(layer, shape=plain(layer.shape)) for layer in layers)


def work_dropped(trace: GateTrace) -> float:
    """Return the fraction of a network's MACs times activation bits that is not done."""
    whole = done = 0.0
    for layer in trace.layers:
        shape = layer.shape
        bits = shape.msb_bits + (layer.density() * shape.lsb_bits if layer.shards else 0)
        whole += shape.macs * shape.activation_bits
        done += shape.macs * bits
    return 1 - done / whole


def written(
    model: nn.Module, test: Images, recipe: Recipe, folders: tuple[Path, Path], **about: Any
) -> tuple[Path, ...]:
    """Sweep, choose, report, write the trace, its operands and both tables; return their paths.

    `folders` are those of unfinished work and of the files; `about` is for the provenance. Raises
    ValueError where no setting leaves the top-1 accuracy unchanged.
    """
    work, out = folders
    kept = sweep_file(work, about["checkpoint_sha256"], recipe)
    found = sweep(model, test.first(recipe.choice_images), recipe, kept)
    held_out = Images(test.pixels[recipe.choice_images :], test.labels[recipe.choice_images :])
    report = reported(model, found, held_out, recipe)
    setting = chosen(found, "top1", recipe.tolerance, set(RANKINGS))
    if setting == UNGATED:
        raise ValueError("every setting loses accuracy: there is nothing to write a trace of")
    network = gated(model, setting, recipe.seed)
    name = f"{NAME}_{BITS}_{setting.msb_bits}"
    trace = region_trace(
        network,
        test.first(recipe.trace_images),
        name,
        accuracy=exact_accuracies(model, network, test),
        provenance=provenance(recipe) | about | {"setting": setting._asdict()},
    )
    print(f"{name}: {work_dropped(trace):.2%} of the network's activation-bit work is dropped")
    print("  ".join(f"{key} {fraction:.4f}" for key, fraction in trace.accuracy.items()))
    (path,) = save_trace(trace, out / name)
    operands = save_operands(region_operands(network, test, path), out / name)
    tables = out / f"{NAME}_sweep.csv", out / f"{NAME}_chosen.csv"
    write_table(found, tables[0])
    with tables[1].open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, list(report[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(report)
    return path, operands, *tables


def main() -> None:
    """Parse the command line, and write all files for the trained checkpoint."""
    parser = recipe_parser("Gate the regions of images in an 8-bit ResNet.")
    parser.add_argument("--seed", type=int, default=0, help="of the random ranking")
    arguments = parsed(parser)
    checkpoint = arguments.out / "checkpoints" / CHECKPOINT
    if not checkpoint.exists():
        parser.error(f"{checkpoint}: no such file: resnet20.py writes it")
    recipe = Recipe(seed=arguments.seed)
    model = ResNet20(Widths(BITS)).to(memory_format=torch.channels_last)
    load_checkpoint(model, checkpoint)
    _, test = cifar10(arguments.data, arguments.work)
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    folders = (arguments.work, arguments.out)
    for path in written(model, test, recipe, folders, checkpoint_sha256=digest):
        print(f"wrote {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
