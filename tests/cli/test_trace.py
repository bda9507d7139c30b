"""pgsim trace: what a trace holds, whether it is sound, and synthetic ones."""

import pytest

from pgsim.files import shipped_folder
from pgsim.workload import load_trace


def test_info_tells_a_captured_trace(run, cells):
    shown = run("trace", "info", "digits_pg_4_2").output
    assert "captured masks" in shown and "SYNTHETIC" not in shown
    assert "top1_pg 0.996" in shown
    # traces/README.md: conv3 is 32 to 64, stride 2, 294 912 MACs, 1024 outputs, 13.2 % dense.
    row = " ".join(cells(shown, "conv3"))
    assert row == "conv3 conv 3x3 stride 2 32 to 64 8x8 to 4x4 1,024 294.9 4/2 x 8 output 13.2"
    assert cells(shown, "fc")[-2:] == ["none", "-"]
    # Its masks, in the second table: conv5's row of the table in traces/README.md.
    masks = shown[shown.index("neighbours") :]
    row = " ".join(cells(masks, "conv5"))
    assert row == "conv5 20.3 20.8 13.0 25.6 1.2 37.2 7.6 0.811 0.266 0.017"


def test_check_reads_all_bits(small, run, tmp_path):
    assert run("trace", "check", small).output == f"{small}: ok\n"
    broken = tmp_path / "broken.safetensors"
    # 36 positions in words of 64 bits: the file's last byte is padding.
    broken.write_bytes(small.read_bytes()[:-1] + b"\x80")
    result = run("trace", "check", broken, small, code=2)
    assert result.stdout == f"{small}: ok\n"
    assert "layer 'gated', image 9, channel 7: padding bits after position 35" in result.stderr
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(small.read_bytes()[:-1])
    assert "cut short" in run("trace", "check", cut, code=2).stderr


def test_check_finds_what_was_changed_after_it_was_written(small, run, tmp_path):
    changed, edited = tmp_path / "changed.safetensors", tmp_path / "edited.safetensors"
    data = small.read_bytes()
    changed.write_bytes(data[:-8] + bytes([data[-8] ^ 1]) + data[-7:])  # of the last row's mask
    edited.write_bytes(data.replace(b'weight_bits\\": 8', b'weight_bits\\": 9', 1))
    errors = run("trace", "check", changed, edited, code=2).stderr
    assert f"{changed}: layer 'gated': the masks were changed after the file was written" in errors
    assert f"{edited}: the manifest was changed after the file was written" in errors
    assert errors.count("\n") == 2


@pytest.mark.parametrize(
    "verb",
    [
        ("simulate", "--arch", "pg_ws"),
        ("compare",),
        ("trace", "info"),
        ("trace", "plot", "--layer", "gated", "-o", "masks.png"),
    ],
)
def test_what_was_changed_is_refused_unless_it_is_trusted(verb, small, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changed = tmp_path / "changed.safetensors"
    data = small.read_bytes()
    changed.write_bytes(data[:-8] + bytes([data[-8] ^ 1]) + data[-7:])  # of the last row's mask
    errors = run(*verb, changed, code=2).stderr
    assert f"{changed}: layer 'gated': the masks were changed after the file was written" in errors
    run(*verb, changed, "--no-verify")


def test_synth_writes_what_was_asked_for_and_labels_it(run, tmp_path):
    path = tmp_path / "r20.safetensors"
    shown = run(
        "trace", "synth", "resnet20", "-o", path, "--images", 2, "--density", 0.3,
        "--clustering", 0.5, "--channel-spread", 0.1, "--seed", 7, "--activation-bits", 5,
        "--msb-bits", 3, "--weight-bits", 6,
    ).output  # fmt: skip
    assert shown == f"{path}: SYNTHETIC masks: no model made them\n"
    trace = load_trace(path)
    assert (trace.model, trace.mask_source, trace.images) == ("resnet20", "synthetic", 2)
    assert trace.provenance["seed"] == 7
    gated = [layer.shape for layer in trace.layers if layer.shape.gated]
    assert len(gated) == 18
    assert {(s.activation_bits, s.msb_bits, s.weight_bits) for s in gated} == {(5, 3, 6)}
    assert "SYNTHETIC" in run("trace", "info", path).output


def test_synth_cuts_shards(run, tmp_path):
    run("trace", "synth", "lstm_300", "-o", tmp_path / "l", "--images", 3, "--density", 0.1,
        "--shards", 3)  # fmt: skip
    assert len(list(tmp_path.iterdir())) == 3
    assert load_trace(tmp_path / "l").images == 3


@pytest.mark.parametrize(
    ("name", "problem"),
    [("q.npz", "a trace is a .safetensors file"), ("none/q", "none does not exist")],
)
def test_synth_refuses_a_wrong_name_before_the_work(name, problem, run, tmp_path, monkeypatch):
    monkeypatch.setattr("pgsim.cli.synth.synthetic_trace", None)  # calling it would fail
    output = tmp_path / name
    asked = ("trace", "synth", "resnet20", "-o", output, "--density", "0.3")
    assert problem in run(*asked, code=2).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--density", "1.5"), "density should be between 0 and 1"),
        (("--density", "0.5", "--msb-bits", "4"), "needs msb_bits"),
        (("--density", "0.5", "--images", "0"), "images should be"),
    ],
)
def test_synth_leaves_nothing_where_it_cannot(options, problem, run, tmp_path):
    output = tmp_path / "t.safetensors"
    assert problem in run("trace", "synth", "resnet20", "-o", output, *options, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_plot_draws_masks_and_labels_synthetic_ones(small, run, tmp_path):
    path = tmp_path / "masks.png"
    shown = run("trace", "plot", small, "-o", path, "--layer", "gated", "--images", 2)
    assert shown.stderr == f"{path}: written, SYNTHETIC masks: no model made them\n"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "no mask" in run("trace", "plot", small, "-o", path, "--layer", "plain", code=2).stderr


def test_list_names_every_shipped_trace_whole(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shipped = [path.stem for path in shipped_folder("traces").glob("*.safetensors")]
    shipped = [name for name in shipped if "." not in name]
    lines = run("trace", "list").output.splitlines()
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line.split()[1:4] for line in lines[2:] if line[:1].strip()}
    assert set(rows) == set(shipped)
    # traces/README.md: 500 test images of the digits, four of six layers gated.
    assert rows["digits_pg_4_2"] == ["500", "6", "4"]
    assert rows["resnet20_switchable_8_4_2"][2] == "0"
