"""Projects from scenario to scenario: which year tells a project's gap, and what closes it."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from supplychain.studies.projects import project_table

COLUMNS = "site name mineral stage country year full_usd_per_t worth_usd_per_t capital_usd_per_t operating_usd_per_t"


def solved(name, *rows):
    """What the study asks of a result: its name, and the gaps of its projects."""
    table = pd.DataFrame([row[:-1] for row in rows], columns=COLUMNS.split()).assign(built_t=[row[-1] for row in rows])
    return SimpleNamespace(
        name=name, tables={"gap": table.assign(gap_usd_per_t=table["full_usd_per_t"] - table["worth_usd_per_t"])}
    )


def row(site, stage, year, full, worth, built=0.0, capital=5.0):
    """A project at a stage of tungsten in Kazakhstan."""
    return (site, site, "tungsten", stage, "KAZ", year, full, worth, capital, full - capital, built)


def test_a_worth_that_an_unbuilt_project_sets_is_no_worth():
    """A tonne of ore is worth 20 USD in 2034. In 2035 its dual stands at 30, what the dear mine would cost that nobody
    builds: the good mine gains 10, not 20, and the dear one lacks 10, not nothing. Of the plant nothing else is known.

    The other scenario pays 8 a tonne more and lends for 3 less: the dear mine is built for both, 27 % and 10 % of its
    cost. What differs by a tenth at most is told so.
    """
    first = solved(
        "first",
        *(row("good", "mine", y, 10.0, worth, built=1.0) for y, worth in ((2034, 20.0), (2035, 30.0))),
        *(row("dear", "mine", y, 30.0, worth) for y, worth in ((2034, 20.0), (2035, 30.0))),
        *(row("plant", "refine", y, 40.0, 40.0) for y in (2034, 2035)),
    )
    second = solved(
        "second",
        row("good", "mine", 2034, 10.0, 28.0, built=1.0),
        row("dear", "mine", 2034, 27.0, 28.0, built=1.0, capital=2.0),
        row("plant", "refine", 2034, 40.0, 40.0),
    )
    table = project_table([first, second], ["KAZ"]).set_index("site")
    assert table["gap_usd_per_t"].to_dict() == pytest.approx({"good": -10, "dear": 10, "plant": 0})
    assert table.loc[["good", "dear", "plant"], "first"].to_list() == [2034, 0, 0]
    assert table.loc["good", "closes"] == "pays as it is"
    assert table.loc["dear", "closes"] == "second: capital +10 %, price +27 %"
    assert table.loc["plant", "closes"] == "nothing here, for less than a tenth"
