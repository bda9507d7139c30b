"""Train a network by epochs: seeded, its progress printed, and gone on with after an interruption.

After each epoch the whole state is written to a file. What an epoch does depends on that state, on
the seed and on the epoch's number alone, so a run that was stopped and resumed ends in the same
network as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pgsim.gating import pg_layers, threshold_loss

Batches = Callable[[torch.Generator], Iterable[Any]]
"""One epoch of batches, decided by a generator."""

LossOf = Callable[[nn.Module, Any], Tensor]
"""The loss of a model on a batch."""

FiguresOf = Callable[[nn.Module], Mapping[str, float]]
"""What is printed of a model after each epoch."""

OptimizerOf = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]
"""The optimizer of groups of parameters; the learning rate is not its own."""


def nesterov(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """Return gradient descent with Nesterov's momentum."""
    return torch.optim.SGD(groups, lr=0.0, momentum=0.9, nesterov=True)


@dataclass(frozen=True)
class Run:
    """All that decides a training run beside its network and its data.

    Learning rates rise from zero over `warmup` of all steps, and fall to zero in a line over the
    rest. Clips and thresholds move at `gate_learning_rate` and do not decay. PG's delta and sigma
    are `threshold_target` and `threshold_weight`.
    """

    title: str
    epochs: int
    epoch_batches: int
    learning_rate: float
    seed: int = 0
    warmup: float = 0.1
    weight_decay: float = 5e-4
    gate_learning_rate: float = 0.01
    threshold_target: float = 0.0
    threshold_weight: float = 0.0


def train(
    model: nn.Module,
    run: Run,
    batches: Batches,
    loss_of: LossOf,
    figures_of: FiguresOf,
    state: Path,
    optimizer_of: OptimizerOf = nesterov,
) -> None:
    """Train a model in place, or finish what the file `state` holds of this very run.

    Epochs run on a GPU where there is one; between them, and in the end, the model is on the CPU.
    Prints the loss, `figures_of` the model and the seconds of each epoch. Raises ValueError where
    the file is of another run.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)  # before the optimizer: its state goes where the parameters are
    optimizer = optimizer_of(_groups(model, run))
    for epoch in range(_epochs_done(model, optimizer, run, state) + 1, run.epochs + 1):
        begun = time.monotonic()
        generator = torch.Generator().manual_seed(run.seed * 100_003 + epoch)
        model.to(device)
        loss = _one_epoch(model, optimizer, run, epoch, batches(generator), loss_of)
        _keep(model, optimizer, run, epoch, state)
        model.cpu()
        figures = {"loss": loss, **figures_of(model)}
        shown = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        seconds = time.monotonic() - begun
        print(f"{run.title:<16} epoch {epoch:2}/{run.epochs}  {shown}  {seconds:.0f} s", flush=True)
    model.cpu()


def _groups(model: nn.Module, run: Run) -> list[dict[str, Any]]:
    """Return the weights, and the clips and thresholds, each with its rate and its decay."""
    named = list(model.named_parameters())
    weights = {
        "params": [parameter for name, parameter in named if ".gate." not in name],
        "peak": run.learning_rate,
        "weight_decay": run.weight_decay,
    }
    gates = {
        "params": [parameter for name, parameter in named if ".gate." in name],
        "peak": run.gate_learning_rate,
        "weight_decay": 0.0,
    }
    return [weights, gates] if gates["params"] else [weights]


def _one_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    run: Run,
    epoch: int,
    batches: Iterable[Any],
    loss_of: LossOf,
) -> float:
    """Train on an epoch's batches, and return the mean loss."""
    model.train()
    device = next(model.parameters()).device
    losses = []
    for number, batch in enumerate(batches):
        rate = _rate((epoch - 1 + number / run.epoch_batches) / run.epochs, run.warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        with torch.autocast(device.type, torch.bfloat16):
            loss = loss_of(model, _on(device, batch))
        losses.append(loss.item())
        if run.threshold_weight:
            loss = loss + run.threshold_weight * threshold_loss(model, run.threshold_target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return math.fsum(losses) / len(losses)


def _on(device: torch.device, batch: Tensor | tuple[Tensor, ...]) -> Tensor | tuple[Tensor, ...]:
    """Return a batch, a tensor or a tuple of tensors, on a device."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    return tuple(each.to(device) for each in batch)


def _rate(fraction: float, warmup: float) -> float:
    """Return the learning rate over its peak, after a fraction of all steps."""
    return fraction / warmup if fraction < warmup else (1 - fraction) / (1 - warmup)


def _keep(
    model: nn.Module, optimizer: torch.optim.Optimizer, run: Run, epoch: int, state: Path
) -> None:
    partly = state.with_suffix(".part")
    kept = {
        "run": asdict(run),
        "epoch": epoch,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(kept, partly)
    partly.replace(state)


def _epochs_done(model: nn.Module, optimizer: torch.optim.Optimizer, run: Run, state: Path) -> int:
    """Return how many epochs the file holds, zero without one, and take its state over."""
    if not state.exists():
        return 0
    kept = torch.load(state, weights_only=True, map_location="cpu")
    if kept["run"] != asdict(run):
        raise ValueError(f"{state}: of another run, {kept['run']}: remove it to start again")
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    return int(kept["epoch"])


def density(model: nn.Module) -> float:
    """Return the fraction of gated outputs whose gate was open in the last forward; NaN if none."""
    masks = [layer.mask for layer in pg_layers(model).values() if layer.mask is not None]
    outputs = sum(mask.numel() for mask in masks)
    return sum(int(mask.sum()) for mask in masks) / outputs if outputs else math.nan
