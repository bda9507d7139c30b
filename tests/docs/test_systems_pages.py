"""The pages of gated systems and of PEs that go by values: what examples print, a layer by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.pages import ROOT, code
from pgsim import load_arch, load_trace, simulate
from pgsim.workload import layers_with_operands

DOCS = ROOT / "docs"
PRINTED = [
    (name, place)
    for name in ("systems_gated.md", "systems_serial.md")
    for place in range(len(code(DOCS / name, "text")))
]


@pytest.mark.parametrize(("name", "place"), PRINTED)
def test_an_example_prints_what_the_page_shows(
    name: str,
    place: int,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examples, shown = (code(DOCS / name, language) for language in ("python", "text"))
    assert len(examples) == len(shown)
    monkeypatch.chdir(tmp_path)
    exec(compile(examples[place], name, "exec"), {"__name__": "example"})
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert printed == shown[place].splitlines()


def test_a_layer_of_the_committed_operands_in_plain_python() -> None:
    # 64 positions of 9 taps by 64 channels: 4 folds of 16 rows, 36 steps of 16 channels of a tap;
    # each takes the fullest of 256 activations, 1 if they are all 0. 4 lane groups do the same.
    trace = layers_with_operands(load_trace("resnet20_regions_8_5")).of_layers(["layer3.2.conv2"])
    design = load_arch("pragmatic_micro_2017").override({"array.pe.first_stage_bits": 5})
    expected = 0
    for image in trace.layers[0].operands.activations.tolist():
        for fold in range(0, 64, 16):
            for y in (-1, 0, 1):
                for x in (-1, 0, 1):
                    for channel in range(0, 64, 16):
                        ones = [1]
                        for row, column in (divmod(p, 8) for p in range(fold, fold + 16)):
                            if 0 <= row + y < 8 and 0 <= column + x < 8:
                                ones += [
                                    image[c][row + y][column + x].bit_count()
                                    for c in range(channel, channel + 16)
                                ]
                        expected += max(ones)
    assert simulate(trace, design, "full").summary["msb_cycles"] == 4 * expected
