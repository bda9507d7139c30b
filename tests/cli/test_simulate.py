"""pgsim simulate: the table it prints, and the one it writes."""

import numpy as np
import pandas as pd
import pytest
from designs import linear
from shipped import fixed_order_options
from timeline_reader import read_timeline

from pgsim.arch import load_arch
from pgsim.masks import synthetic_trace
from pgsim.model import layer as layer_module
from pgsim.results.table_files import read_table
from pgsim.study.simulation import simulate
from pgsim.workload import GateTrace, save_trace


def test_it_prints_layers_and_network(small, run, cells):
    shown = run("simulate", small, "--arch", "pg_os").output
    assert shown.startswith(
        "small (SYNTHETIC masks: no model made them), 10 images, on pg-os-16x16, scheme pg;\n"
        "per image, loop nests searched for edp:\n"
    )
    # Of 2880 gates, expected are 0.25; an ungated layer has none, and 4 bits. The network's bits
    # are the mean of both, for they have as many MACs.
    mask, bits = map(float, cells(shown, "gated")[1:3])
    assert mask == pytest.approx(25, abs=4)
    assert bits == pytest.approx(2 + 2 * mask / 100, abs=0.01)
    assert cells(shown, "plain")[1:3] == ["-", "4.00"]
    assert float(cells(shown, "network")[2]) == pytest.approx((bits + 4) / 2, abs=0.01)
    assert "area" in shown and "mm2" in shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (fixed_order_options("pg_os"), "loops in the fixed order"),
        (("--arch", "pg_os", "--objective", "dram"), "loop nests searched for dram"),
    ],
)
def test_the_heading_says_how_layers_came_to_their_loop_nests(options, said, small, run):
    assert run("simulate", small, *options).output.splitlines()[1] == f"per image, {said}:"


@pytest.mark.parametrize(
    ("batch", "over"), [(1, "over images"), (3, "over batches of 3"), (1000, "over batches of 10")]
)
def test_the_spread_says_what_it_is_over(batch, over, small, run, cells):
    shown = run("simulate", small, "--arch", "pg_os", "--set", f"batch={batch}").output
    words = cells(shown, "cycles/image")
    assert words[2] == "(median" and words[4] == "p5" and words[6] == "p95"
    assert " ".join(words[8:]) == f"{over})"


def test_it_says_on_how_many_cores_a_large_trace_ran(small, run, monkeypatch):
    monkeypatch.setattr(layer_module, "free_cores", lambda: 2)
    assert "simulated on" not in run("simulate", small, "--arch", "pg_os").output
    monkeypatch.setattr(layer_module, "_SPREAD_WORDS", 1)
    shown = run("simulate", small, "--arch", "pg_os").output
    assert "\nsimulated on      2 cores, for its masks are large\n" in shown


def test_it_says_how_two_arrays_wait_for_each_other(small, run):
    one = ("--arch", "pg_os", "--set", "mapping=fixed", "--set", "memory.ports=slots")
    assert "two arrays" not in run("simulate", small, *one).output
    shown = run("simulate", small, *one, "--set", "array.predictor_share=0.5").output
    design = load_arch("pg_os").override(
        {"mapping": "fixed", "memory.ports": "slots", "array.predictor_share": 0.5}
    )
    found = simulate(small, design)
    both, predictor, executor = (
        f"{found.summary[f'{name}_cycles'] / found.cycles:.1%}"
        for name in ("both", "predictor_wait", "executor_wait")
    )
    line = f"{both} of cycles at work at once, {predictor} the predictor waits, {executor} the"
    assert f"\ntwo arrays        {line} executor\n" in shown


def test_o_writes_every_column(small, run, tmp_path):
    output = tmp_path / "layers.csv"
    run("simulate", small, "--arch", "pg_os", "--scheme", "full", "-o", output)
    expected = simulate(small, "pg_os", "full").layers
    pd.testing.assert_frame_equal(read_table(output), expected)


def test_set_changes_the_design_and_its_name(small, run, tmp_path):
    output = tmp_path / "layers.parquet"
    run("simulate", small, "--arch", "pg_os", "--set", "array.rows=8",
        "--set", "lsb.window=auto", "--set", "output_bits=", "-o", output)  # fmt: skip
    frame = read_table(output)
    assert set(frame["arch"]) == {"pg-os-16x16[array.rows=8]"}
    expected = simulate(small, load_arch("pg_os").override({"array.rows": 8})).layers
    pd.testing.assert_frame_equal(frame.drop(columns="arch"), expected.drop(columns="arch"))


def test_images_are_kept_apart_on_request(small, run, tmp_path):
    output = tmp_path / "images.json"
    run("simulate", small, "--arch", "pg_ws", "--set", "batch=1", "--calibration-images", 4,
        "--per-image", "-o", output)  # fmt: skip
    frame = read_table(output)
    assert frame["image"].tolist() == [4, 5, 6, 7, 8, 9] * 2
    assert set(frame["images"]) == {1}


def test_the_use_of_the_array_is_drawn(small, run, tmp_path):
    path = tmp_path / "use.svg"
    plain = run("simulate", small, "--arch", "pg_os").output
    assert run("simulate", small, "--arch", "pg_os", "--array-use", path).output == plain
    assert path.read_bytes().startswith(b"<?xml")
    said = run("simulate", small, "--arch", "pg_os", "--array-use", tmp_path / "u.txt", code=2)
    assert "a figure's name ends in one of .png, .svg, .pdf" in said.stderr


def test_timeline_writes_what_adds_up_to_the_table(small, run, tmp_path):
    path, output = tmp_path / "timeline.json", tmp_path / "layers.csv"
    plain = run("simulate", small, "--arch", "pg_os").output
    assert (
        run("simulate", small, "--arch", "pg_os", "--timeline", path, "-o", output).output == plain
    )
    found = [layer.sums for layer in read_timeline(path)]
    frame = read_table(output)
    assert found == frame[list(found[0])].to_dict("records")


def test_what_is_wrong_is_said(small, run, tmp_path):
    def refusal(*arguments):
        return run("simulate", small, *arguments, code=2).stderr

    assert "Did you mean 'pg_ws'?" in refusal("--arch", "pg_wz")
    assert "Did you mean 'array.rows'?" in refusal("--arch", "pg_os", "--set", "array.rowz=4")
    assert "expected KEY=VALUE" in refusal("--arch", "pg_os", "--set", "array.rows")
    assert "plain decimal" in refusal("--arch", "pg_os", "--set", "array.rows=010")
    assert "from 1 to 1024" in refusal("--arch", "pg_os", "--set", "array.rows=0")
    assert "expected one of pg" in refusal("--arch", "pg_os", "--scheme", "pgg")
    assert "batch 1" in refusal("--arch", "pg_os", "--set", "batch=2", "--per-image")
    assert ".csv, .parquet, .json" in refusal("--arch", "pg_os", "-o", tmp_path / "x.xlsx")
    assert "does not exist" in refusal("--arch", "pg_os", "-o", tmp_path / "none" / "x.csv")
    assert "ends in .json" in refusal("--arch", "pg_os", "--timeline", tmp_path / "x.jsn")
    none = tmp_path / "none" / "x.json"
    assert "does not exist" in refusal("--arch", "pg_os", "--timeline", none)
    both = ("--timeline", tmp_path / "x.json", "-o", tmp_path / "x.json")
    assert "cannot be one file" in refusal("--arch", "pg_os", *both)
    assert list(tmp_path.iterdir()) == []


def test_every_number_is_of_one_image_and_every_column_is_explained(small, run, cells):
    shown = run("simulate", small, "--arch", "pg_ws")
    result = simulate(small, "pg_ws")
    lines = shown.output.splitlines()
    assert lines[1] == "per image, loop nests searched for edp:"
    cycles = cells(shown.output, "network")[3]
    assert float(cycles.replace(",", "")) == pytest.approx(result.cycles / 10, abs=0.5)
    assert cells(shown.output, "cycles/image")[1] == f"{result.cycles / 10:,.1f}"
    explained = run("simulate", "--help").output
    for word in ("mask %", "bits", "cycles", "MSB %", "LSB %", "bubble %", "stall %", "issued %",
                 "use %", "energy"):  # fmt: skip
        assert f"\n    {word} " in explained


def test_a_trace_of_gated_inputs_runs_under_the_default_scheme(run, tmp_path):
    regions = GateTrace.from_masks(
        {"conv": np.eye(16, dtype=bool).reshape(1, 1, 256)},
        [{"name": "conv", "op": "conv2d", "in_channels": 4, "out_channels": 4,
          "in_size": [16, 16], "kernel": [3, 3], "padding": [1, 1], "activation_bits": 8,
          "msb_bits": 5, "weight_bits": 8, "gate": "input"}],
    )  # fmt: skip
    save_trace(regions, tmp_path / "regions.safetensors")
    table = tmp_path / "regions.csv"
    run("simulate", tmp_path / "regions.safetensors", "--arch", "pg_os", "--output", table)
    # A position is issued where it is at most two off the diagonal of important pixels.
    assert read_table(table)["lsb_slots_issued"][0] == 16 + 2 * 15 + 2 * 14


def test_requests_to_dram_are_written_on_request(small, run, tmp_path):
    output = tmp_path / "requests"
    result = run("simulate", small, "--arch", "pg_os", "--dram-trace", output)
    lines = output.read_text().splitlines()
    summary = simulate(small, "pg_os").summary
    assert len(lines) * 64 == summary["dram_read_bytes"] + summary["dram_write_bytes"]
    assert result.stderr == f"{output}: {len(lines):,} requests, one a line\n"
    stderr = run(
        "simulate", small, "--arch", "pg_os", "--dram-trace", tmp_path / "no" / "file", code=2
    ).stderr
    assert "its folder" in stderr
    one = tmp_path / "one.csv"
    stderr = run(
        "simulate", small, "--arch", "pg_os", "--dram-trace", one, "-o", one, code=2
    ).stderr
    assert "cannot be one file" in stderr


def test_explain_prints_the_nest_of_a_layer_and_objective_searches_for_it(small, run, tmp_path):
    fixed = run("simulate", small, "--arch", "pg_os", "--set", "mapping.kind=fixed",
                "--explain", "plain").output  # fmt: skip
    assert "for each batch: the fixed order (MODEL.md M9, M23):\n" in fixed
    classifier = linear(1, 64, 10, name="fc")
    path = tmp_path / "classifier.safetensors"
    save_trace(synthetic_trace([classifier], images=16, density=0.25), path)
    # All of this layer fits on chip, and its masks pack best in one window of all 16 images.
    shown = run("simulate", path, "--arch", "pg_os", "--set", "batch=16", "--objective", "energy",
                "--explain", "fc").output  # fmt: skip
    assert "layer fc on pg-os-16x16[batch=16], for each batch:" in shown
    assert "  one block: 16 images, 1 rows, 1 columns, 10 channels, 64 input channels\n" in shown
    missing = run("simulate", small, "--arch", "pg_os", "--explain", "plane", code=2).stderr
    assert "no layer 'plane'" in missing and "Did you mean 'plain'?" in missing
    wrong = run("simulate", small, "--arch", "pg_os", "--objective", "drum", code=2).stderr
    assert "dram" in wrong


def test_reports_of_other_simulators_go_to_a_folder(small, run, tmp_path):
    options = ("--arch", "fixed_8bit", "--scheme", "full")
    run("simulate", small, *options, "--reports", "scalesim", "-o", tmp_path / "reports")
    compute, detailed = (
        (tmp_path / "reports" / name).read_text().splitlines()
        for name in ("COMPUTE_REPORT.csv", "DETAILED_ACCESS_REPORT.csv")
    )
    layers = simulate(small, "fixed_8bit", "full").layers
    assert [line.split(", ")[2] for line in compute[1:]] == [
        str(cycles // 10) for cycles in layers["cycles"]
    ]
    assert len(detailed) == 3
    run("simulate", small, *options, "--reports", "timeloop", "-o", tmp_path / "tables")
    assert {each.name for each in (tmp_path / "tables").iterdir()} == {
        *("ERT.yaml", "ART.yaml", "action_counts.yaml")
    }


def test_reports_need_a_folder_and_a_table_a_file(small, run, tmp_path):
    options = ("simulate", small, "--arch", "fixed_8bit")
    assert "expected -o DIR" in run(*options, "--reports", "scalesim", code=2).output
    (tmp_path / "file").write_text("")
    refused = run(*options, "--reports", "scalesim", "-o", tmp_path / "file", code=2)
    assert "it is not a folder" in refused.output
    refused = run(*options, "-o", tmp_path / "folder", code=2)
    assert "a table's name ends in one of" in refused.output
