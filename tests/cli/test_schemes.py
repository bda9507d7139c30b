"""pgsim schemes."""

from pgsim.schemes import SCHEMES


def test_every_scheme_is_explained(run):
    shown = run("schemes").output
    for scheme, meaning in SCHEMES.items():
        assert any(scheme in line and meaning in line for line in shown.splitlines())
