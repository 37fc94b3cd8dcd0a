"""One self-contained HTML page about a fit: verdict first, then the numbers, the figures, the checks and the mathematics."""

from __future__ import annotations

from mathlearn.report.write import report, report_html

__all__ = ["report", "report_html"]
