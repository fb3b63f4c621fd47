"""The table of what may break: chances follow from the record, and each row can be done to the system as a policy."""

from __future__ import annotations

from math import exp

import pytest
from handmade import POLICY
from scipy.stats import gamma

from supplychain.system.build import base_tables

YEARS = range(2025, 2029)
SOME = ["antimony", "cobalt", "dysprosium", "manganese", "neodymium", "tin", "uranium"]


@pytest.fixture(scope="module")
def part(shipped):
    """The facts of a few minerals that bans, losses and corridors hit."""
    return shipped.only(SOME)


@pytest.fixture(scope="module")
def tables(part):
    """The system's tables of that part before any policy."""
    return base_tables(part, YEARS)


def policy(row):
    """The policy that a row becomes, from the second year on."""
    said = {"kind": row["kind"], "years": [YEARS[1], YEARS[-1]], "source": row["source"]}
    if row["kind"] == "corridor":
        return POLICY.validate_python(said | {"legs": [row["leg"]], "capacity_multiple": 1 - row["share"]})
    hit = {"countries": [row["country"]], "minerals": [row["mineral"]], "stages": [row["stage"]]}
    whom = {} if row["kind"] == "capacity_loss" else {"against": "all" if row["against"] == "all" else [row["against"]]}
    return POLICY.validate_python(said | hit | whom | {"share": row["share"]})


def chance(onsets, years):
    """Probability that something begins in a year, by its mean rate and the 5 and 95 % of Jeffreys' posterior."""
    rate = gamma(onsets + 0.5, scale=1 / years)
    return pytest.approx([1 - exp(-r) for r in (rate.mean(), rate.ppf(0.05), rate.ppf(0.95))], rel=0.01)


def test_chances_follow_from_the_record(shipped):
    """One onset in 16 years: 1.5 / 16 a year, so 1 - exp(-0.09375) = 0.0895. So every row, with its range."""
    table = shipped["disruptions"]
    assert table.loc[(table["onsets"] == 1) & (table["record_years"] == 16), "yearly_probability"].eq(0.0895).all()
    for row in table.itertuples():
        assert [row.yearly_probability, row.low, row.high] == chance(row.onsets, row.record_years)


def test_shares_are_those_of_the_events(shipped):
    """Where a row names an event of the past, the share that it loses is that event's."""
    lost = shipped["events"].set_index("event")["lost_share"]
    table = shipped["disruptions"]
    named = table["locator"].str.extract(r"`events`, (\w+)\)")[0]
    told = table[named.isin(lost.dropna().index)]
    assert len(told) >= 10
    assert told["share"].to_numpy() == pytest.approx(named[told.index].map(lost).to_numpy())


def test_uncounted_licences_are_the_median_of_the_counted(shipped):
    """0.106, 0.108, 0.131, 0.2, 0.27, 0.334, 0.768 and 0.8: between 0.2 and 0.27."""
    counted = shipped["events"].query("kind == 'licence'")["lost_share"]
    table = shipped["disruptions"].set_index(["disruption", "mineral"])
    assert table.loc[("china_february_licences", "bismuth"), "share"] == pytest.approx(counted.median())


def test_a_part_keeps_its_own_and_the_corridors(shipped, part):
    """Rows of other minerals go; those of no mineral stay."""
    table = part["disruptions"]
    assert set(table["mineral"]) == {*SOME, ""}
    assert set(table.loc[table["mineral"] == "", "leg"]) == set(shipped["disruptions"]["leg"]) - {""}


def test_every_row_is_a_policy(shipped):
    """Each is accepted, and names what the facts know."""
    for row in shipped["disruptions"].to_dict("records"):
        made = policy(row)
        assert all(entry in named.known(shipped) for _, _, entry, named in made.names())


def test_losses_and_corridors_take_their_share(part, tables):
    """What the country's plants, or the leg, can carry falls by the share and no other does."""
    rows = [row for row in part["disruptions"].to_dict("records") if row["kind"] != "export_ban"]
    assert {row["kind"] for row in rows} == {"capacity_loss", "corridor"}
    for row in rows:
        name, column = ("legs", "capacity_t") if row["kind"] == "corridor" else ("existing", "existing_t")
        before, after = tables[name], policy(row).edit("it", tables, part, YEARS)[name]
        keys = ["leg"] if row["kind"] == "corridor" else ["mineral", "stage", "country"]
        hit = before["year"].ge(YEARS[1]) & (before[keys] == [row[key] for key in keys]).all(axis=1)
        assert before.loc[hit, column].sum() > 0
        assert after[column].to_numpy() == pytest.approx(
            before[column].where(~hit, before[column] * (1 - row["share"]))
        )


def test_bans_stop_what_left(part, tables):
    """The country sold to others in the base year, or to the market that it cuts off, so there is something to stop."""
    rows = part["disruptions"].query("kind == 'export_ban'").to_dict("records")
    assert {row["against"] for row in rows} == {"all", "USA"}
    moved, sold, home = tables["feeds"], tables["deliveries"], tables["homes"].set_index("country")["market"]
    for row in rows:
        place = f"mineral == {row['mineral']!r} and stage == {row['stage']!r}"
        fed = moved.query(f"{place} and origin == {row['country']!r} and destination != {row['country']!r}")["base_t"]
        out = sold.query(f"{place} and supplier == {row['country']!r}")
        out = out[out["market"] == "USA" if row["against"] == "USA" else out["market"] != home.get(row["country"])]
        assert out["base_t"].sum() + (0.0 if row["against"] == "USA" else fed.sum()) > 0
