"""Tests that kinds of other people's are a file and a line: what docs/extending.md adds, twins."""
