"""The table of supply shocks: what did not come, and what the price did; held against itself and against `prices`."""

from __future__ import annotations

import pytest

import supplychain

OVER_2021_23 = "multiple: `prices`, 2025 over the mean of 2021-23"
NONE_LOST = {"tantalum_2000", "molybdenum_2003", "cobalt_2016", "lithium_2021", "nickel_2022", "titanium_2022"}


@pytest.fixture(scope="module")
def facts():
    """The shipped facts."""
    return supplychain.read_data()


@pytest.fixture(scope="module")
def events(facts):
    """The table, by event."""
    return facts["events"].set_index("event")


def test_there_are_enough_to_judge_by(events):
    """At least 14 events, 12 of them with what a year's price was over that before, and price moves without loss."""
    assert len(events) >= 14 and events["annual_multiple"].notna().sum() >= 12
    assert set(events.index[events["kind"] == "none"]) >= NONE_LOST
    assert events["mineral"].nunique() >= 12


def test_every_row_is_sourced_and_its_range_holds_its_multiple(events, facts):
    """Every source is known; a multiple has a range around it; years stand in order."""
    assert set(events["source"]) <= set(facts.names("sources"))
    told = events[events["annual_multiple"].notna()]
    assert (told["low"] <= told["annual_multiple"]).all() and (told["annual_multiple"] <= told["high"]).all()
    assert (events["first_year"] <= events["last_year"]).all()
    assert (events["locator"] != "").all()


def test_what_was_lost_is_part_of_what_flowed(events):
    """The share is lost over flowed where both are told; nothing is lost where the kind says so."""
    both = events[events["lost_t"].notna() & events["of_t"].notna()]
    assert (both["lost_t"] <= both["of_t"]).all() and len(both) >= 10
    assert (both["lost_t"] / both["of_t"]).sub(both["lost_share"]).abs().max() < 0.005
    assert events.loc[events["kind"] == "none", ["lost_t", "lost_share"]].isna().all(axis=None)
    assert not (events["lost_t"].notna() & events["of_t"].isna()).any()


def test_peaks_lie_above_what_was_before(events):
    """A peak is no lower than the price before."""
    told = events[["price_before_usd_per_t", "price_peak_usd_per_t"]].dropna()
    assert len(told) >= 12 and (told["price_peak_usd_per_t"] > told["price_before_usd_per_t"]).all()


def test_multiples_are_those_of_the_yearly_prices(events, facts):
    """Germanium: 4,100 over the mean of 1,187, 1,294 and 1,392 USD/kg, 1,291, is 3.176. So every row that says it is
    taken from there.
    """
    assert events.loc["germanium_2023", "annual_multiple"] == pytest.approx(4100 / 1291, rel=1e-3)
    price = facts["prices"].pivot(index="mineral", columns="year", values="usd_per_t")
    multiple = price[2025] / price[[2021, 2022, 2023]].mean(axis=1)
    taken = events[events["locator"].str.startswith(OVER_2021_23)]
    assert len(taken) >= 8
    assert taken["annual_multiple"].to_numpy() == pytest.approx(taken["mineral"].map(multiple).to_numpy(), rel=1e-3)


def test_a_few_minerals_keep_their_events(facts):
    """A part of the facts holds the shocks of its own minerals only."""
    part = facts.only(["antimony", "tin"])["events"]
    assert set(part["event"]) == {"antimony_2024", "antimony_us_2024"}
