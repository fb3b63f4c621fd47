"""The facts that the base year's pattern is read from, indexed for look-ups by mineral."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import IMPORT_PERIOD, OTHER, Dataset
from supplychain.facts.growth import expected
from supplychain.system.pattern.chain import ORE, STAGES
from supplychain.system.pattern.matrices import matrix_of

LARGE_SUPPLIER = 0.01
SEED = 0.02
# How far ahead the pattern looks for those who may sell or feed, years.
AHEAD = 10


class Facts:
    """The tables that the pattern needs, indexed for look-ups by mineral."""

    def __init__(
        self,
        dataset: Dataset,
        outputs: dict[tuple[str, str], pd.Series],
        chain: pd.DataFrame,
        energy: pd.DataFrame,
        base_year: int,
    ):
        self.outputs, self.chain = outputs, chain
        self.market_of = dataset["countries"].set_index("country")["market"]
        markets = dataset["markets"].set_index("market")
        self.traced = list(markets.index[markets["traced"]])
        self.consumption_share = markets["consumption_share"]
        self.trade = {
            key: matrix_of(g, "quantity_t") for key, g in dataset["trade"].groupby(["mineral", "stage"], sort=False)
        }
        self.product_code = dataset["trade"].groupby(["mineral", "stage"], sort=False)["hs6"].first().to_dict()
        self.destinations = {
            key: matrix_of(g, "share_pct") / 100
            for key, g in dataset["destinations"].groupby(["mineral", "stage"], sort=False)
        }
        sources = dataset["import_sources"]
        self.imports, self.in_goods = (_by_country(sources[sources[form]]) for form in ("last_stage", "inside_goods"))
        told = sources[(sources["estimate"] == "") & (sources["country"] != OTHER) & (sources["share_pct"] > 0)]
        self.least_named = told[told["last_stage"]].groupby("mineral")["share_pct"].min().to_dict()
        self.statistics = _usual_statistics(dataset["us_supply"], base_year)
        self.energy = energy.set_index(["mineral", "market"])["energy_t"]
        self.projects = _planned(dataset, base_year)
        groups = dataset["groups"]
        self.central_asia = set(groups.loc[groups["group"] == "central_asia", "country"])
        # Whose sales count, however small beside the buyer's market.
        self.watched = self.central_asia | set(self.market_of.index[self.market_of.isin(self.traced)])
        # No way with legs that can fill up leads there: they are reached by land within the market.
        self.near = self.central_asia | (set(dataset["routes"]["zone"]) & set(self.market_of.index))

    def statistic(self, mineral: str, name: str) -> float:
        """A US statistic's mean over the years of the import sources, t; nil where there is none."""
        return float(self.statistics.get((mineral, name), 0.0))

    def inside_one_product(self, mineral: str, stage: str) -> list[str]:
        """The minerals that are traded inside one factory's product, under its one customs code; else the mineral."""
        code = self.product_code.get((mineral, stage))
        inside = [m for (m, s), other in self.product_code.items() if s == stage and other == code]
        return inside if stage == STAGES[-1] and len(inside) > 1 else [mineral]

    def traded(self, mineral: str, stage: str) -> pd.DataFrame:
        """Tonnes from exporter (rows) to importer (columns); empty where there are no statistics."""
        return self.trade.get((mineral, stage), pd.DataFrame())

    def known(self, mineral: str, stage: str) -> pd.DataFrame:
        """Part of an exporter's output (rows) that goes to each importer (columns), where that is known."""
        return self.destinations.get((mineral, stage), pd.DataFrame(dtype=float))

    def sellers(self, mineral: str, stage: str, output: pd.Series) -> pd.Series:
        """World share, now or planned, of everyone who makes something or has a project, and of Central Asia."""
        share = output / max(output.sum(), 1e-12)
        try:
            planned = self.projects.loc[mineral, stage] / max(output.sum(), 1e-12)
        except KeyError:
            planned = pd.Series(dtype=float)
        return np.maximum(*share[share > 0].align(planned[planned > 0], fill_value=0.0))

    def candidates(self, mineral: str, stage: str, output: pd.Series, large: float = LARGE_SUPPLIER) -> pd.Series:
        """World share of those who could start to supply: large, Central Asian, or with a project."""
        share = self.sellers(mineral, stage, output)
        planned = self.projects.reindex([(mineral, stage, country) for country in share.index]).to_numpy() > 0
        wanted = (share >= large) | planned | share.index.isin(self.central_asia)
        return share[wanted & (share.index != OTHER)]


def _by_country(sources: pd.DataFrame) -> dict[str, pd.Series]:
    """Each mineral's import shares by country, percent."""
    return {str(m): rows.groupby("country")["share_pct"].sum() for m, rows in sources.groupby("mineral")}


def _planned(dataset: Dataset, base_year: int) -> pd.Series:
    """Capacity of the named projects, and of what the outlook expects in some years, by mineral, stage and country.

    An ore's counts for each product of its basket.
    """
    projects = dataset["projects"][["mineral", "stage", "country", "capacity_t"]]
    basket = ore_baskets(dataset).rename(columns={"host": "mineral", "host_stage": "stage"})
    of_ore = projects.merge(basket, on=["mineral", "stage", "country"])
    of_ore = of_ore.assign(
        mineral=of_ore["product"], stage=of_ore["product_stage"], capacity_t=of_ore["capacity_t"] * of_ore["ratio"]
    )
    coming = expected(dataset, [base_year, base_year + AHEAD]).query("year > @base_year and change_t > 0")
    coming = coming.rename(columns={"change_t": "capacity_t"})[projects.columns]
    both = pd.concat([projects, of_ore[projects.columns], coming], ignore_index=True)
    return both.groupby(["mineral", "stage", "country"])["capacity_t"].sum()


def ore_baskets(dataset: Dataset) -> pd.DataFrame:
    """What a tonne of ore holds of each product, in every country: product, product_stage, host, host_stage, country,
    ratio.

    A country without a basket of its own has the general one.
    """
    ores = dataset["minerals"].loc[dataset["minerals"]["class"] == ORE, "mineral"]
    given = dataset["byproducts"]
    keys = ["product", "product_stage", "host", "host_stage"]
    given = given.loc[given["host"].isin(ores), [*keys, "country", "ratio"]]
    everywhere = (
        given[given["country"] == ""].drop(columns="country").merge(dataset["countries"][["country"]], how="cross")
    )
    both = pd.concat([given[given["country"] != ""], everywhere], ignore_index=True)
    return both.drop_duplicates([*keys, "country"], ignore_index=True)


def _usual_statistics(table: pd.DataFrame, base_year: int) -> pd.Series:
    """Each US statistic's mean over the years of the import sources, before the bans; else of what there is.

    What its own plants make is the base year's, as everybody's output is.
    """
    keys = ["mineral", "statistic"]
    usual = table[table["year"].between(*IMPORT_PERIOD)].groupby(keys)["tonnes"].mean()
    made = (
        table[(table["year"] == base_year) & (table["statistic"] == "domestic_primary")].groupby(keys)["tonnes"].mean()
    )
    return made.combine_first(usual).combine_first(table.groupby(keys)["tonnes"].mean())
