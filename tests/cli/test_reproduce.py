"""pgsim reproduce: published results, side by side with what is computed."""

from __future__ import annotations


def test_results_are_printed_with_what_differs(run):
    shown = run("reproduce", "cpt", "stripes").output
    assert "cpt: Fu et al., CPT, ICLR 2021" in shown
    row = next(line.split() for line in shown.splitlines() if line.startswith("3-8/8"))
    assert row == ["3-8/8", "36.67", "36.67", "+0.0"]
    assert shown.count("What differs: ") == 2
    assert "1.92" in shown


def test_an_unknown_result_is_refused_with_the_nearest(run):
    assert "Did you mean 'stripes'?" in run("reproduce", "stripe", code=2).stderr
