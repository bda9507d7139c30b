"""Timelines: when passes, transfers and waits of a network begin and end, for a trace viewer."""

from pgsim.study.timeline.files import check_timeline_path, write_timeline
from pgsim.study.timeline.opening import FirstTurns, first_turns

__all__ = ["FirstTurns", "check_timeline_path", "first_turns", "write_timeline"]
