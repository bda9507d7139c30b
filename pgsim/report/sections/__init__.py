"""The sections of a report, a file each; a function returns what stands in it."""
