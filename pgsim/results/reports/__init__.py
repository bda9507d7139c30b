"""Reports of a simulation for users of other simulators, one file a kind.

`REPORTS` has them by name, `Report` objects.

Examples
--------
>>> REPORTS["scalesim"].description
"SCALE-Sim's COMPUTE_REPORT.csv and DETAILED_ACCESS_REPORT.csv"
"""

from pgsim.results.reports.report import Report
from pgsim.results.reports.writing import REPORTS, write_reports

__all__ = ["REPORTS", "Report", "write_reports"]
