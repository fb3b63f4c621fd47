"""The chains: every mineral's stages in order, and how many tonnes of one make a tonne of the next."""

from __future__ import annotations

import numpy as np
import pandas as pd

from supplychain.facts.dataset import Dataset

STAGES = ("mine", "refine", "fabricate")
ORE = "ore"


def outputs_in(dataset: Dataset, year: int) -> dict[tuple[str, str], pd.Series]:
    """Output by country for every mineral and stage."""
    table = dataset["production"]
    table = table[table["year"] == year]
    grouped = table.groupby(["mineral", "stage"], sort=False)
    return {key: group.set_index("country")["output_t"] for key, group in grouped}  # type: ignore[misc]


def chains(dataset: Dataset, outputs: dict[tuple[str, str], pd.Series]) -> pd.DataFrame:
    """Every mineral's stages in order, an ore's mine first, with tonnes at each per delivered tonne.

    `ratio` counts what mines give, `whole_ratio` the scrap beside it too.
    """
    ores = dataset["minerals"].loc[dataset["minerals"]["class"] != ORE, ["mineral", "ore"]]
    stages = dataset["stages"][["mineral", "stage", "product", "yield"]]
    stages = stages[stages["mineral"].isin(ores["mineral"])]
    borrowed = ores[ores["ore"] != ""].assign(stage="mine", product="", **{"yield": np.nan})
    chain = pd.concat([stages.assign(ore=stages["mineral"]), borrowed], ignore_index=True)
    chain["position"] = chain["stage"].map({stage: i for i, stage in enumerate(STAGES)})
    chain = chain.sort_values(["mineral", "position"], kind="stable", ignore_index=True)
    chain["last"] = ~chain["mineral"].duplicated(keep="last")
    chain = chain.assign(ratio=1.0, whole_ratio=1.0)
    for _, links in chain.groupby("mineral", sort=False):
        for row in links.index[:0:-1]:
            whole = 1.0 / float(np.nan_to_num(chain.loc[row, "yield"], nan=1.0))
            chain.loc[row - 1, "whole_ratio"] = chain.loc[row, "whole_ratio"] * whole
            primary = min(whole, _most_fed(outputs, chain.loc[row], chain.loc[row - 1]))
            chain.loc[row - 1, "ratio"] = chain.loc[row, "ratio"] * primary
    order = {mineral: i for i, mineral in enumerate(dataset.names("minerals"))}
    return chain.sort_values(
        ["mineral", "position"], key=lambda c: c.map(order) if c.name == "mineral" else c, ignore_index=True
    )


def _most_fed(outputs: dict[tuple[str, str], pd.Series], stage: pd.Series, before: pd.Series) -> float:
    """Tonnes of the previous stage that the world had per tonne of this one; what lacks came as scrap."""
    fed, made = outputs.get((before["ore"], before["stage"])), outputs.get((stage["ore"], stage["stage"]))
    return np.inf if fed is None or made is None else float(fed.sum() / made.sum())
