"""Train one ResNet-20 that runs at 8, 4 and 2 activation bits, and write its trace.

    python traces/recipes/switchable.py --data cifar10_jpeg.npz --work work/ --out traces/

It is tuned from resnet20.py's full-precision network, which is trained first where `--work` does
not have it. Each step adds up the losses of the three widths. Its trace has no masks: it is the
layers at 8 bits, and the accuracy at each width, for the schemes `uniform:8`, `uniform:4` and
`uniform:2`.
"""

from __future__ import annotations

from dataclasses import asdict

import PIL
import torch
from checkpoints import save_checkpoint
from cifar10 import Images, as_input, augmented
from command_line import parsed
from gates import versions
from resnet20 import (
    FULL_PRECISION,
    PROGRESS_IMAGES,
    START_IMAGES,
    UNIFORM,
    Data,
    Recipe,
    data_of,
    full_precision,
    loss_of,
    top1,
    training_parser,
    variant,
)
from resnet_network import ResNet20, Widths
from resnet_start import quantized, unit_outputs
from switchable_network import WIDTHS, at_bits, switchable
from torch import Tensor, nn
from trace_files import report
from training import Run, train

from pgsim.gating import capture
from pgsim.workload import GateTrace, save_trace

NAME = "resnet20_switchable_8_4_2"
IMAGES = 200  # as many as the gated traces of this network have
CLIP_BITS = 4  # the width whose best clips are the start for all three


def losses(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean loss over all widths."""
    by_width = []
    for bits in WIDTHS:
        with at_bits(model, bits):
            by_width.append(loss_of(model, batch))
    return torch.stack(by_width).mean()


def accuracies(model: nn.Module, images: Images) -> dict[str, float]:
    """Return the accuracy at each width, on all images."""
    found = {}
    for bits in WIDTHS:
        with at_bits(model, bits):
            found[f"top1_{bits}_bits"] = top1(model, images)
    return found


def untuned(recipe: Recipe, data: Data) -> ResNet20:
    """Return the network before it is tuned: the full-precision one's weights and norms."""
    images = as_input(data.training.pixels[:START_IMAGES])
    start = unit_outputs(full_precision(recipe, data), images)
    clips = quantized(start, Widths(CLIP_BITS), 0.0, images)
    model = ResNet20(Widths(WIDTHS[0]))
    model.load_state_dict(clips.state_dict())
    return switchable(model).to(memory_format=torch.channels_last)


def trained(recipe: Recipe, data: Data) -> ResNet20:
    """Return the switchable network, trained for as many epochs as other variants are."""
    model = untuned(recipe, data)
    run = Run(
        NAME,
        recipe.tuning_epochs,
        len(data.training.labels) // recipe.batch_images,
        recipe.tuning_learning_rate,
        seed=recipe.seed,
        weight_decay=recipe.weight_decay,
        gate_learning_rate=recipe.gate_learning_rate,
    )
    shown = data.test.first(PROGRESS_IMAGES)
    train(
        model,
        run,
        lambda generator: augmented(data.training, recipe.batch_images, generator),
        losses,
        lambda model: accuracies(model, shown),
        data.work / f"{NAME}.pt",
    )
    return model


def trace_of(model: ResNet20, recipe: Recipe, data: Data) -> GateTrace:
    """Return the network's layers at its widest, with the accuracy of all its widths and twins."""
    twins = {FULL_PRECISION: full_precision(recipe, data)}
    twins |= {name: variant(name, recipe, data) for name in UNIFORM}
    return capture(
        model,
        as_input(data.test.first(IMAGES).pixels).split(50),
        model_name="ResNet-20, switchable precision, 8, 4 and 2 bits",
        dataset="CIFAR-10 (JPEG), test",
        accuracy=accuracies(model, data.test)
        | {f"top1_{name}": top1(twin, data.test) for name, twin in twins.items()},
        provenance={
            "recipe": "traces/recipes/switchable.py",
            "command": "python traces/recipes/switchable.py --data cifar10_jpeg.npz --work work/ "
            f"--out traces/ --seed {recipe.seed}",
            "hyperparameters": asdict(recipe),
            "networks": {
                "8, 4, 2 bits": "one set of weights; 4 and 2 bits are the most significant of the "
                "8 in the block convolutions, each width with batch norms of its own; first and "
                "last layer 8 bits; tuned from full_precision",
                ", ".join((FULL_PRECISION, *UNIFORM)): "as in resnet20.py's traces",
            },
            "versions": versions(pillow=PIL.__version__),
        },
        name=NAME,
    )


def main() -> None:
    """Parse the command line, train, and write."""
    arguments = parsed(training_parser("Train a switchable-precision ResNet-20."))
    recipe, data = Recipe(seed=arguments.seed), data_of(arguments)
    model = trained(recipe, data)
    (arguments.out / "checkpoints").mkdir(exist_ok=True)
    save_checkpoint(model, arguments.out / "checkpoints" / f"{NAME}.safetensors")
    trace = trace_of(model, recipe, data)
    report(trace)
    (path,) = save_trace(trace, arguments.out / NAME)
    print(f"wrote {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
