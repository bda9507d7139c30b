"""Reports: one HTML file that tells what a simulation, a comparison or a table of designs found.

`paths` checks a path without what draws; `writing` has the public verb.
"""
