"""What is allowed in a scenario but is hardly meant: warnings, each at the line of the policy that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import PLACE, Dataset
from supplychain.facts.errors import Fault
from supplychain.scenario import policies
from supplychain.scenario.policies import Policy, Tables, kind_of
from supplychain.scenario.policies.base import ALL, SUPPLY, matching, places
from supplychain.scenario.policies.security import SurviveLoss
from supplychain.scenario.scenario import Scenario
from supplychain.system.build import build_system

# What a row of each table is about, and the columns that policies set in it.
KEYS: dict[str, list[str]] = {
    "limits": ["sense", "by", "basket", "mineral", "stage", "scope", "market", "year"],
    "losses": ["mineral", "stage", "scope", "market", "year"],
    "concentrations": ["mineral", "stage", "market", "year"],
    "export_limits": ["mineral", "stage", "country", "against", "year"],
    "tariffs": ["mineral", "stage", "country", "market", "year"],
    "credits": ["mineral", "stage", "country", "year"],
    "funds": ["mineral", "stage", "country"],
    "stocks": ["mineral", "market", "year"],
    "existing": [*PLACE, "owner", "year"],
    "availability": [*PLACE, "year"],
    "builds": ["build"],
    "charges": ["build", "year"],
    "use": ["mineral", "market", "year"],
    "services": ["service", "year"],
    "technologies": ["technology", "year"],
    "legs": ["leg", "year"],
    "collection": ["mineral", "service", "year"],
}
NOTHING_MUSD = 1e-6
# Their rows add to each other; a second one is no contradiction.
ADDING = ("members", "deliveries", "funds", "tariffs", "credits")


def examine(
    scenarios: Sequence[Scenario], dataset: Dataset, base: Mapping[range, Tables] | None = None
) -> tuple[pd.DataFrame, list[Fault]]:
    """What each policy of the scenarios touches, and the warnings that can be told before solving.

    Parameters
    ----------
    base : what `base_tables` gives by horizon, where it has been made already.

    Returns
    -------
    DataFrame: scenario, policy, kind, touches (how many rows and cells of which tables); and the warnings.
    """
    bare: dict[range, Tables] = {}
    rows, found = [], []
    for scenario in scenarios:
        if scenario.policies and scenario.years not in bare:
            without = replace(scenario, policies={})
            bare[scenario.years] = build_system(dataset, without, (base or {}).get(scenario.years)).tables()
        tables = bare.get(scenario.years, {})
        written = {name: _written(name, p, tables, dataset, scenario) for name, p in scenario.policies.items()}
        rows += [(scenario.name, n, kind_of(type(p)), _sizes(written[n])) for n, p in scenario.policies.items()]
        rows += [(scenario.name, "", "no policies", "")] if not scenario.policies else []
        found += _warnings(scenario, dataset, tables, written)
    table = pd.DataFrame(rows, columns=["scenario", "policy", "kind", "touches"])
    # A policy that several scenarios inherit is warned of once.
    return table, list(dict.fromkeys(found))


def _sizes(written: dict[str, pd.DataFrame]) -> str:
    return ", ".join(f"{table} {len(rows)}" for table, rows in written.items()) or "nothing"


def warnings(scenario: Scenario, dataset: Dataset, tables: Tables) -> list[Fault]:
    """Policies without effect, policies that set the same thing, and limits out of reach.

    Parameters
    ----------
    tables : the tables of the system without any policy, as `build_system` gives them for the same years.
    """
    written = {name: _written(name, p, tables, dataset, scenario) for name, p in scenario.policies.items()}
    return _warnings(scenario, dataset, tables, written)


def _warnings(
    scenario: Scenario, dataset: Dataset, tables: Tables, written: dict[str, dict[str, pd.DataFrame]]
) -> list[Fault]:
    if not scenario.policies:
        return []
    final = policies.apply(dict(scenario.policies), tables, dataset, scenario.years)
    found = [
        *_without_effect(scenario, written, final),
        *_unseen(scenario, written, final),
        *_meeting(scenario, written),
        *_out_of_reach(scenario, final),
        *_unsaid_surge(scenario),
    ]
    return sorted(found, key=lambda fault: (str(fault.file), fault.line, fault.column))


def idle(table: pd.DataFrame, scenario: Scenario) -> list[Fault]:
    """Policies of a solved scenario that bind nowhere: the plan would be the same without them.

    Parameters
    ----------
    table : the result table `policies` (policy, binding, ...). Policies without a row in it change tables and not
        limits; of them this says nothing.
    """
    # A fund that is not exhausted still does something, and so does a stock that is kept above its target.
    used = table["kind"].isin(["investment_fund", "stockpile"]) & (table["achieved"] > NOTHING_MUSD)
    acts = table["binding"].astype(bool) | used
    binds = acts.groupby(table["policy"]).any()
    named = [name for name in scenario.policies if name in binds.index and not binds[name]]
    return [_warning(scenario, name, "never binds: the plan is the same without it") for name in named]


def _warning(scenario: Scenario, policy: str, message: str, key: str = "") -> Fault:
    return Fault(*scenario.where(policy, key), f"warning: policy {policy!r} {message}")


def _written(
    name: str, policy: Policy, tables: Tables, dataset: Dataset, scenario: Scenario
) -> dict[str, pd.DataFrame]:
    """The rows of each table that a policy, alone, adds or changes; `column` names the cell where it edits."""
    edited = policy.edit(name, tables, dataset, scenario.years)
    rows = {table: _difference(tables[table], edited[table], KEYS[table]) for table in edited if table in KEYS}
    return {table: found for table, found in rows.items() if len(found)}


def _difference(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows added at the end, whole; and the key and column of every cell that was changed."""
    added = after.iloc[len(before) :]
    same = after.iloc[: len(before)]
    values = [column for column in before.columns if column not in keys]
    changed = [same.loc[_changed(before[c], same[c]), keys].assign(column=c) for c in values]
    return pd.concat([added, *[part for part in changed if len(part)]], ignore_index=True)


def _changed(before: pd.Series, after: pd.Series) -> np.ndarray:
    if before is after:
        return np.zeros(len(before), dtype=bool)
    old, new = before.to_numpy(), after.to_numpy()
    return np.asarray((old != new) & ~(pd.isna(old) & pd.isna(new)))


def _without_effect(scenario: Scenario, written: dict[str, dict[str, pd.DataFrame]], tables: Tables) -> Iterator[Fault]:
    known = pd.MultiIndex.from_frame(places(tables))
    for name, policy in scenario.policies.items():
        if not policy.active(scenario.years):
            yield _warning(scenario, name, "holds in no year of the horizon", "years")
        elif not any(_finds_something(table, rows, tables, known) for table, rows in written[name].items()):
            yield _warning(scenario, name, "matches nothing: no mineral, site or year on which it could act")


def _unseen(scenario: Scenario, written: dict[str, dict[str, pd.DataFrame]], tables: Tables) -> Iterator[Fault]:
    """Export limits against a pooled market before the last stage: whose ore is in what it gets, nobody knows."""
    traced = tables["use"].loc[tables["use"]["traced"].astype(bool), "market"].unique()
    last = tables["chain"].loc[tables["chain"]["last"].astype(bool), ["mineral", "stage"]]
    for name, policy in scenario.policies.items():
        rows = written[name].get("export_limits", pd.DataFrame())
        rows = rows[~rows["against"].isin([ALL, *traced])] if len(rows) else rows
        blind = rows[~matching(rows, last)] if len(rows) else rows
        if len(blind) and (len(blind) == len(rows) or getattr(policy, "stages", ALL) != ALL):
            first = blind.iloc[0]
            yield _warning(
                scenario,
                name,
                f"does nothing to {first['mineral']} ({first['stage']}) for {first['against']}: where the ore of what "
                "a pooled market gets was dug or refined is not told; only its last stage is",
                "against",
            )


def _unsaid_surge(scenario: Scenario) -> Iterator[Fault]:
    """Losses that all idle plant of the world is to make up for, where nobody has said so."""
    for name, policy in scenario.policies.items():
        if isinstance(policy, SurviveLoss) and "surge" not in policy.model_fields_set:
            what = f"counts on all idle plant of the world for {policy.market} (surge 1): say how much of it, 0 to 1"
            yield _warning(scenario, name, what)


def _finds_something(table: str, rows: pd.DataFrame, tables: Tables, known: pd.MultiIndex) -> bool:
    """Whether any of the rows that a policy wrote meets something that exists or could be built."""
    if table == "funds":
        could = pd.MultiIndex.from_frame(tables["builds"][PLACE])
        return bool(_at(rows, could).any())
    if table in ("export_limits", "tariffs", "credits"):
        return bool(_at(rows, known).any())
    if table == "limits":
        inside = rows.merge(tables["members"], on="scope")
        return bool(_at(inside, known).any()) or bool((rows["by"] == "owner").any())
    if table in ("losses", "concentrations"):
        use = tables["use"]
        return bool(rows["market"].isin(use.loc[use["traced"].astype(bool), "market"]).any())
    return True


def _at(rows: pd.DataFrame, known: pd.MultiIndex) -> np.ndarray:
    return np.asarray(pd.MultiIndex.from_frame(rows[PLACE]).isin(known))


def _meeting(scenario: Scenario, written: dict[str, dict[str, pd.DataFrame]]) -> Iterator[Fault]:
    """Pairs of policies that set the same cell of a table, or the same limit."""
    for one, two in combinations(scenario.policies, 2):
        for table in sorted(set(written[one]) & set(written[two]) - set(ADDING)):
            keys = [k for k in [*KEYS[table], "column"] if k in written[one][table] and k in written[two][table]]
            both = (
                written[one][table][keys].drop_duplicates().merge(written[two][table][keys].drop_duplicates(), on=keys)
            )
            if len(both):
                what = _described(both.iloc[0])
                more = f" and {len(both) - 1} more" if len(both) > 1 else ""
                yield _warning(scenario, two, f"sets the same as {one!r}: {table} ({what}{more})")


def _described(row: pd.Series) -> str:
    shown = [str(value) for key, value in row.items() if key not in ("sense", "basket", "by") and str(value) != ""]
    return ", ".join(shown)


def _out_of_reach(scenario: Scenario, tables: Tables) -> Iterator[Fault]:
    """Limits that plants, existing and buildable, could not meet in some year if use stayed as it is."""
    limits = tables["limits"]
    limits = limits[(limits["by"] == "place") & (limits["basket"] == "") & (limits["stage"] != SUPPLY)]
    limits = limits[(limits["share"] < 1) | (limits["tonnes"] > 0)]
    if limits.empty:
        return
    table = limits.merge(_used(tables), on=["mineral", "market", "year"])
    whole, inside = _capacity(tables), _inside(tables)
    table = table.join(whole, on=["mineral", "stage", "year"]).fillna({"whole_t": 0.0})
    table = table.join(inside, on=["mineral", "stage", "scope", "year"]).fillna({"inside_t": 0.0})
    cap = table["sense"] > 0
    needed = np.where(cap, (1 - table["share"]) * table["used_t"], table["share"] * table["used_t"] + table["tonnes"])
    there = np.where(cap, table["whole_t"] - table["inside_t"], table["inside_t"])
    table = table.assign(needed_t=needed, there_t=there)
    touched = ~cap | (table["inside_t"] > 0)
    short = table[touched & (table["there_t"] < table["needed_t"] * (1 - 1e-9))]
    for policy, rows in short.groupby("policy", sort=False):
        yield _warning(scenario, str(policy), _shortfall(rows))


def _shortfall(rows: pd.DataFrame) -> str:
    worst = rows.loc[(rows["there_t"] - rows["needed_t"]).idxmin()]
    who = f"outside {worst['scope']}" if worst["sense"] > 0 else f"in {worst['scope']}"
    also = len(rows[["mineral", "stage"]].drop_duplicates()) - 1
    more = f" (and for {also} more minerals and stages)" if also else ""
    there = f"{worst['there_t']:.4g} t of {worst['mineral']} ({worst['stage']})"
    needed = f"{worst['needed_t']:.4g} t are needed{more}"
    return (
        f"asks for more than is there: plants {who}, with all that could be built by {worst['year']}, "
        f"can make {there}, and {needed}"
    )


def _used(tables: Tables) -> pd.DataFrame:
    """mineral, market, year, used_t: all use of the market as without the policy."""
    use = tables["use"]
    return use[["mineral", "market", "year"]].assign(used_t=use["base_t"] * use["growth"])


def _capacity_by_place(tables: Tables) -> pd.DataFrame:
    """mineral, stage, country, year, capacity_t in delivered tonnes: what exists and all that could be on line."""
    years = tables["years"][["year"]]
    built = tables["builds"].merge(years, how="cross")
    since = (built["year"] - built["first_year"] + 1).clip(lower=0)
    built = built.assign(capacity_t=np.minimum(built["yearly_t"] * since, built["total_t"]))
    there = tables["existing"].rename(columns={"existing_t": "capacity_t"})
    made = pd.concat([there, built])[[*PLACE, "year", "capacity_t"]]
    made = pd.concat([made, _from_ore(made, tables["byproducts"])]).groupby([*PLACE, "year"], as_index=False).sum()
    links = tables["chain"][["mineral", "stage", "ore", "ratio"]].rename(columns={"mineral": "product"})
    made = links.merge(made.rename(columns={"mineral": "ore"}), on=["ore", "stage"])
    made = made.assign(mineral=made["product"], capacity_t=made["capacity_t"] / made["ratio"])
    return made[[*PLACE, "year", "capacity_t"]]


def _from_ore(made: pd.DataFrame, byproducts: pd.DataFrame) -> pd.DataFrame:
    """What the capacity of an ore is worth in each of its joint products."""
    joint = byproducts[byproducts["joint"].astype(bool)]
    hosts = made.rename(columns={"mineral": "host", "stage": "host_stage"})
    table = joint.merge(hosts, on=["host", "host_stage", "country"])
    table = table.rename(columns={"product": "mineral", "product_stage": "stage"})
    return table.assign(capacity_t=table["capacity_t"] * table["ratio"])[[*PLACE, "year", "capacity_t"]]


def _capacity(tables: Tables) -> pd.Series:
    made = _capacity_by_place(tables)
    return made.groupby(["mineral", "stage", "year"])["capacity_t"].sum().rename("whole_t")


def _inside(tables: Tables) -> pd.Series:
    made = _capacity_by_place(tables).merge(tables["members"], on="country")
    return made.groupby(["mineral", "stage", "scope", "year"])["capacity_t"].sum().rename("inside_t")
