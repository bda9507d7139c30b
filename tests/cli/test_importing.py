"""pgsim trace import: traces with synthetic masks and without, and what is refused."""

import pytest

from pgsim.workload import load_trace

NETS = """
small = [[[1, 8, 6, 6], [4, 8, 3, 3], [1, 4, 4, 4], [1, 1], [0, 0], [6, 5], 0],
         [[3, 20], [30, 20], [3, 30], [], [], 4, 1]]
other = [[[3, 20], [30, 20], [3, 30], [], [], 4, 1]]
"""


@pytest.fixture
def nets(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(NETS, encoding="utf-8")
    return path


def test_without_density_a_trace_has_no_masks_and_says_so(run, nets, tmp_path):
    shown = run("trace", "import", f"{nets}:small", "-o", tmp_path / "out").output
    path = tmp_path / "out.safetensors"
    assert shown == f"{path}: 2 layers, no masks: no layer is gated\n"
    trace = load_trace(path)
    assert (trace.model, trace.images) == ("small", 1)
    assert trace.provenance == {"imported_from": "nets.py"}
    shapes = [layer.shape for layer in trace.layers]
    assert [(shape.activation_bits, shape.weight_bits) for shape in shapes] == [(6, 5), (4, 4)]
    assert ", 1 image, on tpu-like-" in run("simulate", path, "--arch", "tpu_like").output


def test_a_density_makes_synthetic_masks(run, nets, tmp_path):
    path = tmp_path / "out.safetensors"
    asked = ("--density", 0.25, "--bits", "5/2", "--weight-bits", 3, "--images", 50)
    shown = run("trace", "import", f"{nets}:small", "-o", path, *asked).output
    assert shown == f"{path}: 2 layers, SYNTHETIC masks: no model made them\n"
    trace = load_trace(path)
    assert (trace.mask_source, trace.images, trace.model) == ("synthetic", 50, "small")
    assert trace.provenance["density"] == 0.25
    assert trace.provenance["imported_from"] == "nets.py"
    for layer in trace.layers:
        shape = layer.shape
        assert (shape.activation_bits, shape.msb_bits, shape.weight_bits) == (5, 2, 3)
        assert layer.density() == pytest.approx(0.25, abs=0.05)


def test_a_precision_table(run, nets, tmp_path):
    bits = tmp_path / "bits.csv"
    bits.write_text("layer,activation_bits,weight_bits\nfc1,8,2\n", encoding="utf-8")
    run("trace", "import", f"{nets}:small", "-o", tmp_path / "out", "--precisions", bits)
    shapes = [layer.shape for layer in load_trace(tmp_path / "out").layers]
    assert [(shape.activation_bits, shape.weight_bits) for shape in shapes] == [(6, 5), (8, 2)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "holds 2 lists, name one: small, other (nets.py:NAME)"),
        (("--format", "layerlists"), "no format is named 'layerlists' (known: onnx, layer_table, "),
        (("--bits", "4/2"), "2 of 2 layers are gated, so give --density"),
        (("--density", "0.3"), "--density makes masks of gated layers: give --bits B/B_hb"),
        (("--density", "0.3", "--bits", "4"), "give --bits B/B_hb, such as 4/2"),
        (("--density", "1.3", "--bits", "4/2"), "density should be between 0 and 1, not 1.3"),
        (("--bits", "4-2"), "expected bits such as 4/2, or 8 without a gate"),
        (("--bits", "4/4", "--density", "0.3"), "needs msb_bits from 1 to 3, not 4"),
        (("--size", "steps"), "--size steps: expected NAME=SIZE, such as sequence=128"),
        (("--size", "steps=3"), "files of format 'layer_lists' leave no sizes open"),
        (("--images", "0"), "field 'images': should be greater than or equal to 1, not 0"),
        (("--images", "99999999999", "--bits", "4/2", "--density", "0.3"), "give fewer --images"),
    ],
)
def test_what_cannot_be_is_refused(run, nets, tmp_path, arguments, expected):
    file = f"{nets}:small" if arguments and "--format" not in arguments else nets
    shown = run("trace", "import", file, "-o", tmp_path / "out", *arguments, code=2).output
    assert expected in " ".join(shown.split())
    assert not (tmp_path / "out.safetensors").exists()


def test_the_help_names_the_formats(run):
    shown = " ".join(run("trace", "import", "--help").output.split())
    assert "One of onnx, layer_table, scale_sim, scale_sim_ceil, layer_lists." in shown
