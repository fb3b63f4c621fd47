"""What a foreseen cap on one country costs, mineral by mineral."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from supplychain.facts import dataset as facts
from supplychain.facts.dataset import Dataset
from supplychain.results.result import Result
from supplychain.results.run import Shared, solve
from supplychain.results.summary import REFERENCE
from supplychain.scenario import scenario
from supplychain.scenario.policies import SupplierCap


def cap_table(
    data: str | Path | Dataset | None, caps: Sequence[float], minerals: Sequence[str], country: str = "CHN"
) -> pd.DataFrame:
    """What a foreseen cap on one country costs the United States, mineral by mineral.

    Parameters
    ----------
    caps : shares of US supply allowed at mine and refinery from 2030 on (falling to it from 1 in 2026).
    minerals : minerals to cap and to report.

    Returns
    -------
    DataFrame, one row a mineral and cap, for the last year: premium (what a tonne from elsewhere earns in the United
    States over the EU's price, less 1: the delivered price and the caps' shadow prices), switching_musd,
    central_asia_share (of US supply, at whichever of mine and refinery is higher), forgone_share (of US use). The
    row with cap 1 is the status quo.
    """
    known = data if isinstance(data, Dataset) else facts.read(data)
    story = scenario.read(REFERENCE, known)
    shared, tables = Shared.by([story], known), []
    for cap in (1.0, *caps):
        policy = SupplierCap(
            kind="supplier_cap",
            group=country,
            stages=["mine", "refine"],
            share={2026: 1.0, 2030: cap},
            minerals=list(minerals),
            assumption="a cap to learn its price",
        )
        capped = replace(story, name=f"cap_{cap:g}", policies=story.policies | {"cap": policy})
        result, start = solve(capped, shared)
        shared = replace(shared, start=start)
        tables.append(_cap_rows(result, minerals).assign(cap=cap))
    return pd.concat(tables, ignore_index=True)


def _cap_rows(result: Result, minerals: Sequence[str]) -> pd.DataFrame:
    last = result.tables["prices"]["year"].max()
    at = {name: table[table["year"] == last] for name, table in result.tables.items() if "year" in table}
    price = at["prices"].pivot(index="mineral", columns="market", values="usd_per_t")
    limits = at["policies"] if "policies" in at and len(at["policies"]) else pd.DataFrame(columns=["mineral"])
    worth = (limits["asked"] * limits["shadow_price_usd_per_t"]).groupby(limits["mineral"]).sum()
    us = at["dependence"].query("market == 'USA' and stage in ['mine', 'refine']")
    forgone = at["unmet"].query("market == 'USA'").set_index("item")["share"]
    return pd.DataFrame(
        {
            "mineral": list(minerals),
            "premium": [(price.loc[m, "USA"] + worth.get(m, 0.0)) / price.loc[m, "EU"] - 1 for m in minerals],
            "switching_musd": us_switching(result, last).reindex(minerals, fill_value=0.0).to_numpy(),
            "central_asia_share": us.groupby("mineral")["share_central_asia"].max().reindex(minerals).to_numpy(),
            "forgone_share": forgone.reindex(minerals, fill_value=0.0).to_numpy(),
        }
    )


def us_switching(result: Result, year: int) -> pd.Series:
    """Switching cost of the United States by mineral in one year, million USD."""
    table = result.tables["switching"]
    table = table[(table["market"] == "USA") & (table["year"] == year)]
    return table.groupby("mineral")["musd"].sum()
