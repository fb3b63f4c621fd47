"""`result.plot`: every figure of a result as a method."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from supplychain.results.result import Result
from supplychain.show.figures import (
    cost,
    curve,
    flows,
    maps,
    prices,
    region,
    reliance,
    shortage,
    style,
    suppliers,
    transport,
)


class Plotter:
    """`result.plot`: every figure of a result as a method that returns its Axes (its Figure, where it has panels)."""

    def __init__(self, result: Result):
        self._result = result

    def supply(self, mineral: str, stage: str = style.SOLD, ax: Axes | None = None, market: str = "USA") -> Axes:
        """Who supplies a mineral to a market at one stage, year by year; see `figures.supply`."""
        return suppliers.supply(self._result, mineral, stage, ax, market)

    def supply_stages(self, mineral: str, market: str = "USA") -> Figure:
        """A mineral from the mine to the market, a panel a stage; see `figures.supply_stages`."""
        return suppliers.supply_stages(self._result, mineral, market)

    def dependence(
        self, stage: str = style.SOLD, ax: Axes | None = None, market: str = "USA", by: str = "place"
    ) -> Axes:
        """Dependence on countries of concern against caps; see `figures.dependence`."""
        return reliance.dependence(self._result, stage, ax, market, by)

    def sankey(self, mineral: str, year: int, ax: Axes | None = None, market: str = "USA") -> Axes:
        """From mine to market as bands; see `figures.sankey`."""
        return flows.sankey(self._result, mineral, year, ax, market)

    def flow_map(self, mineral: str, year: int, ax: Axes | None = None, market: str = "USA") -> Axes:
        """Every move to a market on the map; see `figures.flow_map`."""
        return maps.flow_map(self._result, mineral, year, ax, market)

    def unmet(self, ax: Axes | None = None, market: str = "USA") -> Axes:
        """What is given up, percent of use; see `figures.unmet`."""
        return shortage.unmet(self._result, ax, market)

    def lost_services(self, unit: str = "vehicle", ax: Axes | None = None, market: str = "USA") -> Axes:
        """Vehicles or gigawatts not built; see `figures.lost_services`."""
        return shortage.lost_services(self._result, unit, ax, market)

    def costs(self, ax: Axes | None = None, before: Result | None = None) -> Axes:
        """Cost by item and year, or by how much it differs from another scenario's; see `figures.costs`."""
        return cost.costs(self._result, ax, before)

    def cost_curve(self, mineral: str, stage: str | None = None, ax: Axes | None = None) -> Axes:
        """What a tonne costs whom, cheapest first, against the price; see `figures.cost_curve`."""
        return curve.cost_curve(self._result, mineral, stage, ax)

    def waterfall(self, before: Result, ax: Axes | None = None) -> Axes:
        """From another scenario's cost to this one's; see `figures.waterfall`."""
        return cost.waterfall(before, self._result, ax)

    def prices(self, ax: Axes | None = None, market: str = "USA") -> Axes:
        """Prices over normal, mineral by year; see `figures.price_heatmap`."""
        return prices.price_heatmap(self._result, ax, market)

    def price_paths(self, minerals: Sequence[str], ax: Axes | None = None) -> Axes:
        """Prices outside China, a line a mineral; see `figures.price_paths`."""
        return prices.price_paths(self._result, minerals, ax)

    def shadow_prices(self, ax: Axes | None = None) -> Axes:
        """What the policies' limits cost at the margin; see `figures.shadow_heatmap`."""
        return prices.shadow_heatmap(self._result, ax)

    def central_asia(self, ax: Axes | None = None, market: str = "USA") -> Axes:
        """Central Asia's share of supply; see `figures.central_asia`."""
        return region.central_asia(self._result, ax, market)

    def central_asia_built(self, ax: Axes | None = None) -> Axes:
        """What is built in Central Asia, and when; see `figures.central_asia_built`."""
        return region.central_asia_built(self._result, ax)

    def central_asia_displaces(self, before: Result, ax: Axes | None = None, stage: str = style.SOLD) -> Axes:
        """Whom Central Asia displaces, against another scenario; see `figures.central_asia_displaces`."""
        return region.central_asia_displaces(before, self._result, ax, stage)

    def corridors(self, ax: Axes | None = None) -> Axes:
        """How full the corridors are; see `figures.corridors`."""
        return transport.corridors(self._result, ax)

    def leg_use(self, leg: str, ax: Axes | None = None) -> Axes:
        """Use of one leg against its capacity; see `figures.leg_use`."""
        return transport.leg_use(self._result, leg, ax)
