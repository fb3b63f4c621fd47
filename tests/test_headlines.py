"""Headline figures, recomputed from the tables that they are made of, are what summary, print and page say."""

from __future__ import annotations

import pytest

from supplychain.results.summary import summary_table
from supplychain.show.report import tables
from supplychain.show.report.cases import cases_of
from supplychain.show.report.grids import share

COLUMNS = {"top_share": "top_share", "share_feoc": "feoc_share", "share_central_asia": "central_asia_share"}


def recomputed(result):
    """US shares of the last year: of each mineral the larger at mine and refinery, then the mean; by plain loops."""
    table = result.dependence
    last = table["year"].max()
    found = {column: {} for column in COLUMNS}
    for row in table[(table["year"] == last) & (table["market"] == "USA")].to_dict("records"):
        if row["stage"] in ("mine", "refine"):
            for column, worst in found.items():
                worst[row["mineral"]] = max(worst.get(row["mineral"], 0.0), row[column])
    return {column: sum(worst.values()) / len(worst) for column, worst in found.items()}


def test_shares_are_the_same_in_every_place(pair, tmp_path):
    """Summary, table of scenarios, what `print` says and the page's table hold the shares of dependence.csv."""
    grid = tables.scenarios(cases_of(pair))
    heads = [head for head, _ in grid.head]
    for result, row, cells in zip(pair, summary_table(list(pair)).to_dict("records"), grid.rows, strict=True):
        told = result.summary.set_index("metric")["value"]
        for column, value in recomputed(result).items():
            assert told[column] == pytest.approx(value, rel=1e-9)
            assert row[COLUMNS[column]] == pytest.approx(value, rel=1e-9)
            assert f"{value:.1%}" in str(result)
            place = next(i for i, head in enumerate(heads) if head.startswith(NAMES[column]))
            assert cells[place].text == share(value).text


NAMES = {"top_share": "Largest supplier", "share_feoc": "Countries of concern", "share_central_asia": "Central Asia"}
