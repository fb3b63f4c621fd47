"""Figures: one function each; it takes a Result (or several) and an Axes, and returns the Axes.

Each figure has a companion that gives the data drawn, named in the figure's docstring.
"""

from supplychain.show.figures.cost import cost_changes, cost_items, costs, present_values, waterfall
from supplychain.show.figures.curve import cost_curve, cost_steps
from supplychain.show.figures.flows import sankey, sankey_flows
from supplychain.show.figures.gallery import draw_all, draw_comparison, draw_results, headline_minerals
from supplychain.show.figures.maps import flow_map, map_flows
from supplychain.show.figures.plotter import Plotter
from supplychain.show.figures.prices import (
    outside_prices,
    price_heatmap,
    price_multiples,
    price_paths,
    shadow_heatmap,
    shadow_prices,
)
from supplychain.show.figures.region import (
    built,
    central_asia,
    central_asia_built,
    central_asia_by_scenario,
    central_asia_displaces,
    central_asia_shares,
    displaced,
    shares_by_scenario,
)
from supplychain.show.figures.reliance import dependence, dependence_change, dependence_changes, dependence_shares
from supplychain.show.figures.shortage import lost_services, services_lost, unmet, unmet_shares
from supplychain.show.figures.stops import stop_and_cap, stop_paths
from supplychain.show.figures.style import STYLE, colour, country_name
from supplychain.show.figures.suppliers import supply, supply_overview, supply_shares, supply_stages
from supplychain.show.figures.svg import save, to_svg
from supplychain.show.figures.tradeoff import tradeoff
from supplychain.show.figures.transport import corridor_use, corridors, leg_use

__all__ = [
    "STYLE",
    "Plotter",
    "built",
    "central_asia",
    "central_asia_built",
    "central_asia_by_scenario",
    "central_asia_displaces",
    "central_asia_shares",
    "colour",
    "corridor_use",
    "corridors",
    "cost_changes",
    "cost_curve",
    "cost_items",
    "cost_steps",
    "costs",
    "country_name",
    "dependence",
    "dependence_change",
    "dependence_changes",
    "dependence_shares",
    "displaced",
    "draw_all",
    "draw_comparison",
    "draw_results",
    "flow_map",
    "headline_minerals",
    "leg_use",
    "lost_services",
    "map_flows",
    "outside_prices",
    "present_values",
    "price_heatmap",
    "price_multiples",
    "price_paths",
    "sankey",
    "sankey_flows",
    "save",
    "services_lost",
    "shadow_heatmap",
    "shadow_prices",
    "shares_by_scenario",
    "stop_and_cap",
    "stop_paths",
    "supply",
    "supply_overview",
    "supply_shares",
    "supply_stages",
    "to_svg",
    "tradeoff",
    "unmet",
    "unmet_shares",
    "waterfall",
]
