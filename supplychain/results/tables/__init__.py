"""From a solution to tidy tables: one fact a row, tonnes and USD, nothing scaled."""

from __future__ import annotations

from supplychain.results.tables.common import closure
from supplychain.results.tables.costs import costs, rents, switching
from supplychain.results.tables.curves import cost_curve, gap, wedges
from supplychain.results.tables.limits import policies, public
from supplychain.results.tables.sites import byproducts, capacity, output
from supplychain.results.tables.supply import corridors, paths, shipments, supply
from supplychain.results.tables.uses import market_gaps, prices, private_stocks, secondary, stocks, technology, unmet

__all__ = [
    "byproducts",
    "capacity",
    "closure",
    "corridors",
    "cost_curve",
    "costs",
    "gap",
    "market_gaps",
    "output",
    "paths",
    "policies",
    "prices",
    "private_stocks",
    "public",
    "rents",
    "secondary",
    "shipments",
    "stocks",
    "supply",
    "switching",
    "technology",
    "unmet",
    "wedges",
]
