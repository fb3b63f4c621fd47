"""Two small results, made by hand, from which the tests draw every figure."""

from __future__ import annotations

import itertools

import pandas as pd

from supplychain.results.result import Result
from supplychain.studies.findings import Findings

YEARS = (2025, 2026, 2027)
PRICES = {"copper": 9000.0, "antimony": 12000.0, "magnet_alloy": 60000.0}
STOP = {2025: 0.0, 2026: 0.5, 2027: 0.2}

# mineral, mine, refine, fabricate, supplier, corridor, tonnes in each year; "" where the chain has no such stage.
PATHS = [
    ("copper", "CHL", "CHL", "", "CHL", "sea", 500.0),
    ("copper", "CHL", "CHN", "", "CHN", "sea", 90.0),
    ("copper", "USA", "USA", "", "USA", "domestic", 400.0),
    ("copper", "KAZ", "KAZ", "", "KAZ", "middle", 60.0),
    ("copper", "PER", "CHL", "", "CHL", "sea", 50.0),
    ("copper", "XXX", "KOR", "", "KOR", "sea", 30.0),
    ("copper", "CAN", "CAN", "", "CAN", "land", 4.0),
    ("antimony", "", "CHN", "", "CHN", "sea", 50.0),
    ("antimony", "", "BEL", "", "BEL", "sea", 12.0),
    ("antimony", "", "TJK", "", "TJK", "eastern", 8.0),
    ("magnet_alloy", "CHN", "CHN", "CHN", "CHN", "sea", 6.0),
    ("magnet_alloy", "AUS", "MYS", "JPN", "JPN", "sea", 3.0),
    ("magnet_alloy", "MMR", "CHN", "JPN", "JPN", "sea", 1.0),
]
STAGES = ("mine", "refine", "fabricate", "supply")
# Chile's mines in three steps and idle ones, Kazakhstan's, and two projects, one beyond twice the price.
CURVE_COLUMNS = ["mineral", "stage", "country", "step", "site", "capacity_t", "delivered_usd_per_t"]
CURVE = [
    ("copper", "mine", "CHL", "cheap", "", 200.0, 6400.0),
    ("copper", "mine", "CHL", "usual", "", 200.0, 8000.0),
    ("copper", "mine", "CHL", "dear", "", 200.0, 9000.0),
    ("copper", "mine", "CHL", "idle", "", 100.0, 9000.0),
    ("copper", "mine", "KAZ", "usual", "", 60.0, 7000.0),
    ("copper", "mine", "KAZ", "project", "koksay", 50.0, 8500.0),
    ("copper", "mine", "USA", "project", "far", 20.0, 30000.0),
    ("copper", "refine", "CHN", "usual", "", 90.0, 8800.0),
    ("rare_earth_ore", "mine", "CHN", "usual", "", 9.0, float("nan")),
]


def small(name: str, title: str, shift: float = 0.0, controlled: bool = False) -> Result:
    """A result of three minerals and three years.

    Parameters
    ----------
    shift : tonnes that Kazakhstan gains and China loses from 2026 on, each path of copper. controlled : whether there
    are policies and shortages.
    """
    paths = _paths(shift)
    supply = _supply(paths)
    tables = {
        "summary": pd.DataFrame(
            {"metric": ["objective", "share_central_asia"], "value": [1.0, 0.03 + shift / 1000], "unit": ["USD", "1"]}
        ),
        "paths": paths,
        "supply": supply,
        "dependence": _dependence(supply, "country"),
        "dependence_by_owner": _dependence(supply, "owner"),
        "prices": _prices(3.0 if controlled else 1.0),
        "policies": _policies() if controlled else pd.DataFrame(),
        "capacity": _capacity(shift),
        "unmet": _unmet() if controlled else pd.DataFrame(),
        "costs": _costs(shift),
        "cost_curve": pd.DataFrame(CURVE, columns=CURVE_COLUMNS),
        "corridors": _corridors(),
    }
    policies = {"feoc_cap": {"kind": "supplier_cap", "share": {"2026": 1.0, "2027": 1.0 - shift / 100}}}
    resolved = {"discount_rate": 0.05, "policies": policies if controlled else {}}
    costs = tables["costs"]
    objective = 1e6 * float((costs["musd"] * 1.05 ** -(costs["year"] - YEARS[0])).sum())
    return Result(name, title, objective, {"scenario": {"resolved": resolved}}, tables)


def _paths(shift: float) -> pd.DataFrame:
    columns = ["mineral", "mine", "refine", "fabricate", "supplier", "corridor", "tonnes"]
    years = [pd.DataFrame(PATHS, columns=columns).assign(year=year) for year in YEARS]
    table = pd.concat(years, ignore_index=True).assign(market="USA", cost_usd_per_t=1.0)
    later = (table["mineral"] == "copper") & (table["year"] > YEARS[0])
    table.loc[later & (table["refine"] == "KAZ"), "tonnes"] += shift
    table.loc[later & (table["refine"] == "CHN"), "tonnes"] -= shift
    return table[["year", "mineral", "market", *columns[1:], "cost_usd_per_t"]]


def _supply(paths: pd.DataFrame) -> pd.DataFrame:
    """Supply by country and owner; a third of Chile's is owned in the United States."""
    parts = []
    for stage in STAGES:
        at = paths.assign(country=paths["supplier" if stage == "supply" else stage], stage=stage)
        at = at[at["country"] != ""].groupby(["year", "mineral", "stage", "country", "market"], as_index=False)
        parts.append(at["tonnes"].sum())
    table = pd.concat(parts, ignore_index=True).assign(owner=lambda t: t["country"])
    foreign = table["country"] == "CHL"
    owned = table[foreign].assign(owner="USA", tonnes=table["tonnes"] / 3)
    table.loc[foreign, "tonnes"] *= 2 / 3
    table = pd.concat([table, owned], ignore_index=True)
    total = table.groupby(["year", "mineral", "stage", "market"])["tonnes"].transform("sum")
    return table.assign(share=table["tonnes"] / total, low_t=0.0, high_t=total)


def _dependence(supply: pd.DataFrame, by: str) -> pd.DataFrame:
    keys = ["year", "mineral", "stage", "market"]
    shares = supply.groupby([*keys, by], as_index=False)["share"].sum()

    def part(members: list[str]) -> pd.Series:
        return shares["share"].where(shares[by].isin(members), 0.0)

    columns = {"share_feoc": part(["CHN", "RUS"]), "share_central_asia": part(["KAZ", "TJK"])}
    abroad = shares["share"].where(shares[by] != "USA", 0.0)
    shares = shares.assign(**columns, top=abroad)
    grouped = shares.groupby(keys)
    foreign = shares.sort_values("top", ascending=False, kind="stable").drop_duplicates(keys).set_index(keys)[by]
    table = grouped[["share_feoc", "share_central_asia"]].sum().assign(top_share=grouped["top"].max(), hhi=0.3)
    table = table.assign(top_supplier=foreign)
    return table.reset_index()


def _prices(peak: float) -> pd.DataFrame:
    rows = [
        (year, mineral, market, normal * (1 + (peak - 1) * 2 * STOP[year] * (mineral != "copper")), normal)
        for year, (mineral, normal), market in itertools.product(YEARS, PRICES.items(), ("USA", "EU", "CHN"))
    ]
    return pd.DataFrame(rows, columns=["year", "mineral", "market", "usd_per_t", "observed_usd_per_t"])


def _policies() -> pd.DataFrame:
    rows = [
        ("feoc_cap", "supplier_cap", year, mineral, "refine", "feoc", market, 0.6, 0.6, True, price)
        for year in YEARS[1:]
        for mineral, market, price in (("antimony", "USA", 1200.0), ("magnet_alloy", "all", 300.0))
    ]
    for country, cap in (("CHL", 0.5), ("CHN", 0.4)):
        rows.append(("single_cap", "supplier_cap", 2027, "copper", "refine", country, "USA", cap, cap, False, 0.0))
    names = ["policy", "kind", "year", "mineral", "stage", "scope", "market", "asked", "achieved", "binding"]
    fund = ("fund", "investment_fund", None, None, None, None, None, 100.0, 100.0, True, None)
    return pd.DataFrame([*rows, fund], columns=[*names, "shadow_price_usd_per_t"])


def _capacity(shift: float) -> pd.DataFrame:
    rows = [
        (2026, "copper", "refine", "KAZ", "aktogay_smelter", 0.0, 60.0, 60.0 + shift, 5.0),
        (2027, "copper", "refine", "KAZ", "aktogay_smelter", 0.0, 60.0, 30.0, 2.0),
        (2026, "antimony", "refine", "TJK", "expansion", 8.0, 8.0, 4.0, 1.0),
        (2026, "copper", "refine", "CHL", "expansion", 500.0, 500.0, 40.0, 3.0),
    ]
    names = ["year", "mineral", "stage", "country", "site", "existing_t", "used_t", "built_t", "capex_musd"]
    return pd.DataFrame(rows, columns=names).assign(subsidy_musd=0.0)


def _unmet() -> pd.DataFrame:
    items = {"antimony": ("t", 70.0), "light_ev": ("vehicle", 1.4e6), "solar": ("MW", 4e4), "onshore_wind": ("MW", 9e3)}
    rows = [
        (year, "USA", item, STOP[year] * amount, unit, STOP[year], 1.0)
        for year, (item, (unit, amount)) in itertools.product(YEARS[1:], items.items())
    ]
    return pd.DataFrame(rows, columns=["year", "market", "item", "amount", "unit", "share", "value_musd"])


def _costs(shift: float) -> pd.DataFrame:
    items = {"mine": 5000.0, "refine": 3000.0, "capital": 900.0, "capex": 100.0, "freight": 200.0, "time": 50.0}
    items |= {"margin": 400.0, "switching": 10.0 + 200 * shift, "forgone": 30.0 * shift, "credit": -5.0}
    items["refine"] -= 20 * shift
    rows = [(year, item, musd) for year, (item, musd) in itertools.product(YEARS, items.items())]
    return pd.DataFrame(rows, columns=["year", "item", "musd"])


def _corridors() -> pd.DataFrame:
    legs = {"baku_poti": ("middle", 10e6, 6e6, 0.0), "caspian": ("middle", 6e6, 4e6, 35.0)}
    legs["open_sea"] = ("sea", float("inf"), 0.0, 0.0)
    rows = [
        (year, leg, corridor, capacity, background, min(capacity, 2e6 + background) - background, -price)
        for year, (leg, (corridor, capacity, background, price)) in itertools.product(YEARS, legs.items())
    ]
    rows += [(year, "steppe", "northern", 5e6 * (year == YEARS[0]), 0.0, 0.0, 0.0) for year in YEARS]
    names = ["year", "leg", "corridor", "capacity_t", "background_t", "used_t", "shadow_price_usd_per_t"]
    return pd.DataFrame(rows, columns=names)


def _studies() -> dict[str, Findings]:
    """What four studies could have found, by study."""
    levels = pd.DataFrame({"level": [1.0, 0.5, 0.1], "extra_musd": [0.0, 40.0, 650.0], "policy": "feoc_cap"})
    levels = levels.assign(setting="share", share_feoc=[0.7, 0.5, 0.1], share_central_asia=[0.1, 0.25, 0.4])
    ranges = pd.DataFrame({"mineral": ["antimony", "copper"] * 2, "slack": [0.01, 0.01, 0.05, 0.05]})
    ranges = ranges.assign(stage="mine", share=[0.1, 0.0] * 2, low=0.0, high=[0.7, 0.02, 0.9, 0.1])
    lost = pd.DataFrame(
        {"kind": ["country", "supplier", "leg"], "name": ["all of CHN", "antimony, mine, CHN", "Caspian"]}
    )
    lost = lost.assign(
        mineral=["", "antimony", ""], stage=["", "mine", ""], country=["CHN", "CHN", ""], item="antimony"
    )
    lost = lost.assign(unmet_share=[0.4, 0.3, 0.0], unmet_musd=[50.0, 40.0, 0.0], price_multiple=[10.0, 3.0, 1.0])
    lost = lost.assign(vehicles_worth=[0.0, 2e4, 0.0], gw_worth=[9.0, 0.0, 0.0])
    built = pd.DataFrame({"mineral": ["copper"], "stage": ["mine"], "country": ["KAZ"], "name": [""], "year": [2028]})
    stored = pd.DataFrame({"mineral": ["antimony"], "market": ["USA"], "planned_t": [1600.0], "ignored_t": [0.0]})
    risk = {
        "builds": built.assign(planned_t=50.0, ignored_t=120.0),
        "stored": stored,
        "stochastic": pd.DataFrame({"metric": ["worth_of_planning"], "value": [807.0]}),
    }
    found = {
        "frontier": {"frontier": levels},
        "space": {"space": ranges},
        "screen": {"losses": lost},
        "stochastic": risk,
    }
    asked = {"asked": {"group": "central_asia", "year": 2030}}
    return {study: Findings(study, "status_quo", "Status quo", tables, asked) for study, tables in found.items()}


STUDIES = _studies()
