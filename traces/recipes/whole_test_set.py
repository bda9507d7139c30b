r"""Capture a gated ResNet-20 on all 10,000 test images of CIFAR-10, in shards, from its checkpoint.

    python traces/recipes/whole_test_set.py --network pg_4_2 \
        --data cifar10_jpeg.npz --work work/ --out masks/

Stopped at any point, the same command goes on after the last finished shard. The decoded images are
kept in the folder `--work`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checkpoints import load_checkpoint
from cifar10 import Images, as_input, cifar10_split
from command_line import parsed, recipe_parser
from resnet20 import GATED
from resnet_network import ResNet20
from torch import Tensor
from trace_files import report

from pgsim.gating import Shards, capture

CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"
BATCH_IMAGES = 100
SHARD_IMAGES = 1000


@dataclass(frozen=True)
class Batches:
    """The inputs of a network, made batch by batch."""

    images: Images

    def __len__(self) -> int:
        return -(-len(self.images.labels) // BATCH_IMAGES)

    def __iter__(self) -> Iterator[Tensor]:
        return (as_input(pixels) for pixels in self.images.pixels.split(BATCH_IMAGES))


def main() -> None:
    """Parse the command line, and capture."""
    parser = recipe_parser("Capture a ResNet-20 on the whole test set.")
    parser.add_argument("--network", choices=list(GATED), required=True)
    arguments = parsed(parser)
    name = f"resnet20_{arguments.network}"
    model = ResNet20(GATED[arguments.network])
    load_checkpoint(model, CHECKPOINTS / f"{name}.safetensors")
    test = cifar10_split(arguments.data, "test", arguments.work)
    trace = capture(
        model,
        Batches(test),
        model_name=name,
        dataset="CIFAR-10 (JPEG), test",
        provenance={"recipe": "traces/recipes/whole_test_set.py", "checkpoint": name},
        out=Shards(arguments.out / name, images=SHARD_IMAGES, resume=True),
        progress=True,
    )
    report(trace)


if __name__ == "__main__":
    main()
