"""What things cost: normal prices, the costs and times of each stage, capital charges, freight."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset

CONTROLLED_WINDOW = (2021, 2023)
FREE_WINDOW = (2023, 2025)
DAYS_PER_YEAR = 365.0
CARGO_INTEREST = 0.08


def calibration_prices(dataset: Dataset) -> pd.Series:
    """The normal price of each mineral, USD of the base year per contained tonne.

    The mean of 2021-23 for minerals that export controls have touched since, so that the controls can
    explain what came after; the mean of 2023-25 for the others, whose 2021-22 was a peak. Nominal prices
    are brought to the deflator's base year. A mineral without prices gets 0.
    """
    prices = dataset["prices"].merge(dataset["deflator"][["year", "index"]], on="year")
    prices = prices.merge(dataset["minerals"][["mineral", "controlled"]], on="mineral")
    low, high = (np.where(prices["controlled"], c, f) for c, f in zip(CONTROLLED_WINDOW, FREE_WINDOW, strict=True))
    inside = prices[(prices["year"] >= low) & (prices["year"] <= high)]
    real = (inside["usd_per_t"] / inside["index"]).groupby(inside["mineral"]).mean()
    return real.reindex(dataset.names("minerals"), fill_value=0.0)


def annuity(rate: pd.Series | float, years: pd.Series | float) -> pd.Series | float:
    """Yearly payment per unit of capital over a plant's life: r / (1 - (1 + r)^-n), and 1/n where r = 0."""
    rate = np.maximum(rate, 1e-9)
    return rate / (1.0 - (1.0 + rate) ** (-years))


def stage_costs(dataset: Dataset, chain: pd.DataFrame, prices: pd.Series, base_year: int) -> pd.DataFrame:
    """Costs and times of each mineral's own stages.

    Parameters
    ----------
    chain : mineral, stage, ore, whole_ratio, as in `Pattern.chain`.
    prices : calibration price by mineral, USD/t.

    Returns
    -------
    DataFrame, one row a mineral and stage: opex_usd_per_t and capex_usd_per_t (per tonne and per annual
    tonne leaving the stage; the usual ones, whatever the country), mean_multiplier (of capital costs, over the world's
    output), lead_time_years, growth_limit, life_years, utilisation.
    """
    own = chain[chain["mineral"] == chain["ore"]][["mineral", "stage", "whole_ratio"]]
    items = dataset["stage_defaults"].pivot(index="stage", columns="item", values="value")
    table = own.join(items, on="stage")
    specific = dataset["economics"].pivot(index=["mineral", "stage"], columns="item", values="value")
    table = table.set_index(["mineral", "stage"])
    for item in (*items.columns, *specific.columns.difference(items.columns)):
        if item in specific:
            given = specific[item].reindex(table.index)
            table[item] = given if item not in table else given.fillna(table[item])
    table = table.reindex(columns=[*table.columns, *_ITEMS.difference(table.columns)])
    price_at_stage = prices.reindex(table.index.get_level_values(0)).to_numpy() / table["whole_ratio"]
    by_share = (table["opex_share"] * price_at_stage).fillna(0.0)
    table["opex_usd_per_t"] = table["opex_usd_per_t"].fillna(by_share)
    by_multiple = (table["capex_multiple"] * price_at_stage).fillna(0.0)
    table["capex_usd_per_t"] = table["capex_usd_per_t"].fillna(by_multiple)
    table = table.fillna({"lead_time_years": 0, "growth_limit": 0.0, "life_years": 20.0, "utilisation": 1.0})
    return _with_multipliers(dataset, table.reset_index(), base_year)


_ITEMS = pd.Index(
    [
        "opex_share",
        "opex_usd_per_t",
        "capex_usd_per_t",
        "capex_multiple",
        "lead_time_years",
        "growth_limit",
        "life_years",
        "utilisation",
    ]
)


def _with_multipliers(dataset: Dataset, table: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """The level of capital costs at which the world builds: the countries' multipliers weighted by output."""
    production = dataset["production"]
    production = production[production["year"] == base_year].merge(dataset["countries"], on="country")
    weighted = production["cost_multiplier"] * production["output_t"]
    keys = [production["mineral"], production["stage"]]
    mean = weighted.groupby(keys).sum().div(production["output_t"].groupby(keys).sum())
    table = table.join(mean.rename("mean_multiplier"), on=["mineral", "stage"]).fillna({"mean_multiplier": 1.0})
    return table.drop(columns="whole_ratio")


def freight_between(dataset: Dataset, pairs: pd.DataFrame) -> pd.DataFrame:
    """Freight, corridor and interest on the time under way, from a country to a market or a country in it.

    Parameters
    ----------
    pairs : mineral, stage (of the product that travels), origin (country), destination (country or market),
        value_usd_per_t (of the cargo, per contained tonne).

    Returns
    -------
    DataFrame aligned with `pairs`, per contained tonne: corridor, freight_usd_per_t (of the cargo's whole weight),
    time_usd_per_t; nothing moves within a country. The corridor in use is the first that the freight table lists.
    """
    legs = dataset["freight"].drop_duplicates(["country", "market"]).set_index(["country", "market"])
    market_of = dataset["countries"].set_index("country")["market"]
    market = pairs["destination"].map(market_of).fillna(pairs["destination"])
    found = legs.reindex(pd.MultiIndex.from_arrays([pairs["origin"], market])).set_axis(pairs.index)
    at_home = pairs["origin"] == pairs["destination"]
    gross = dataset["concentrates"].set_index(["mineral", "stage"])["gross_t_per_t"]
    weight = gross.reindex(pd.MultiIndex.from_frame(pairs[["mineral", "stage"]])).fillna(1.0).to_numpy()
    days = found["days"].fillna(0.0).where(~at_home, 0.0)
    return pd.DataFrame(
        {
            "corridor": found["corridor"].fillna("land").where(~at_home, "domestic"),
            "freight_usd_per_t": (found["usd_per_t"].fillna(0.0) * weight).where(~at_home, 0.0),
            "time_usd_per_t": days / DAYS_PER_YEAR * CARGO_INTEREST * pairs["value_usd_per_t"],
        }
    )
