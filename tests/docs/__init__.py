"""Tests of the documentation: README.md, docs/ and the pages beside the code."""
