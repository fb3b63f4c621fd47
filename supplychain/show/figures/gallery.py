"""All figures of a result, or of several, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from supplychain.results.result import Result
from supplychain.results.writing import whole_set
from supplychain.show.figures.cost import costs, waterfall
from supplychain.show.figures.flows import sankey
from supplychain.show.figures.maps import flow_map
from supplychain.show.figures.prices import outside_prices, price_heatmap, price_paths, shadow_heatmap
from supplychain.show.figures.region import central_asia, central_asia_built, central_asia_displaces
from supplychain.show.figures.reliance import dependence, dependence_change
from supplychain.show.figures.shortage import lost_services, unmet
from supplychain.show.figures.style import figure_of
from supplychain.show.figures.suppliers import supply_overview
from supplychain.show.figures.svg import save
from supplychain.show.figures.transport import corridors

PER_SCENARIO: dict[str, Callable[[Result], Figure]] = {
    "supply_mine": lambda result: supply_overview(result, "mine"),
    "supply_refine": lambda result: supply_overview(result, "refine"),
    "dependence": lambda result: figure_of(dependence(result)),
    "unmet": lambda result: figure_of(unmet(result)),
    "vehicles_lost": lambda result: figure_of(lost_services(result, "vehicle")),
    "power_lost": lambda result: figure_of(lost_services(result, "MW")),
    "costs": lambda result: figure_of(costs(result)),
    "prices": lambda result: figure_of(price_heatmap(result)),
    "shadow_prices": lambda result: figure_of(shadow_heatmap(result)),
    "central_asia": lambda result: figure_of(central_asia(result)),
    "central_asia_built": lambda result: figure_of(central_asia_built(result)),
    "corridors": lambda result: figure_of(corridors(result)),
}


def has_us_supply(result: Result) -> bool:
    """Whether a result has supply of the United States, which most figures show."""
    table = result.tables["dependence"]
    return "share_feoc" in table and bool((table["market"] == "USA").any())


def headline_minerals(result: Result, most: int = 2) -> list[str]:
    """Minerals in which Central Asia has most of US supply in the last year, at mine or refinery, the largest first."""
    table = result.tables["dependence"]
    table = table[(table["market"] == "USA") & (table["year"] == table["year"].max())]
    traced = set(result.tables["paths"]["mineral"])
    shares = table[table["mineral"].isin(traced)].groupby("mineral")["share_central_asia"].max()
    return [str(mineral) for mineral in shares.sort_values(ascending=False).index[:most]]


def draw_all(result: Result, folder: Path) -> list[Path]:
    """Every figure of one scenario as PNG; returns the files. Results without US supply have none."""
    if not has_us_supply(result):
        return []
    year = int(result.tables["paths"]["year"].max())
    with whole_set(folder) as new:
        drawn = [save(draw(result), new / f"{name}.png") for name, draw in PER_SCENARIO.items()]
        for mineral in headline_minerals(result):
            drawn.append(save(figure_of(sankey(result, mineral, year)), new / f"sankey_{mineral}.png"))
            drawn.append(save(figure_of(flow_map(result, mineral, year)), new / f"map_{mineral}.png"))
    return _in(folder, drawn)


def _in(folder: Path, drawn: Sequence[Path]) -> list[Path]:
    return [folder / file.name for file in drawn]


def draw_comparison(results: Sequence[Result], observed: pd.Series, folder: Path) -> list[Path]:
    """Figures across scenarios: each against the first, and prices outside China under export controls.

    Parameters
    ----------
    observed : price of 2025 over the calibration price, by mineral.
    """
    shown = [result for result in results if has_us_supply(result)]
    with whole_set(folder) as new:
        drawn = [file for after in shown[1:] for file in _against(shown[0], after, new)]
        drawn += _under_bans([result for result in shown if _bans_exports(result)], observed, new)
    return _in(folder, drawn)


def _under_bans(bans: Sequence[Result], observed: pd.Series, folder: Path) -> list[Path]:
    """Prices outside China, of all scenarios with export bans together and of each."""
    files = []
    if bans:
        files.append(save(figure_of(outside_prices(bans, observed)), folder / "prices_outside_china.png"))
    for ban in bans:
        figure = figure_of(price_paths(ban, [str(mineral) for mineral in observed.index]))
        files.append(save(figure, folder / f"prices_{ban.name}.png"))
    return files


def draw_difference(before: Result, after: Result, folder: Path) -> list[Path]:
    """Cost item by item, and dependence on countries of concern, of one scenario against another; returns the files.

    Results in other money than USD, or without the United States, have none.
    """
    if not all(r.manifest["data"]["money"] == "USD" and has_us_supply(r) for r in (before, after)):
        return []
    drawings = {"cost": waterfall, "dependence": dependence_change}
    with whole_set(folder) as new:
        drawn = [save(figure_of(draw(before, after)), new / f"{name}.png") for name, draw in drawings.items()]
    return _in(folder, drawn)


def _against(before: Result, after: Result, folder: Path) -> list[Path]:
    """What differs between two scenarios: cost, dependence, and whom Central Asia displaces."""
    drawings = {
        "cost": waterfall(before, after),
        "dependence": dependence_change(before, after),
        "displaced": central_asia_displaces(before, after),
    }
    return [save(figure_of(ax), folder / f"{name}_{after.name}.png") for name, ax in drawings.items()]


def _bans_exports(result: Result) -> bool:
    policies = result.manifest["scenario"]["resolved"]["policies"]
    return any(policy["kind"] == "export_ban" for policy in policies.values())
