"""pgsim trace synth --like: a synthetic trace like a given one, and how alike it is."""

import numpy as np
import pytest

from pgsim.workload import GateTrace, load_trace, save_trace

SCHEDULERS = ["skip", "combine(4, 8)", "queue(16, 4)", "ideal"]
LAYER = {
    "name": "gated", "op": "linear", "in_channels": 4, "out_channels": 16, "positions": 32,
    "activation_bits": 4, "msb_bits": 2, "weight_bits": 8, "gate": "output",
}  # fmt: skip


def rows(output):
    """Return the cells of every row of the table of savings."""
    found = (line.rsplit(maxsplit=6) for line in output.splitlines() if "─" not in line)
    return [
        (*cells[0].split(maxsplit=1), *cells[1:]) for cells in found if cells[0][:2] in ("ch", "po")
    ]


def test_like_writes_a_trace_of_the_same_layers_and_compares_it(small, run, tmp_path):
    path = tmp_path / "like.safetensors"
    shown = run("trace", "synth", "--like", small, "-o", path, "--seed", 3).output
    assert shown.startswith(f"{path}: SYNTHETIC masks: no model made them\n")
    real, made = load_trace(small), load_trace(path)
    assert [layer.shape for layer in made.layers] == [layer.shape for layer in real.layers]
    assert (made.images, made.mask_source) == (10, "synthetic")
    assert made.provenance["fitted_to"]["trace"] == "small"
    table = rows(shown)
    assert [row[:2] for row in table] == [
        (lanes, scheduler) for lanes in ("channels", "positions") for scheduler in SCHEDULERS
    ]


def test_like_prints_the_savings_of_both_traces(run, tmp_path):
    # Every second position is gated in all channels, the others in none: skip, combine and ideal
    # with lanes of channels issue half of the slots, of the real trace exactly.
    mask = np.zeros((4, 16, 32), dtype=bool)
    mask[..., ::2] = True
    save_trace(GateTrace.from_masks({"gated": mask}, [LAYER], model="half"), tmp_path / "half")
    shown = run("trace", "synth", "--like", tmp_path / "half", "-o", tmp_path / "like").output
    real = {row[:2]: row[2] for row in rows(shown)}
    assert real["channels", "skip"] == real["channels", "ideal"] == "50.0"
    assert real["channels", "combine(4, 8)"] == "50.0"


def test_like_takes_a_number_of_images_and_shards(small, run, tmp_path):
    run("trace", "synth", "--like", small, "-o", tmp_path / "l", "--images", 3, "--shards", 3)
    assert len(list(tmp_path.iterdir())) == 3
    assert load_trace(tmp_path / "l").images == 3


def test_like_compares_on_the_design_asked_for(small, run, tmp_path):
    asked = ("trace", "synth", "--like", small, "-o", tmp_path / "l", "--arch", "pg_ws")
    assert [row[:2] for row in rows(run(*asked).output)] == [
        ("channels", scheduler) for scheduler in SCHEDULERS
    ]  # under ws lanes are channels only


def test_like_compares_nothing_where_inputs_are_gated(run, tmp_path):
    layer = LAYER | {"gate": "input"}
    mask = np.ones((2, 1, 32), dtype=bool)
    save_trace(GateTrace.from_masks({"gated": mask}, [layer], model="in"), tmp_path / "in")
    shown = run("trace", "synth", "--like", tmp_path / "in", "-o", tmp_path / "like").output
    assert "savings are not compared" in shown
    assert load_trace(tmp_path / "like").layers[0].shape.gate == "input"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give a NETWORK and its --density, or --like TRACE"),
        (("resnet20",), "give --density, the fraction of resnet20's outputs"),
        (("resnet20", "--like", "digits_pg_4_2"), "leave out resnet20, or leave out --like"),
        (("--like", "digits_pg_4_2", "--density", 0.3), "leave out --density"),
        (("--like", "digits_pg_4_2", "--msb-bits", 3), "leave out --msb-bits"),
        (("resnet20", "--density", 0.3, "--arch", "pg_os"), "it needs --like"),
        (("--like", "digits_pg_4_2", "--arch", "pg_oss"), "pg_oss"),
        (("--like", "digits_pg_4_2", "--images", 0), "images should be"),
        (("--like", "no_such_trace",), "no_such_trace"),
    ],
)  # fmt: skip
def test_the_two_forms_do_not_mix(arguments, problem, run, tmp_path):
    result = run("trace", "synth", *arguments, "-o", tmp_path / "t", code=2)
    assert problem in result.stderr
    assert list(tmp_path.iterdir()) == []
