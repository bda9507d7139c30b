"""What the command lines of the CIFAR-10 recipes share."""

from __future__ import annotations

import argparse
from pathlib import Path


def recipe_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of `--data`, `--work` and `--out`; a recipe adds its own arguments."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10 as an .npz of JPEGs")
    parser.add_argument("--work", type=Path, required=True, help="folder of unfinished work")
    parser.add_argument("--out", type=Path, required=True, help="folder of the files written")
    return parser


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return the arguments, or end with a message where a folder is not there."""
    arguments = parser.parse_args()
    for folder in (arguments.work, arguments.out):
        if not folder.is_dir():
            parser.error(f"{folder}: no such folder")
    return arguments
