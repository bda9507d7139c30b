"""Train a small gated network on scikit-learn's digits; write its trace, operands and margins.

Offline, on one CPU core:

    python traces/recipes/digits.py --out traces/ --seed 0

A full-precision network is trained first. The gated 4/2-bit network and its twins (uniform 8 and
uniform 4 bits, and the MSB pass alone) are each tuned from it, for as many epochs and in the same
way, so that their accuracies compare. Every accuracy but the full-precision one is that of exact
integer inference on the test images. The test images' masks are the trace; what the gated
layers multiplied on the first of them are the operands, and how far their partial sums were from
the thresholds the margins.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
import torch.nn.functional as F
from digits_network import PG, UNIFORM_4, UNIFORM_8, network
from gates import versions, with_thresholds
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from trace_files import report, write_trace
from training import density

from pgsim.gating import capture, threshold_loss
from pgsim.workload import GateTrace

NAME = "digits_pg_4_2"
COMPANION_IMAGES = 4  # the first of the trace


@dataclass(frozen=True)
class Recipe:
    """All that decides the result; PG's delta and sigma are `threshold_target` and `_weight`."""

    seed: int = 0
    train_images: int = 1297
    test_images: int = 500
    batch_images: int = 64
    epochs: int = 30
    learning_rate: float = 2e-3
    tuning_epochs: int = 30
    tuning_learning_rate: float = 1e-3
    gate_learning_rate: float = 1e-2
    weight_decay: float = 1e-3
    threshold_target: float = 1.0
    threshold_weight: float = 1e-4


@dataclass(frozen=True)
class Split:
    """Images, float32 (n, 1, 8, 8) in [0, 1], and labels, int64 (n,)."""

    images: Tensor
    labels: Tensor


def digits(recipe: Recipe) -> tuple[Split, Split]:
    """Return the training and the test split, stratified by digit and drawn by the seed."""
    data = load_digits()
    images = torch.tensor(data.images / 16, dtype=torch.float32).unsqueeze(1)
    labels = torch.tensor(data.target, dtype=torch.int64)
    train, test = train_test_split(
        np.arange(len(labels)),
        train_size=recipe.train_images,
        test_size=recipe.test_images,
        stratify=data.target,
        random_state=recipe.seed,
    )
    return Split(images[train], labels[train]), Split(images[test], labels[test])


def shifted(images: Tensor) -> Tensor:
    """Return each image moved by up to one pixel each way, at random, over zeros."""
    padded = F.pad(images, (1, 1, 1, 1))
    offsets = torch.randint(3, (len(images), 2)).tolist()
    return torch.stack(
        [image[:, y : y + 8, x : x + 8] for image, (y, x) in zip(padded, offsets, strict=True)]
    )


def batches(split: Split, batch_images: int) -> Iterator[Split]:
    """Yield one epoch of a split, shuffled and shifted, without the last, incomplete batch."""
    order = torch.randperm(len(split.labels))
    for start in range(0, len(order) - batch_images + 1, batch_images):
        chosen = order[start : start + batch_images]
        yield Split(shifted(split.images[chosen]), split.labels[chosen])


def top1(model: nn.Module, split: Split) -> float:
    """Return the fraction of a split that the model in eval mode classifies correctly."""
    model.eval()
    with torch.no_grad():
        return float((model(split.images).argmax(dim=1) == split.labels).double().mean())


def parameter_groups(model: nn.Module, recipe: Recipe, rate: float) -> list[dict[str, Any]]:
    """Return the weights, which decay, and the clips and thresholds, which move faster instead."""
    named = list(model.named_parameters())
    gates = [parameter for name, parameter in named if ".gate." in name]
    weights = [parameter for name, parameter in named if ".gate." not in name]
    return [
        {"params": weights, "lr": rate, "weight_decay": recipe.weight_decay},
        {"params": gates, "lr": recipe.gate_learning_rate, "weight_decay": 0.0},
    ]


@dataclass(frozen=True)
class Run:
    """One training run: what it is called in the progress lines, how long, how fast, how gated."""

    title: str
    epochs: int
    learning_rate: float
    threshold_weight: float = 0.0


def train(model: nn.Module, run: Run, splits: tuple[Split, Split], recipe: Recipe) -> None:
    """Train a model in place, printing loss, test accuracy and test density after each epoch."""
    training, test = splits
    torch.manual_seed(recipe.seed)
    groups = parameter_groups(model, recipe, run.learning_rate)
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, run.epochs)
    for epoch in range(1, run.epochs + 1):
        model.train()
        losses = []
        for batch in batches(training, recipe.batch_images):
            loss = F.cross_entropy(model(batch.images), batch.labels)
            losses.append(loss.item())
            if run.threshold_weight:
                penalty = threshold_loss(model, recipe.threshold_target)
                loss = loss + run.threshold_weight * penalty
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        print(
            f"{run.title:<15} epoch {epoch:2}/{run.epochs}  loss {np.mean(losses):.4f}  "
            f"accuracy {top1(model, test):.4f}  density {density(model):.4f}",
            flush=True,
        )


def trained(recipe: Recipe, splits: tuple[Split, Split]) -> dict[str, nn.Sequential]:
    """Return the trained networks by the name of their accuracy."""
    torch.manual_seed(recipe.seed)
    start = network()
    train(start, Run("full precision", recipe.epochs, recipe.learning_rate), splits, recipe)

    def tuned(model: nn.Sequential, title: str, threshold_weight: float = 0.0) -> nn.Sequential:
        model.load_state_dict(start.state_dict(), strict=False)  # clips and thresholds are new
        run = Run(title, recipe.tuning_epochs, recipe.tuning_learning_rate, threshold_weight)
        train(model, run, splits, recipe)
        return model

    gated = tuned(network(PG), "pg 4/2", recipe.threshold_weight)
    return {
        "top1_pg": gated,
        "top1_full_precision": start,
        "top1_uniform_8": tuned(network(UNIFORM_8), "uniform 8"),
        "top1_uniform_4": tuned(network(UNIFORM_4), "uniform 4"),
        "top1_full": with_thresholds(gated, -math.inf),
        "top1_msb_only": with_thresholds(gated, math.inf),
        "top1_msb_only_tuned": tuned(with_thresholds(network(PG), math.inf), "msb only, tuned"),
    }


def provenance(recipe: Recipe) -> dict[str, Any]:
    """Return how the trace came about, for its manifest."""
    return {
        "recipe": "traces/recipes/digits.py",
        "command": f"python traces/recipes/digits.py --out traces/ --seed {recipe.seed}",
        "hyperparameters": asdict(recipe),
        "split": "sklearn train_test_split, stratified by digit, random_state = seed",
        "images": "the whole test split, which no training run saw",
        "inference": "exact integers, all networks but full_precision",
        "networks": {
            "pg": "conv2 to conv5 gated 4/2 bits, conv1 and fc 8 bits; tuned from full_precision",
            "full_precision": "float32, trained from scratch",
            "uniform_8": "8-bit activations in every layer; tuned from full_precision",
            "uniform_4": "4-bit activations in every layer; tuned from full_precision",
            "full": "the pg network with all gates open, not tuned further",
            "msb_only": "the pg network with all gates closed, not tuned further",
            "msb_only_tuned": "as pg with all gates closed throughout; tuned from full_precision",
        },
        "versions": versions(**{"scikit-learn": sklearn.__version__}),
    }


def digits_trace(recipe: Recipe, networks: dict[str, nn.Sequential], test: Split) -> GateTrace:
    """Return the gated network's trace on the test images, with the accuracy of every network."""
    return capture(
        networks["top1_pg"],
        test.images.split(100),
        model_name="digits CNN, 4 gated 3x3 convolutions, PG 4/2",
        dataset="scikit-learn digits, 8x8",
        accuracy={name: top1(model, test) for name, model in networks.items()},
        provenance=provenance(recipe),
        name=NAME,
    )


def main() -> None:
    """Parse the command line, train, report, and write the trace, the operands and the margins."""
    parser = argparse.ArgumentParser(description="Train the digits network and write its trace.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of training")
    arguments = parser.parse_args()
    if not arguments.out.is_dir():
        parser.error(f"--out {arguments.out}: no such folder")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    recipe = Recipe(seed=arguments.seed)
    splits = digits(recipe)
    networks = trained(recipe, splits)
    trace = digits_trace(recipe, networks, splits[1])
    report(trace)
    write_trace(trace, networks["top1_pg"], splits[1].images[:COMPANION_IMAGES], arguments.out)


if __name__ == "__main__":
    main()
