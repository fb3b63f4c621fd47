"""The model's figures beside single figures that others have published, each with a word on where they part."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from supplychain.facts.checks import base_year
from supplychain.facts.dataset import Dataset
from supplychain.facts.errors import Fault, InputError
from supplychain.facts.growth import members_of
from supplychain.results.result import Result
from supplychain.results.run import run
from supplychain.results.tables.costs import RESOURCE
from supplychain.scenario.policies.trade import ExportBan
from supplychain.scenario.scenario import Scenario
from supplychain.studies.backcast import DISCOUNT_RATE
from supplychain.studies.outlook import YEAR

REFINE, MAGNETS = "refine", "magnet_rare_earths"
# Demand that is left without the largest supplier and its own demand, IEA, Global Critical Minerals Outlook 2025.
IEA_LEFT = {"graphite": 0.375, MAGNETS: 0.375, "nickel": 0.55, "lithium": 0.65, "cobalt": 0.65, "copper": 0.95}
# The parts of a battery's cathode, and how much of all cathodes passes through China: Cheng et al., Nature
# Communications 2024.
CATHODES = {"NMC": (["lithium", "nickel", "cobalt", "manganese"], 0.80), "LFP": (["lithium"], 0.92)}
CHINA, HOME = "CHN", "USA"
# US GDP lost to a total ban of China's, billion USD: USGS, Open-File Report 2024-1057.
USGS_BAN = {"gallium": 3.1, "germanium": 0.4}
# Years after the ban's in which stocks are filled again.
AFTER = 4


def left_without_top(result: Result, known: Dataset, year: int = YEAR) -> pd.DataFrame:
    """What the world's refining without its largest country leaves of the use of all others (N-1).

    Parameters
    ----------
    result : with its tables `output` and `supply`. known : the facts, for what the commodities are made of.

    Returns
    -------
    DataFrame: commodity, top (country), left (output of the others over the use of all markets but its own), iea.

    Raises
    ------
    InputError : the result does not reach that year.
    """
    made, used = result.tables["output"].query("year == @year"), result.tables["supply"].query("year == @year")
    if made.empty:
        raise InputError([Fault(known.path, 1, 1, f"{result.name} says nothing of {year}")])
    lines = members_of(known["outlook"])
    lines = lines[(lines["stage"] == REFINE) & lines["commodity"].isin(IEA_LEFT)][["commodity", "stage", "mineral"]]
    made = made.merge(lines, on=["mineral", "stage"]).groupby(["commodity", "country"])["tonnes"].sum()
    used = used[used["stage"] == "supply"].merge(lines[["commodity", "mineral"]], on="mineral")
    used = used.groupby(["commodity", "market"])["tonnes"].sum()
    rows = [_left(str(name), made[name], used[name]) for name in made.index.unique("commodity")]
    table = pd.DataFrame(rows, columns=["commodity", "top", "left"])
    return table.assign(iea=table["commodity"].map(IEA_LEFT))


def _left(commodity: str, made: pd.Series, used: pd.Series) -> tuple[str, str, float]:
    top = str(made.idxmax())
    return commodity, top, float(made.drop(top).sum() / used.drop(top, errors="ignore").sum())


def through_china(result: Result) -> pd.DataFrame:
    """What part of the world's cathode metals is refined in China in the base year, each metal counting alike.

    Returns
    -------
    DataFrame: cathode, model, published.
    """
    made = result.tables["output"].query("stage == @REFINE")
    made = made[made["year"] == made["year"].min()]
    chinese, world = (rows.groupby("mineral")["tonnes"].sum() for rows in (made[made["country"] == CHINA], made))
    share = chinese.reindex(world.index, fill_value=0.0) / world
    rows = [(cathode, float(share.reindex(metals).mean()), told) for cathode, (metals, told) in CATHODES.items()]
    return pd.DataFrame(rows, columns=["cathode", "model", "published"])


def ban_on_two(known: Dataset) -> pd.DataFrame:
    """What a total ban of China's on gallium and germanium to all costs, in the year after the base year.

    Returns
    -------
    DataFrame: mineral, model (resource cost of that year beyond the status quo's, billion USD, all markets), usgs (US
    gross domestic product lost).
    """
    first = base_year(known) + 1
    horizon = range(first - 1, first + AFTER)
    rows = []
    for mineral, told in USGS_BAN.items():
        ban = ExportBan(
            kind="export_ban", countries=[CHINA], minerals=[mineral], years=(first, first), assumption="a total ban"
        )
        plain = Scenario("ban", "", "", horizon, DISCOUNT_RATE, {})
        stopped = replace(plain, policies={"ban": ban})
        before, after = (_resources(run(story, known.only([mineral])), first) for story in (plain, stopped))
        rows.append((mineral, (after - before) / 1e3, told))
    return pd.DataFrame(rows, columns=["mineral", "model", "usgs"])


def _resources(result: Result, year: int) -> float:
    """Resource cost of one year, million USD."""
    costs = result.tables["costs"]
    return float(costs.loc[(costs["year"] == year) & (costs["kind"] == RESOURCE), "musd"].sum())
