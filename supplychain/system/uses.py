"""What is wanted: services and the technologies that give them, other use, and the scrap that comes back."""

from __future__ import annotations

from math import gamma

import numpy as np
import pandas as pd
from scipy.special import expm1

from supplychain.facts.dataset import Dataset
from supplychain.system.pattern import Pattern
from supplychain.system.sites import over_years

OTHER_USES = "other"
OLDEST = 60
MONTHS = 12.0


def services(dataset: Dataset, years: list[int]) -> pd.DataFrame:
    """Targets: service, year, amount, unit, value_usd_per_unit (of a unit that is not delivered)."""
    target = over_years(dataset["deployment"], ["service"], "amount", years)
    return target.merge(dataset["services"][["service", "unit", "value_usd_per_unit"]], on="service")


def technologies(dataset: Dataset, years: list[int], prices: pd.Series) -> pd.DataFrame:
    """The reference mix and how far it may move, with a margin that makes technologies cost the same at normal prices.

    Returns
    -------
    DataFrame: technology, service, year, share (of its service in the reference mix), least_share, most_share,
    pace_per_year, shift_usd_per_unit, margin_usd_per_unit (mean mineral bill of the mix less the technology's own).
    """
    table = over_years(dataset["technology_mix"], ["technology"], "share", years)
    table = table.merge(dataset["technologies"][["technology", "service"]], on="technology")
    bounds = dataset["technology_bounds"].set_index("technology")
    for column in ("least_share", "most_share", "pace_per_year", "shift_usd_per_unit"):
        table[column] = table["technology"].map(bounds[column]).fillna(0.0)
    # Without bounds of its own a technology keeps its share.
    bound = table["technology"].isin(bounds.index)
    table["least_share"] = np.minimum(table["least_share"], table["share"]).where(bound, table["share"])
    table["most_share"] = np.maximum(table["most_share"], table["share"]).where(bound, table["share"])
    needs = dataset["intensities"]
    bill = (needs["t_per_unit"] * needs["mineral"].map(prices).fillna(0.0)).groupby(needs["technology"]).sum()
    own = table["technology"].map(bill).fillna(0.0)
    mean = (own * table["share"]).groupby([table["service"], table["year"]]).transform("sum")
    return table.assign(margin_usd_per_unit=mean - own)


def energy_use(mix: pd.DataFrame, targets: pd.DataFrame, intensities: pd.DataFrame) -> pd.DataFrame:
    """What the reference deployment takes of each mineral in the traced market: mineral, year, energy_t, market."""
    table = mix.merge(targets, on=["service", "year"]).merge(intensities, on="technology")
    taken = table["share"] * table["amount"] * table["t_per_unit"]
    taken = taken.groupby([table["mineral"], table["year"]]).sum()
    return taken.rename("energy_t").reset_index().assign(market="USA")


def use(dataset: Dataset, pattern: Pattern, years: list[int]) -> pd.DataFrame:
    """Price-responsive use by mineral, market and year.

    Returns
    -------
    DataFrame: mineral, market, traced, year, tonnes, growth (1, until it is known), base_t, goods_t, secondary_t,
    stock_t (what private stocks usually hold), value_usd_per_t (NaN: valued by its demand curve).
    """
    table = pattern.use.assign(stock_t=_usual_stocks(dataset, pattern.use))
    table = table.merge(pd.DataFrame({"year": years}), how="cross")
    index = over_years(dataset["demand"], ["mineral", "market"], "index", years)
    table = table.merge(index, on=["mineral", "market", "year"], how="left").fillna({"index": 1.0})
    table = table.merge(dataset["markets"][["market", "traced"]], on="market")
    responsive = (table["base_t"] - table["energy_t"]).clip(lower=0.0) * table["index"]
    table = table.assign(tonnes=responsive, growth=1.0).drop(columns=["index", "energy_t"])
    return _as_given(table, dataset["consumption"])


def _usual_stocks(dataset: Dataset, use: pd.DataFrame) -> np.ndarray:
    """Private stocks by mineral and market, t: as told, else the months of use of the mineral's class."""
    rates = dataset["elasticities"].query("parameter == 'stock_months'").set_index("class")["value"]
    months = use["mineral"].map(dataset["minerals"].set_index("mineral")["class"].map(rates)).astype(float)
    told = dataset["private_stocks"].set_index(["mineral", "market"])["stock_t"]
    told = told.reindex(pd.MultiIndex.from_frame(use[["mineral", "market"]])).to_numpy(dtype=float)
    usual = (months.fillna(0.0) / MONTHS * use["base_t"]).to_numpy(dtype=float)
    return np.where(np.isnan(told), usual, told)


def with_growth(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The use table with the growth of all use since the base year, that of the reference mix included."""
    table = tables["use"]
    energy = energy_use(tables["technologies"], tables["services"], tables["intensities"])
    keys = ["mineral", "market", "year"]
    taken = energy.set_index(keys)["energy_t"].reindex(pd.MultiIndex.from_frame(table[keys]), fill_value=0.0)
    growth = (table["tonnes"] + taken.to_numpy()) / table["base_t"].replace(0.0, np.nan)
    return table.assign(growth=growth.fillna(1.0))


def _as_given(table: pd.DataFrame, consumption: pd.DataFrame) -> pd.DataFrame:
    """Where the data state use by year, or what use is worth, that holds."""
    if consumption.empty:
        return table.assign(value_usd_per_t=np.nan)
    given = consumption.assign(year=consumption["year"].fillna(0).astype(int))
    keys = ["mineral", "market", "year"]
    given = given[[*keys, "consumption_t", "value_usd_per_t"]]
    every = given[given["year"] == 0].drop(columns="year").merge(table[["year"]].drop_duplicates(), how="cross")
    table = table.merge(pd.concat([given[given["year"] > 0], every[given.columns]]), on=keys, how="left")
    more = (table["consumption_t"] - table["tonnes"]).fillna(0.0)
    growth = table["growth"] + more / table["base_t"].where(table["base_t"] > 0, 1.0)
    return table.assign(tonnes=table["tonnes"] + more, growth=growth).drop(columns="consumption_t")


def collection(dataset: Dataset, years: list[int], prices: pd.Series) -> pd.DataFrame:
    """What part of the traced market's scrap is collected and recovered.

    Returns
    -------
    DataFrame: mineral, service (`other`: uses outside energy), year, collection, base_collection, recovery,
    cost_usd_per_t, available_share (scrap of other uses over use).
    """
    table = dataset["recycling"][["mineral", "service", "collection", "recovery", "cost_share"]]
    table = table.assign(base_collection=table["collection"])
    table["cost_usd_per_t"] = table["cost_share"] * table["mineral"].map(prices).fillna(0.0)
    available = dataset["scrap"].set_index("mineral")["available_share"]
    table["available_share"] = table["mineral"].map(available).fillna(0.0)
    return table.drop(columns="cost_share").merge(pd.DataFrame({"year": years}), how="cross")


def survival(dataset: Dataset) -> pd.DataFrame:
    """Part of what is deployed that becomes scrap at each age, by the Weibull distribution of its life.

    Returns
    -------
    DataFrame: service, age (years), density.
    """
    ages = np.arange(1, OLDEST + 1)
    parts = []
    for row in dataset["lifetimes"].itertuples():
        scale = row.mean_years / gamma(1.0 + 1.0 / row.shape)
        # By hand: scipy.stats, which has this distribution, takes longer to import than pandas.
        gone, before = (-expm1(-((age / scale) ** row.shape)) for age in (ages, ages - 1))
        parts.append(pd.DataFrame({"service": row.service, "age": ages, "density": gone - before}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["service", "age", "density"])


def past_scrap(dataset: Dataset, mix: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Scrap of what was deployed before the base year: mineral, service, year, scrap_t; the mix as in the base year."""
    first = mix[mix["year"] == years[0]][["technology", "service", "share"]]
    content = first.merge(dataset["intensities"][["technology", "mineral", "t_per_unit"]], on="technology")
    content["t_per_unit"] *= content["share"]
    content = content.groupby(["service", "mineral"], as_index=False)["t_per_unit"].sum()
    past = dataset["past_deployment"][["service", "year", "amount"]].rename(columns={"year": "made"})
    table = past[past["made"] < years[0]].merge(pd.DataFrame({"year": years}), how="cross")
    table = table.assign(age=table["year"] - table["made"]).merge(survival(dataset), on=["service", "age"])
    table = table.merge(content, on="service")
    table["scrap_t"] = table["amount"] * table["density"] * table["t_per_unit"]
    return table.groupby(["mineral", "service", "year"], as_index=False)["scrap_t"].sum()
