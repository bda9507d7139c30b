"""Train a gated character LSTM on a text, and write its trace, operands, margins and checkpoints.

Offline, on one CPU core:

    python traces/recipes/lstm.py --data tinyshakespeare.txt --work FOLDER --out traces/ --seed 0

A full-precision network is trained first. The gated 4/2-bit network and its twins (uniform 8 and
uniform 4 bits) are each tuned from it, for as many epochs and in the same way, so that their
figures compare. All runs keep their state in the folder `--work`, so that the same command goes on
where it was interrupted. `--only NAME` trains one network and stops: first `--only full_precision`,
and after it several others side by side. Hyperparameters were chosen on the validation split;
figures are of the test split, in exact integers for all networks but the full-precision one.

An image of the trace is one sequence of the test split, and begins at a state of zeros, as every
sequence does here.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from checkpoints import save_checkpoint
from gates import versions, with_thresholds
from lstm_network import (
    PG,
    UNIFORM_4,
    UNIFORM_8,
    CharacterLSTM,
    Widths,
    loss_in_nats,
    quantized,
)
from text import Text, sequences, shuffled, split_text
from torch import Tensor
from trace_files import report, write_trace
from training import Run, density, train

from pgsim.gating import capture
from pgsim.workload import GateTrace

NAME = "char_lstm_pg_4_2"
FULL_PRECISION = "full_precision"
TUNED: dict[str, tuple[Widths, str]] = {  # from the full-precision network: widths, run's title
    "pg": (PG, "pg 4/2"),
    "uniform_8": (UNIFORM_8, "uniform 8"),
    "uniform_4": (UNIFORM_4, "uniform 4"),
}
CALIBRATION = 128  # training sequences that set the clips from which tuning starts


@dataclass(frozen=True)
class Recipe:
    """All that decides the result; PG's delta and sigma are `threshold_target` and `_weight`.

    Thresholds are below zero because the gates of an LSTM open near zero (M38).
    """

    seed: int = 0
    training_steps: int = 64
    batch_sequences: int = 64
    epochs: int = 12
    learning_rate: float = 5e-3
    tuning_epochs: int = 10
    tuning_learning_rate: float = 3e-3
    gate_learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    threshold_target: float = -1.5
    threshold_weight: float = 1e-5
    test_steps: int = 128
    trace_sequences: int = 32
    companion_sequences: int = 1


def full_precision(recipe: Recipe, text: Text, work: Path) -> CharacterLSTM:
    """Return the network that all others are tuned from, or finish its run."""
    torch.manual_seed(recipe.seed)
    model = CharacterLSTM(len(text.alphabet))
    return _train(model, _run(recipe, text), recipe, text, work)


def tuned(name: str, recipe: Recipe, text: Text, work: Path) -> CharacterLSTM:
    """Return one of TUNED, or finish its run."""
    widths, title = TUNED[name]
    start = full_precision(recipe, text, work)
    cut = sequences(text.training, recipe.training_steps)
    model = quantized(start, widths, recipe.threshold_target, cut[:CALIBRATION, :-1])
    run = replace(
        _run(recipe, text),
        title=title,
        epochs=recipe.tuning_epochs,
        learning_rate=recipe.tuning_learning_rate,
        gate_learning_rate=recipe.gate_learning_rate,
    )
    if widths.msb_bits is not None:
        run = replace(
            run,
            threshold_target=recipe.threshold_target,
            threshold_weight=recipe.threshold_weight,
        )
    return _train(model, run, recipe, text, work)


def trained(recipe: Recipe, text: Text, work: Path) -> dict[str, CharacterLSTM]:
    """Return the trained networks by name, or finish the runs whose states are in `work`."""
    networks = {name: tuned(name, recipe, text, work) for name in TUNED}
    return {
        "pg": networks["pg"],
        FULL_PRECISION: full_precision(recipe, text, work),
        **networks,
        "full": with_thresholds(networks["pg"], -math.inf),
        "msb_only": with_thresholds(networks["pg"], math.inf),
    }


def _run(recipe: Recipe, text: Text) -> Run:
    """Return the run of the full-precision network."""
    return Run(
        "full precision",
        recipe.epochs,
        len(sequences(text.training, recipe.training_steps)) // recipe.batch_sequences,
        recipe.learning_rate,
        recipe.seed,
        weight_decay=recipe.weight_decay,
    )


def _train(model: CharacterLSTM, run: Run, recipe: Recipe, text: Text, work: Path) -> CharacterLSTM:
    """Train a model in place, and return it."""
    train(
        model,
        run,
        partial(shuffled, text.training, recipe.training_steps, recipe.batch_sequences),
        loss_in_nats,
        partial(figures, validation=sequences(text.validation, recipe.test_steps)),
        work / f"char_lstm_{re.sub('[ /]', '_', run.title)}.pt",
        torch.optim.AdamW,
    )
    return model


@torch.no_grad()
def accuracy(model: CharacterLSTM, test: Tensor) -> dict[str, float]:
    """Return the model's bits per character and top-1 accuracy on sequences, in eval mode."""
    model.eval()
    logits = model(test[:, :-1])
    nats = F.cross_entropy(logits.flatten(0, 1), test[:, 1:].flatten())
    top1 = (logits.argmax(dim=2) == test[:, 1:]).double().mean()
    return {"bits_per_character": float(nats) / math.log(2), "top1": float(top1)}


def figures(model: CharacterLSTM, validation: Tensor) -> dict[str, float]:
    """Return what is printed after an epoch: the validation split's figures, and the density."""
    return {**accuracy(model, validation), "density": density(model)}


def provenance(recipe: Recipe) -> dict[str, Any]:
    """Return how the trace came about, for its manifest."""
    return {
        "recipe": "traces/recipes/lstm.py",
        "command": "python traces/recipes/lstm.py --data tinyshakespeare.txt --work FOLDER "
        f"--out traces/ --seed {recipe.seed}",
        "hyperparameters": asdict(recipe),
        "split": "90 % training, 5 % validation, 5 % test, in the order of the text",
        "images": f"the test split's first {recipe.trace_sequences} sequences of "
        f"{recipe.test_steps} characters, each from a state of zeros",
        "accuracy": "of the whole test split, in such sequences",
        "inference": "exact integer products, all networks but full_precision",
        "networks": {
            "pg": "both products of both LSTM layers gated 4/2 bits, gates opening near zero "
            "(-|O_hb| > threshold), fc 8 bits; tuned from full_precision",
            "full_precision": "float32, trained from scratch",
            "uniform_8": "8-bit activations in every layer; tuned from full_precision",
            "uniform_4": "4-bit activations in every layer; tuned from full_precision",
            "full": "the pg network with all gates open, not tuned further",
            "msb_only": "the pg network with all gates closed, not tuned further",
        },
        "versions": versions(),
    }


def lstm_trace(recipe: Recipe, networks: Mapping[str, CharacterLSTM], text: Text) -> GateTrace:
    """Return the gated network's trace on test sequences, with the figures of every network."""
    test = sequences(text.test, recipe.test_steps)
    return capture(
        networks["pg"],
        test[: recipe.trace_sequences, :-1].split(16),
        model_name="character LSTM, 2 layers of 256, PG 4/2",
        dataset="tiny Shakespeare, characters",
        accuracy={
            f"{figure}_{name}": value
            for name, model in networks.items()
            for figure, value in accuracy(model, test).items()
        },
        provenance=provenance(recipe),
        name=NAME,
    )


def write_all(recipe: Recipe, text: Text, work: Path, out: Path) -> None:
    """Train what is not trained yet, report, and write the trace's files and two checkpoints."""
    networks = trained(recipe, text, work)
    trace = lstm_trace(recipe, networks, text)
    report(trace)
    first = sequences(text.test, recipe.test_steps)[: recipe.companion_sequences, :-1]
    write_trace(trace, networks["pg"], first, out)
    checkpoints = out / "checkpoints"
    save_checkpoint(networks["pg"], checkpoints / f"{NAME}.safetensors")
    save_checkpoint(networks[FULL_PRECISION], checkpoints / "char_lstm.safetensors")


def main() -> None:
    """Parse the command line, train, report, and write all files."""
    parser = argparse.ArgumentParser(description="Train the character LSTM and write its trace.")
    parser.add_argument("--data", type=Path, required=True, help="the text, a file of UTF-8")
    parser.add_argument("--work", type=Path, required=True, help="folder for the states of runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the trace's files")
    parser.add_argument("--seed", type=int, default=0, help="of all training runs")
    parser.add_argument(
        "--tuning-epochs",
        type=int,
        default=Recipe.tuning_epochs,
        help="of each run from the full-precision network",
    )
    parser.add_argument("--only", choices=[FULL_PRECISION, *TUNED], help="train this one, and stop")
    arguments = parser.parse_args()
    for folder in (arguments.work, arguments.out / "checkpoints"):
        folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    recipe = Recipe(seed=arguments.seed, tuning_epochs=arguments.tuning_epochs)
    text = split_text(arguments.data)
    if arguments.only == FULL_PRECISION:
        full_precision(recipe, text, arguments.work)
    elif arguments.only:
        tuned(arguments.only, recipe, text, arguments.work)
    else:
        write_all(recipe, text, arguments.work, arguments.out)


if __name__ == "__main__":
    main()
