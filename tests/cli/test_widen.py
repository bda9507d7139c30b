"""pgsim trace widen: a network with more channels, written as a trace."""

from __future__ import annotations

from pgsim import load_trace


def test_a_widened_network_is_written(run, tmp_path):
    path = tmp_path / "wide.safetensors"
    shown = run("trace", "widen", "resnet20_uniform_4_4", "--factor", "2", "-o", path).output
    assert "no layer is gated" in " ".join(shown.split())
    wide = load_trace(path)
    channels = [(each.shape.in_channels, each.shape.out_channels) for each in wide.layers]
    assert channels[0] == (3, 32)
    assert channels[-1] == (128, 10)


def test_the_cost_of_macs_and_bits_is_printed(run, tmp_path):
    path = tmp_path / "wide.safetensors"
    shown = run("trace", "widen", "resnet20_uniform_4_4", "--factor", "2", "-o", path).output
    # Four times the MACs, twice in the first and the last layer, which have 8 bits of their own.
    outer, macs = 3 * 9 * 16 * 32**2 + 640, 0
    for channels, side in ((16, 32), (32, 16), (64, 8)):
        macs += 6 * 9 * channels**2 * side**2
    macs -= 9 * (16 * 32 * 16**2 + 32 * 64 * 8**2)  # half of the inputs, where a stage begins
    own = (2 * outer * 16 + 4 * macs * 8) / (64 * (outer + macs))
    four = (2 * outer + 4 * macs) * 8 / (64 * (outer + macs))
    words = " ".join(shown.split())
    assert f"{own:.2f} at its own bits, {2 * four:.2f} at 8 x 8, {four:.2f} at 4 x 4" in words


def test_a_wrong_factor_is_refused(run, tmp_path):
    path = tmp_path / "wide.safetensors"
    options = ("resnet20_uniform_4_4", "--factor", "0", "-o", path)
    assert "expected a number from 1/64 to 64" in run("trace", "widen", *options, code=2).stderr
    assert not path.exists()
