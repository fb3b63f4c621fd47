"""From a solution to tidy tables: one fact a row, tonnes and USD, nothing scaled."""

from __future__ import annotations

from supplychain.tidy.common import closure
from supplychain.tidy.costs import costs, switching
from supplychain.tidy.limits import policies, public
from supplychain.tidy.sites import byproducts, capacity
from supplychain.tidy.supply import corridors, paths, shipments, supply
from supplychain.tidy.uses import prices, secondary, stocks, technology, unmet

__all__ = [
    "byproducts",
    "capacity",
    "closure",
    "corridors",
    "costs",
    "paths",
    "policies",
    "prices",
    "public",
    "secondary",
    "shipments",
    "stocks",
    "supply",
    "switching",
    "technology",
    "unmet",
]
