"""What the page's pickers show, as compact JSON: shares in thousandths, prices over normal in thousandths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from supplychain.results.summary import SHORT, SHORT_PRICE
from supplychain.results.tables.costs import kind_of
from supplychain.show.report.answer import at_worst, least_dependent
from supplychain.show.report.asia import built_there
from supplychain.show.report.binding import bound_policies, normal_prices, scarce_capacity, tight_byproducts
from supplychain.show.report.cases import Case
from supplychain.show.report.names import Names, policy_in_words
from supplychain.show.report.telling import present_values
from supplychain.show.report.words import COST_ITEMS, SHORTAGE, percent, significant, spoken

SEEN = 0.0005
LEAST_WAY = 5  # thousandths of the supply
MONEY = ("cost_busd", "rents_busd", "public_busd", "revenue_busd", "us_bill_busd")
FIGURES = (*MONEY, "top_share", "feoc_share", "central_asia_share", "short", "vehicles_lost", "gw_lost")
Numbers = list[int]


def payload(cases: Sequence[Case], names: Names) -> dict[str, Any]:
    """Everything that the page's script needs.

    Returns
    -------
    `scenarios` (by id, in order), `minerals` (id -> name, normal price), `countries` (id -> name, group) of
    those that appear, `items` (cost items), `kinds` (of each: resource, rent or transfer), `reference` and
    `mineral` (what is shown first), `shortage` (what is called short).
    """
    scenarios = {case.name: _scenario(case, names) for case in cases}
    return {
        "reference": cases[0].name,
        "shown": most_telling(cases).name,
        "mineral": _first_mineral(cases[0], most_telling(cases)),
        "scenarios": scenarios,
        "minerals": _minerals(cases, names),
        "countries": _countries(cases, names),
        "items": COST_ITEMS,
        "kinds": {item: kind_of(item) for item in COST_ITEMS},
        "shortage": SHORTAGE,
    }


def most_telling(cases: Sequence[Case]) -> Case:
    """The scenario shown first beside the reference: of those with policies the least dependent, for little money."""
    policies = [case for case in cases if case.group == "policy" and case.in_dollars]
    if policies:
        return least_dependent(policies)
    return min(cases[1:] or cases, key=lambda case: case.row.get("feoc_share", 0.0))


def _first_mineral(reference: Case, shown: Case) -> str:
    """The mineral shown first: the one in which Central Asia gains most in the scenario shown first."""
    if not (reference.in_dollars and shown.in_dollars):
        return ""
    before = at_worst(reference, "share_central_asia", reference.years[-1])
    now = at_worst(shown, "share_central_asia", shown.years[-1])
    return str((now - before.reindex(now.index).fillna(0.0)).idxmax())


def as_script(data: dict[str, Any]) -> str:
    """JSON that can stand inside a script element, whatever texts it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _minerals(cases: Sequence[Case], names: Names) -> dict[str, list[Any]]:
    listed = sorted({mineral for case in cases for mineral in _listed(case)}, key=names.mineral)
    prices = cases[0].table("prices").groupby("mineral")["observed_usd_per_t"].first() if listed else {}
    return {mineral: [names.mineral(mineral), float(f"{prices.get(mineral, 0.0):.4g}")] for mineral in listed}


def _listed(case: Case) -> list[str]:
    table = case.home("dependence")
    return [str(mineral) for mineral in table["mineral"].unique()] if len(table) else []


def _countries(cases: Sequence[Case], names: Names) -> dict[str, list[str]]:
    """Name and group (`concern`, `asia` or none) of every country that supplies anything or lies on a way."""
    tables = [(case.home("supply"), ["country"]) for case in cases]
    tables += [(case.home("paths"), ["mine", "refine", "fabricate", "supplier"]) for case in cases]
    seen = {str(c) for t, columns in tables if len(t) for c in pd.unique(t[columns].fillna("").to_numpy().ravel()) if c}
    group = {c: "concern" if c in names.concern else "asia" if c in names.asia else "" for c in seen}
    return {c: [names.place(c), group[c]] for c in sorted(seen)}


def _scenario(case: Case, names: Names) -> dict[str, Any]:
    policies = case.story.get("policies") or {}
    return {
        "title": case.title,
        "story": str(case.story.get("story") or "").strip(),
        "years": list(case.years),
        "figures": {key: float(f"{case.row[key]:.10g}") for key in FIGURES if key in case.row},
        "costs": _costs(case),
        "values": _values(case),
        "technologies": _technologies(case, names),
        "policies": {"Horizon and discount rate": _settings(case)}
        | {spoken(name): policy_in_words(policy, names) for name, policy in policies.items()},
        "minerals": _by_mineral(case, names),
        "short": [names.mineral(mineral) for mineral in short_minerals(case)],
    }


def short_minerals(case: Case) -> list[str]:
    """The minerals that the summary counts as short, the worst first."""
    unmet, prices = case.home("unmet"), case.home("prices")
    if unmet.empty or prices.empty:
        return []
    priced = unmet[unmet["unit"] == "t"].merge(prices.rename(columns={"mineral": "item"}), on=["year", "item"])
    dear = priced["usd_per_t"] > SHORT_PRICE * priced["observed_usd_per_t"]
    worst = priced[dear & (priced["share"] > SHORT)].groupby("item")["share"].max()
    return [str(item) for item in worst.sort_values(ascending=False, kind="stable").index]


def _costs(case: Case) -> dict[str, float]:
    """Present value by item, billion USD; their sum is the objective."""
    if case.table("costs").empty or not case.in_dollars:
        return {}
    return {str(item): round(float(value) / 1e3, 4) for item, value in present_values(case).items()}


def _technologies(case: Case, names: Names) -> dict[str, float]:
    """Share of each technology in its service in the last year, percent, by name."""
    table = case.table("technology")
    table = table[table["year"] == case.years[-1]] if len(table) else table
    return {
        f"{names.technologies.get(r.technology, spoken(r.technology))} ({spoken(r.service).lower()})": round(
            100 * r.share, 1
        )
        for r in table.itertuples()
    }


def _settings(case: Case) -> list[tuple[str, str]]:
    rate = float(case.story.get("discount_rate") or 0.0)
    return [("Horizon", f"{case.years[0]}–{case.years[-1]}"), ("Discount rate", percent(rate, 1))]


def _values(case: Case) -> dict[str, dict[str, float]]:
    """US supply of the last year by stage and country at normal prices, million USD."""
    table = case.home("supply")
    if table.empty:
        return {}
    table = table[table["year"] == case.years[-1]]
    worth = table["tonnes"] * table["mineral"].map(normal_prices(case)) / 1e6
    sums = worth.groupby([table["stage"], table["country"]]).sum()
    stages = sums.index.get_level_values(0).unique()
    return {str(s): {str(c): round(float(v), 2) for c, v in sums[s].items() if v >= 0.005} for s in stages}


def _by_mineral(case: Case, names: Names) -> dict[str, dict[str, Any]]:
    minerals = _listed(case)
    parts: dict[str, dict[str, Any]] = {
        "s": _supply(case),
        "d": _dependence(case, "dependence"),
        "o": _by_owner(case),
        "f": _over_years(case, "share_feoc"),
        "p": _prices(case),
        "u": _short(case),
        "r": _recycled(case),
        "k": _stocks(case),
        "b": _built(case, names),
        "w": _binds(case, names),
        "c": _ways(case),
        "a": _arrivals(case),
    }
    return {m: {key: part[m] for key, part in parts.items() if part.get(m)} for m in minerals}


def _ends(case: Case) -> list[int]:
    return [case.years[0], case.years[-1]]


def _mille(values: Any) -> Numbers:
    return [0 if pd.isna(value) else round(1000 * float(value)) for value in values]


def _supply(case: Case) -> dict[str, dict[str, Any]]:
    """By mineral and stage: tonnes in the first and last year, and each country's share of them."""
    table = case.home("supply")
    answer: dict[str, dict[str, Any]] = {}
    if table.empty:
        return answer
    table = table[table["year"].isin(_ends(case))]
    wide = table.pivot_table(index=["mineral", "stage", "country"], columns="year", values="tonnes", aggfunc="sum")
    wide = wide.reindex(columns=_ends(case)).fillna(0.0)
    together = wide.groupby(level=[0, 1])
    for mineral, stage, *tonnes in together.sum().reset_index().itertuples(index=False):
        rounded = [float(f"{value:.5g}") for value in tonnes]
        answer.setdefault(str(mineral), {})[str(stage)] = {"t": rounded, "c": {}}
    shares = wide / together.transform("sum").replace(0.0, float("nan"))
    shares = shares[shares.max(axis=1) >= SEEN].sort_values(_ends(case)[1], ascending=False, kind="stable")
    for (mineral, stage, country), row in zip(shares.index, shares.to_numpy(), strict=True):
        answer[str(mineral)][str(stage)]["c"][str(country)] = _mille(row)
    return answer


def _dependence(case: Case, name: str) -> dict[str, dict[str, list[list[Any]]]]:
    """By mineral and stage, first and last year: top supplier, its share, concern, Central Asia, imports, HHI."""
    table = case.home(name)
    answer: dict[str, dict[str, list[list[Any]]]] = {}
    if table.empty:
        return answer
    columns = ["top_share", "share_feoc", "share_central_asia", "net_import_reliance", "hhi"]
    for year in _ends(case):
        for row in table[table["year"] == year].itertuples():
            top = "" if pd.isna(row.top_supplier) else str(row.top_supplier)
            entry = [top, *_mille([getattr(row, column) for column in columns])]
            answer.setdefault(str(row.mineral), {}).setdefault(str(row.stage), []).append(entry)
    return answer


def _by_owner(case: Case) -> dict[str, dict[str, list[list[Any]]]]:
    """The same by nationality of the owner, of minerals for which it differs."""
    places = _dependence(case, "dependence")
    return {m: entry for m, entry in _dependence(case, "dependence_by_owner").items() if entry != places.get(m)}


def _ways(case: Case) -> dict[str, str]:
    """By mineral, the ways to the United States in the last year that carry half a percent or more, the largest first.

    Each is `mine.refine.fabricate.supplier.corridor.thousandths`, with `;` between them: a stage that the chain has not
    is blank, and a supplier who is the last plant too. They are for the bands of the picture alone: what a country or
    a corridor carries in all is in `_supply` and `_arrivals`.
    """
    stops = ["mine", "refine", "fabricate", "supplier", "corridor"]
    table = _last_paths(case)
    if table.empty:
        return {}
    table = table.fillna({stop: "" for stop in stops})
    last = table["fabricate"].where(table["fabricate"] != "", table["refine"]).where(lambda t: t != "", table["mine"])
    table = table.assign(supplier=table["supplier"].where(table["supplier"] != last, ""))
    parts = table.groupby(["mineral", *stops])["tonnes"].sum()
    parts = (1000 * parts / parts.groupby(level=0).transform("sum")).rename("part").reset_index()
    parts = parts[parts["part"] >= LEAST_WAY].sort_values("part", ascending=False, kind="stable")
    parts = parts.assign(part=parts["part"].round().astype(int)).astype(str)
    return {str(m): ";".join(map(".".join, part[[*stops, "part"]].to_numpy())) for m, part in parts.groupby("mineral")}


def _arrivals(case: Case) -> dict[str, dict[str, int]]:
    """By mineral, the part of each corridor in what arrives in the last year, thousandths of all of it."""
    table = _last_paths(case)
    answer: dict[str, dict[str, int]] = {}
    if table.empty:
        return answer
    parts = table.groupby(["mineral", "corridor"])["tonnes"].sum()
    parts = (1000 * parts / parts.groupby(level=0).transform("sum")).round().astype(int)
    for (mineral, corridor), part in parts[parts > 0].items():
        answer.setdefault(str(mineral), {})[str(corridor)] = int(part)
    return answer


def _last_paths(case: Case) -> pd.DataFrame:
    table = case.home("paths")
    return table[table["year"] == case.years[-1]] if len(table) else table


def _over_years(case: Case, column: str) -> dict[str, dict[str, Numbers]]:
    """By mineral and stage, a share of US supply year by year."""
    table = case.home("dependence")
    answer: dict[str, dict[str, Numbers]] = {}
    for (mineral, stage), part in table.groupby(["mineral", "stage"]) if len(table) else ():
        answer.setdefault(str(mineral), {})[str(stage)] = _yearly(case, part, part[column])
    return answer


def _yearly(case: Case, part: pd.DataFrame, values: pd.Series) -> Numbers:
    return _mille(pd.Series(values.to_numpy(), index=part["year"]).reindex(case.years))


def _prices(case: Case) -> dict[str, Numbers]:
    """US price over the normal price, year by year."""
    table = case.home("prices")
    if table.empty:
        return {}
    over = table["usd_per_t"] / table["observed_usd_per_t"]
    return {str(m): _yearly(case, part, over[part.index]) for m, part in table.groupby("mineral")}


def _short(case: Case) -> dict[str, Numbers]:
    """Share of US use given up, year by year, of minerals that give up any."""
    table = case.home("unmet")
    table = table[table["unit"] == "t"] if len(table) else table
    groups = table.groupby("item") if len(table) else ()
    every = {str(item): _yearly(case, part, part["share"]) for item, part in groups}
    return {item: values for item, values in every.items() if any(values)}


def _recycled(case: Case) -> dict[str, list[float]]:
    """Tonnes recovered from scrap in the first and last year."""
    return _at_ends(case, case.table("secondary"), "used_t")


def _stocks(case: Case) -> dict[str, list[float]]:
    """Tonnes in US stockpiles at the end of the first and last year."""
    return _at_ends(case, case.home("stocks"), "level_t")


def _at_ends(case: Case, table: pd.DataFrame, column: str) -> dict[str, list[float]]:
    if table.empty:
        return {}
    wide = table.pivot_table(index="mineral", columns="year", values=column, aggfunc="sum").reindex(columns=_ends(case))
    return {str(m): [float(f"{v:.4g}") for v in row.fillna(0.0)] for m, row in wide.iterrows() if row.sum() > 0}


def _built(case: Case, names: Names) -> dict[str, list[list[str]]]:
    """What comes on line in Central Asia: place, stage, site, years, t/yr, million USD, of it public."""
    answer: dict[str, list[list[str]]] = {}
    for row in built_there(case, names).itertuples():
        sums = [significant(value) for value in (row.built_t, row.capex_musd, row.subsidy_musd)]
        entry = [names.place(row.country), str(row.stage), names.site(row.site), row.years, *sums]
        answer.setdefault(str(row.mineral), []).append(entry)
    return answer


def _binds(case: Case, names: Names) -> dict[str, list[list[str]]]:
    """What binds for a mineral: policies, full plants, by-products that give no more.

    Each is [kind, who, stage, years, worth, the dearest year, policy]; the page's script makes a sentence of it.
    """
    answer: dict[str, list[list[str]]] = {}
    for row in bound_policies(case).itertuples():
        if row.mineral:
            answer.setdefault(row.mineral, []).append(_policy_binds(row, names))
    for row in scarce_capacity(case).itertuples():
        worth = _worth(row.scarcity_rent_usd_per_t, row.of_price)
        answer.setdefault(row.mineral, []).append(["full", row.country, row.stage, row.years, worth, str(row.year)])
    for row in tight_byproducts(case).itertuples():
        worth = _worth(row.shadow_price_usd_per_t, row.of_price)
        answer.setdefault(row.mineral, []).append(["host", row.country, row.stage, row.years, worth, str(row.year)])
    return {mineral: entries[:8] for mineral, entries in answer.items()}


def _policy_binds(row: Any, names: Names) -> list[str]:
    """As `_binds` has it: a limit by the tonne, or one with another unit and no group that it is on."""
    about = [str(row.stage), str(row.years)]
    when = [str(int(row.year)), spoken(row.policy)]
    if pd.isna(row.shadow_price_usd_per_t):
        per = str(row.unit).removeprefix("USD per ")
        return ["limit", per, *about, f"USD {significant(row.shadow_price)}", *when]
    return ["policy", names.place(row.scope), *about, _worth(row.shadow_price_usd_per_t, row.of_price), *when]


def _worth(usd_per_t: float, of_price: float) -> str:
    """A shadow price, and how it compares with the mineral's normal price."""
    beside = f" ({percent(of_price)} of the normal price)" if pd.notna(of_price) else ""
    return f"USD {significant(usd_per_t)}{beside}"
