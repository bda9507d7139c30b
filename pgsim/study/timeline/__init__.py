"""Timelines: when passes, transfers and waits of a network begin and end, for a trace viewer."""

from pgsim.study.timeline.files import check_timeline_path, write_timeline

__all__ = ["check_timeline_path", "write_timeline"]
