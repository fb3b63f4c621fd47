"""One self-contained HTML page about a folder of results: `supplychain report`."""

from supplychain.report.page import read_results, render, write

__all__ = ["read_results", "render", "write"]
