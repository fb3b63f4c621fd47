"""One self-contained HTML page about a folder of results: `supplychain report`."""

from supplychain.show.report.page import read_results, render, render_brief, write

__all__ = ["read_results", "render", "render_brief", "write"]
