"""The version of pgsim."""

__version__ = "0.1.0"
