"""Capture a gated ResNet-20 on all 10,000 test images of CIFAR-10, in shards, from its checkpoint.

    python traces/recipes/whole_test_set.py --data cifar10_jpeg.npz --network pg_4_2 --out masks/

Stopped at any point, the same command goes on after the last finished shard.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from checkpoints import load_checkpoint
from cifar10 import as_input, cifar10
from resnet20 import GATED
from resnet_network import ResNet20
from trace_files import report

from pgsim.gating import Shards, capture

CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"
BATCH_IMAGES = 100
SHARD_IMAGES = 1000


def main() -> None:
    """Parse the command line, and capture."""
    parser = argparse.ArgumentParser(description="Capture a ResNet-20 on the whole test set.")
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10 as an .npz of JPEGs")
    parser.add_argument("--network", choices=list(GATED), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    arguments = parser.parse_args()
    if not arguments.out.is_dir():
        parser.error(f"--out {arguments.out}: no such folder")
    name = f"resnet20_{arguments.network}"
    model = ResNet20(GATED[arguments.network])
    load_checkpoint(model, CHECKPOINTS / f"{name}.safetensors")
    _, test = cifar10(arguments.data, arguments.out)
    trace = capture(
        model,
        [as_input(pixels) for pixels in test.pixels.split(BATCH_IMAGES)],
        model_name=name,
        dataset="CIFAR-10 (JPEG), test",
        provenance={"recipe": "traces/recipes/whole_test_set.py", "checkpoint": name},
        out=Shards(arguments.out / name, images=SHARD_IMAGES, resume=True),
        progress=True,
    )
    report(trace)


if __name__ == "__main__":
    main()
