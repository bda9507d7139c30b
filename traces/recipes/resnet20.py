"""Train ResNet-20 on CIFAR-10 at full, uniform and gated precision, and write their traces.

    python traces/recipes/resnet20.py --data cifar10_jpeg.npz --work work/ --out traces/

One full-precision network is trained first. Every other is tuned from it for as many epochs and in
the same way, so that their accuracies compare. `--work` is a folder that keeps the state of each
run after every epoch: the same command goes on where it was stopped. `--only NAME` trains one
network, writes its checkpoint and stops: first `--only full_precision`, and after it several others
side by side. `--base CHECKPOINT` takes the full-precision network from a file instead of training
it: the committed one gives the networks that training it again would.

Every accuracy but the full-precision one is that of exact integer inference, on all test images.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import PIL
import torch
import torch.nn.functional as F
from checkpoints import load_checkpoint, save_checkpoint
from cifar10 import Images, as_input, augmented, cifar10
from command_line import parsed, recipe_parser
from gates import versions, with_thresholds
from resnet_network import ResNet20, Widths
from resnet_start import quantized, unit_outputs
from torch import Tensor, nn
from trace_files import report, write_trace
from training import Run, density, train

from pgsim.gating import capture
from pgsim.workload import GateTrace, save_trace

GATED = {
    "pg_4_2": Widths(4, 2),
    "pg_4_3": Widths(4, 3, gated="first"),
    "pg_3_2": Widths(3, 2),
}
UNIFORM = {  # uniform_A is the scheme uniform:A, with 8-bit weights; uniform_A_W is uniform:A,W
    "uniform_8": Widths(8),
    "uniform_4": Widths(4),
    "uniform_3": Widths(3),
    "uniform_4_4": Widths(4, weight_bits=4),
}
FULL_PRECISION = "full_precision"
SHAPES_ONLY = {  # traces without masks, of rivals that run at fewer bits everywhere
    "uniform_3": "3-bit activations",
    "uniform_4_4": "4-bit activations and weights",
}
TRACED_IMAGES = {  # the first of the test images
    "pg_4_2": 200,
    "pg_4_3": 200,
    "pg_3_2": 100,
    "uniform_3": 200,
    "uniform_4_4": 200,
}
OPERAND_IMAGES = 2  # the first of the trace, margins too
START_IMAGES = 512  # of the training images, for scales and clips
PROGRESS_IMAGES = 1000  # of the test images, for the accuracy printed after an epoch


@dataclass(frozen=True)
class Recipe:
    """All that decides the result; PG's delta and sigma are `threshold_target` and `_weight`."""

    seed: int = 0
    batch_images: int = 128
    epochs: int = 40
    learning_rate: float = 0.2
    tuning_epochs: int = 3
    tuning_learning_rate: float = 0.02
    gate_learning_rate: float = 0.02
    weight_decay: float = 5e-4
    threshold_target: float = 0.5
    threshold_weight: float = 1e-3


def top1(model: nn.Module, images: Images) -> float:
    """Return the fraction of images that the model in eval mode classifies correctly."""
    model.eval()
    with torch.no_grad():
        hits = sum(
            int((model(as_input(pixels)).argmax(1) == labels).sum())
            for pixels, labels in zip(
                images.pixels.split(250), images.labels.split(250), strict=True
            )
        )
    return hits / len(images.labels)


def loss_of(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the cross entropy of a batch of inputs and labels."""
    return F.cross_entropy(model(batch[0]).float(), batch[1])


@dataclass(frozen=True)
class Data:
    """The images, the folder of the runs' states, and a checkpoint of the base if there is one."""

    training: Images
    test: Images
    work: Path
    base: Path | None


def tuned(name: str, recipe: Recipe, data: Data, model: nn.Module, tuning: bool) -> nn.Module:
    """Return a network trained by the recipe, from scratch or tuned, in place."""
    run = Run(
        name,
        recipe.tuning_epochs if tuning else recipe.epochs,
        len(data.training.labels) // recipe.batch_images,
        recipe.tuning_learning_rate if tuning else recipe.learning_rate,
        seed=recipe.seed,
        weight_decay=recipe.weight_decay,
        gate_learning_rate=recipe.gate_learning_rate if tuning else 0.0,
        threshold_target=recipe.threshold_target if name in GATED else 0.0,
        threshold_weight=recipe.threshold_weight if name in GATED else 0.0,
    )
    shown = data.test.first(PROGRESS_IMAGES)
    train(
        model,
        run,
        lambda generator: augmented(data.training, recipe.batch_images, generator),
        loss_of,
        lambda model: {"accuracy": top1(model, shown), "density": density(model)},
        data.work / f"resnet20_{name}.pt",
    )
    return model


def full_precision(recipe: Recipe, data: Data) -> ResNet20:
    """Return the network that all others are tuned from: of its checkpoint, or trained."""
    torch.manual_seed(recipe.seed)
    model = ResNet20().to(memory_format=torch.channels_last)
    if data.base:
        load_checkpoint(model, data.base)
        return model
    return tuned(FULL_PRECISION, recipe, data, model, tuning=False)


def variant(name: str, recipe: Recipe, data: Data) -> ResNet20:
    """Return a uniform or gated network, tuned from the full-precision one."""
    images = as_input(data.training.pixels[:START_IMAGES])
    start = unit_outputs(full_precision(recipe, data), images)
    model = quantized(start, (UNIFORM | GATED)[name], recipe.threshold_target, images)
    return tuned(name, recipe, data, model, tuning=True)


def network_of(name: str, recipe: Recipe, data: Data) -> ResNet20:
    """Return any of the networks, trained."""
    if name == FULL_PRECISION:
        return full_precision(recipe, data)
    return variant(name, recipe, data)


def write_checkpoint(name: str, model: nn.Module, out: Path) -> None:
    """Write a trained network's checkpoint."""
    (out / "checkpoints").mkdir(exist_ok=True)
    save_checkpoint(model, out / "checkpoints" / f"resnet20_{name}.safetensors")


def accuracies(gated: nn.Module, twins: dict[str, float], test: Images) -> dict[str, float]:
    """Return the accuracies that a gated network's trace states, its ungated twins' included."""
    return {
        "top1_pg": top1(gated, test),
        **twins,
        "top1_full": top1(with_thresholds(gated, -math.inf), test),
        "top1_msb_only": top1(with_thresholds(gated, math.inf), test),
    }


def networks_of(name: str) -> dict[str, str]:
    """Return what the networks are whose accuracies a trace states."""
    tuned_so = "in the block convolutions, 8 in the first and last layer; tuned from full_precision"
    twins = {
        FULL_PRECISION: "evaluated in float32, trained from scratch with bfloat16 products",
        "uniform_8": "8-bit activations in every layer; tuned from full_precision",
        "uniform_4": f"4-bit activations {tuned_so}",
        **{each: f"{title} {tuned_so}" for each, title in SHAPES_ONLY.items()},
    }
    if name in SHAPES_ONLY:
        return twins | {"full": f"the network of this trace, which is {name}"}
    widths = GATED[name]
    where = "all 18 block convolutions" if widths.gated == "all" else "each block's first one"
    bits = f"{widths.activation_bits}/{widths.msb_bits}"
    return {
        "pg": f"{where} gated {bits} bits, the others {widths.activation_bits}, first and last "
        "layer 8; tuned from full_precision",
        **twins,
        "full": "the pg network with all gates open, not tuned further",
        "msb_only": "the pg network with all gates closed, not tuned further",
    }


def provenance(name: str, recipe: Recipe) -> dict[str, Any]:
    """Return how a network's trace came about, for its manifest."""
    return {
        "recipe": "traces/recipes/resnet20.py",
        "command": "python traces/recipes/resnet20.py --data cifar10_jpeg.npz --work work/ "
        f"--out traces/ --seed {recipe.seed}",
        "hyperparameters": asdict(recipe),
        "images": "the first of the 10,000 test images, which no training run saw; all of them for "
        "the accuracies",
        "inference": "exact integers, all networks but full_precision",
        "networks": networks_of(name),
        "versions": versions(pillow=PIL.__version__),
    }


def trace_of(
    name: str, model: nn.Module, accuracy: dict[str, float], recipe: Recipe, test: Images
) -> GateTrace:
    """Return a network's trace on the first test images."""
    title = SHAPES_ONLY.get(name) or name.upper().replace("_", " ", 1).replace("_", "/")
    return capture(
        model,
        as_input(test.first(TRACED_IMAGES[name]).pixels).split(50),
        model_name=f"ResNet-20, {title}",
        dataset="CIFAR-10 (JPEG), test",
        accuracy=accuracy,
        provenance=provenance(name, recipe),
        name=f"resnet20_{name}",
        progress=True,
    )


def write_all(recipe: Recipe, data: Data, out: Path) -> None:
    """Train what is not trained yet, and write every checkpoint and every trace."""
    ungated = {name: network_of(name, recipe, data) for name in (FULL_PRECISION, *UNIFORM)}
    gated = {name: network_of(name, recipe, data) for name in GATED}
    for name, model in (ungated | gated).items():
        write_checkpoint(name, model, out)
    twins = {f"top1_{name}": top1(model, data.test) for name, model in ungated.items()}
    for name in SHAPES_ONLY:
        accuracy = twins | {"top1_full": twins[f"top1_{name}"]}
        trace = trace_of(name, ungated[name], accuracy, recipe, data.test)
        save_trace(trace, out / trace.name)
    for name, model in gated.items():
        accuracy = accuracies(model, twins, data.test)
        trace = trace_of(name, model, accuracy, recipe, data.test)
        print(f"\n{trace.name}")
        report(trace)
        write_trace(trace, model, as_input(data.test.first(OPERAND_IMAGES).pixels), out)


def training_parser(description: str) -> ArgumentParser:
    """Return a parser of what all recipes take that tune the full-precision network."""
    parser = recipe_parser(description)
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and shifts")
    parser.add_argument("--base", type=Path, help="a checkpoint of the full-precision network")
    return parser


def data_of(arguments: Namespace) -> Data:
    """Return the data that a command line names."""
    return Data(*cifar10(arguments.data, arguments.work), arguments.work, arguments.base)


def main() -> None:
    """Parse the command line, train, and write."""
    parser = training_parser("Train ResNet-20 and write its traces.")
    parser.add_argument(
        "--only", choices=[FULL_PRECISION, *UNIFORM, *GATED], help="train this one, and stop"
    )
    arguments = parsed(parser)
    recipe, data = Recipe(seed=arguments.seed), data_of(arguments)
    if arguments.only:
        write_checkpoint(arguments.only, network_of(arguments.only, recipe, data), arguments.out)
    else:
        write_all(recipe, data, arguments.out)


if __name__ == "__main__":
    main()
