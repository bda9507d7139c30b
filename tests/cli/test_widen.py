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


def test_a_wrong_factor_is_refused(run, tmp_path):
    path = tmp_path / "wide.safetensors"
    options = ("resnet20_uniform_4_4", "--factor", "0", "-o", path)
    assert "expected a number from 1/64 to 64" in run("trace", "widen", *options, code=2).stderr
    assert not path.exists()
