"""Known supply shocks told again: events solved by hand, what counts, and parameters chosen without the event."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import handmade
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.studies import shocks as study
from supplychain.system.build import base_tables

ONE = {"short_run": (1.0, 2.0)}
# China makes all 100 t, and none of it for itself: the rest of the world uses them.
WORLD = {
    "minerals": {"x": {"class": "metal"}},
    "stages": {"x refine": {}},
    "markets": {"USA": {"traced": "true"}, "ROW": ("Rest", "", 1.0), "CHN": ("China", "", 0.0)},
    "countries": {c: ("", market, 0.1, 1) for c, market in (("KAZ", "ROW"), ("CHN", "CHN"), ("USA", "USA"))},
    "freight": {"KAZ USA sea": 1, "CHN USA sea": 1, "CHN ROW sea": 1, "KAZ CHN land": 1},
    "production": {"x refine CHN 2025": 100},
    "economics": {
        **{"x refine utilisation": 1, "x refine opex_usd_per_t": 40},
        **{"x refine growth_limit": 0.5, "x refine lead_time_years": 99},
    },
    "elasticities": {"metal substitution": 4, "metal short_run": 0.2, "metal long_run": 0.5},
    "prices": {"x 2024": 100},
    "deflator": {"2024": 1},
}
STOP = {"mineral": "x", "stage": "refine", "by": "CHN", "kind": "ban", "first_year": 2020, "last_year": 2020}
STOP |= {"lost_share": 0.2, "annual_multiple": 2.0}
# The normal price is met within a hundredth.
NEAR = 0.01


def world(**events):
    """The world with these events, each the stop but for what is said."""
    return handmade.facts(**WORLD | {"events": {name: STOP | said for name, said in events.items()}})


@cache
def told(**said):
    """Multiple and ceiling of the stop, but for what is said."""
    known = world(stop=said)
    (row,) = study.tried(known, study.counted(known), {}, 1).itertuples()
    return row.multiple, row.at_ceiling


def test_the_price_is_read_off_the_demand_curve():
    """A fifth of all that is used is lost. In the first year use gives way by the short-run curve, 1 - p^-0.2: by
    0.1973 up to three times the price and 0.2598 up to 4.5 times, so the last tonne of the fifth is worth the middle of
    that step, the root of 3 x 4.5: 3.674.

    In the second year each step is twice as wide (the long run is wider still): 2 x (1 - p^-0.2) is 0.156 at 1.5 and
    0.259 at 2, so the price is the root of 3, 1.732. The higher counts.
    """
    multiple, at_ceiling = told()
    assert multiple == pytest.approx(13.5**0.5, rel=NEAR) and not at_ceiling


def test_beyond_the_last_step_all_is_unmet():
    """Of everything lost 1 - 10^-0.2 = 0.37 give way; the rest is unmet at ten times the price."""
    multiple, at_ceiling = told(lost_share=1.0)
    assert multiple == pytest.approx(10, rel=NEAR) and at_ceiling


def test_without_the_shock_nothing_happens():
    """A shock that takes nothing leaves the price to the last digit; so does one of somebody who makes nothing."""
    assert told(lost_share=0.0) == (1.0, False)
    assert told(by="KAZ") == (1.0, False)


def test_more_lost_is_never_cheaper():
    """From nothing to all."""
    multiples = [told(lost_share=share)[0] for share in (0.0, 0.1, 0.4, 1.0)]
    assert multiples == sorted(multiples) and multiples[0] < multiples[-1]


def test_what_stood_idle_does_not_take_the_place_of_a_loss():
    """Plants run at four fifths; a fifth of the output is lost: of 125 t of capacity 80 are left, 0.36 are gone, and
    the price is that of a fifth that is lacking. The loss ends after its two years, a ban lasts.
    """
    idle = WORLD | {"economics": WORLD["economics"] | {"x refine utilisation": 0.8}}
    known = handmade.facts(**idle | {"events": {"fire": STOP | {"kind": "loss", "last_year": 2021}, "stop": STOP}})
    events = study.counted(known)
    base, years = base_tables(known, range(2025, 2030)), range(2025, 2030)
    loss, ban = (study.policy(event, base, years) for _, event in events.iterrows())
    assert loss.share == pytest.approx(0.36) and loss.countries == ["CHN"] and loss.years == (2026, 2027)
    assert ban.share == 0.2 and ban.years == (2026, 2029) and ban.stages == ["refine", "fabricate"]
    assert study.tried(known, events, {}, 1)["multiple"].to_numpy() == pytest.approx(13.5**0.5, rel=NEAR)


def test_a_loss_of_the_worlds_strikes_everybody():
    """China's 75 t and Kazakhstan's 25 run full: of either a fifth is gone."""
    both = WORLD | {"production": {"x refine CHN 2025": 75, "x refine KAZ 2025": 25}}
    known = handmade.facts(**both | {"events": {"fire": STOP | {"kind": "loss", "of": "world"}}})
    base = base_tables(known, range(2025, 2030))
    loss = study.policy(study.counted(known).iloc[0], base, range(2025, 2030))
    assert set(loss.countries) == {"CHN", "KAZ"} and loss.share == pytest.approx(0.2)


def test_home_of_the_exporter_does_not_count():
    """China keeps half of its 100 t: of the 50 t that leave a fifth is cut, and the price outside is as above; at home
    it is not higher than before.
    """
    shared = WORLD | {"markets": WORLD["markets"] | {"ROW": ("Rest", "", 0.5), "CHN": ("China", "", 0.5)}}
    known = handmade.facts(**shared | {"events": {"stop": STOP}})
    assert study.tried(known, study.counted(known), {}, 1).loc[0, "multiple"] == pytest.approx(13.5**0.5, rel=NEAR)


def test_what_counts_and_what_stands_apart():
    """An event without lost tonnes, multiple or country stands apart, and says why."""
    known = world(
        stop={},
        squeeze={"kind": "none", "lost_share": ""},
        untold={"annual_multiple": ""},
        nobody={"by": ""},
        lone={"kind": "loss", "lost_share": ""},
    )
    assert study.counted(known)["event"].tolist() == ["stop"]
    assert study.apart(known).set_index("event")["why"].to_dict() == {
        "squeeze": "no tonnes were lost",
        "untold": "no yearly multiple",
        "nobody": "no country",
        "lone": "no part lost is known",
    }


def test_where_no_tonnes_were_found_the_others_of_the_kind_speak():
    """Licences took 0.1, 0.3 and 0.8: one of which nothing is known, 0.3; a ban is none of them."""
    kinds = {f"l{i}": {"kind": "licence", "lost_share": share} for i, share in enumerate((0.1, 0.3, 0.8, ""))}
    events = study.counted(world(ban={"lost_share": 0.9}, **kinds)).set_index("event")
    assert events.loc["l3", "lost_share"] == pytest.approx(0.3)
    assert events["share_guessed"].to_dict() == {"ban": False, "l0": False, "l1": False, "l2": False, "l3": True}


def test_events_of_the_same_tonnes_are_one_shock():
    """Two of the same country, year and tonnes; one of others; two without tonnes are not the same."""
    same = {"lost_t": 20, "of_t": 100}
    events = study.counted(world(a=same, b=same, c={"lost_t": 10, "of_t": 50}, d={}, e={}))
    assert events.set_index("event")["shock"].to_dict() == {"a": "a", "b": "a", "c": "c", "d": "d", "e": "e"}


def made_up():
    """Three shocks of one group and one, of two events, of another, all observed at 1; and the logarithms of what the
    facts' own and doubled parameters say."""
    events = pd.DataFrame(
        {
            "event": ["e1", "e2", "e3", "f1", "f2"],
            "group": ["e", "e", "e", "f", "f"],
            "shock": ["e1", "e2", "e3", "f1", "f1"],
        }
    ).assign(observed=1.0, mineral="x", kind="ban", lost_share=0.5, share_guessed=False)
    logs = {"e1": (0.5, 0.1), "e2": (-0.2, 0.4), "e3": (0.3, -0.3), "f1": (0.0, 9.0), "f2": (0.0, 9.0)}
    rows = [(e, f, np.exp(log), log > 1) for e, both in logs.items() for f, log in zip((1.0, 2.0), both, strict=True)]
    return events, pd.DataFrame(rows, columns=["event", "short_run", "multiple", "at_ceiling"])


def test_parameters_are_chosen_without_the_event():
    """e1: the others are off by 0.25 with the facts' own, 0.35 doubled. e2: 0.4 and 0.2; e3: 0.35 and 0.25. The group
    of f is too small, so e1 to e3 choose for it: 0.333 and 0.267; what suits f1 and f2 themselves, one shock, is
    nothing to it.
    """
    events, table = made_up()
    found = study.judged(events, table, ONE).set_index("event")
    assert found["short_run"].to_dict() == {"e1": 1, "e2": 2, "e3": 2, "f1": 2, "f2": 2}
    assert found["error_left_out"].tolist() == pytest.approx([0.5, 0.4, -0.3, 9, 9])
    assert found["error_model"].tolist() == pytest.approx([0.5, -0.2, 0.3, 0, 0])
    assert found["left_out_at_ceiling"].tolist() == [False, False, False, True, True]
    scores = study.scores(found.reset_index()).set_index("group")
    assert scores["events"].to_dict() == {"e": 3, "f": 2, "all": 5}
    assert scores["model"].tolist() == pytest.approx([1 / 3, 0, 0.2]) and not scores["no_change"].any()
    assert scores["left_out"].tolist() == pytest.approx([0.4, 9, 19.2 / 5])
    assert scores["left_out_at_ceiling"].tolist() == [0, 2, 2] and not scores["model_at_ceiling"].any()


def test_the_order_of_events_does_not_matter():
    """Backwards, each event has the same row."""
    events, table = made_up()
    one = study.judged(events, table, ONE)
    other = study.judged(events[::-1].reset_index(drop=True), table[::-1].reset_index(drop=True), ONE)
    pd.testing.assert_frame_equal(one, other[::-1].reset_index(drop=True))


def test_a_shock_counts_once_and_a_tie_goes_to_the_facts_own():
    """Two events of a shock are off by 0 and 0.2, another by 0.3: the mean is that of 0.1 and 0.3. Doubled, 0.2 and
    0.2, is as good, so the facts' own are kept, wherever they stand.
    """
    rows = [(2.0, "a", 0.2), (2.0, "b", 0.2), (1.0, "a", 0.0), (1.0, "a", 0.2), (1.0, "b", 0.3)]
    told = pd.DataFrame(rows, columns=["short_run", "shock", "off"])
    assert study.best(told, ["short_run"]).tolist() == [1.0]
    assert study.best(told.assign(off=told["off"].where(told["short_run"] != 2, 0.1)), ["short_run"]).tolist() == [2.0]
    assert study.best(told.iloc[:0], ["short_run"]).tolist() == [1.0]


def test_a_grid_is_over_the_facts_parameters():
    """Doubled, the short run is 0.4: 1 - p^-0.4 is 0.15 at 1.5 and 0.242 at 2, so a fifth costs the root of 3."""
    known = world(stop={})
    table = study.tried(known, study.counted(known), ONE, 1)
    assert table["short_run"].tolist() == [1, 2]
    assert table["multiple"].tolist() == pytest.approx([13.5**0.5, 3**0.5], rel=NEAR)


def test_events_told_backwards_are_told_the_same():
    """Each in a process of its own or one after another, in either order."""
    known = world(stop={}, more={"lost_share": 0.4})
    back = replace(known, tables=known.tables | {"events": known["events"][::-1].reset_index(drop=True)})
    one, other = study.shocks(known, workers=1), study.shocks(back, workers=2)
    pd.testing.assert_frame_equal(one, other[::-1].reset_index(drop=True))


def test_the_facts_own_are_in_the_grid(shipped):
    """So that plain and chosen tell the same of the model; and enough events count."""
    assert all(factors[0] == 1.0 for factors in study.GRID.values())
    events = study.counted(shipped)
    assert len(events) >= 12 and events["lost_share"].between(0, 1).all()
    shock = events.set_index("event")["shock"]
    assert shock["neodymium_2010"] == "dysprosium_2010" and shock.nunique() == len(events) - 1
    assert {"copper_2023", "tantalum_2000", "antimony_us_2024"} <= set(study.apart(shipped)["event"])


def test_a_real_shock_raises_a_price_that_was_normal(shipped):
    """Germanium: near the normal price without the shock, far above with it."""
    events = study.counted(shipped)
    one = events[events["event"] == "germanium_2023"]
    with_it = study.tried(shipped, one, {}, 1)
    without = study.tried(shipped, one.assign(lost_share=0.0), {}, 1)
    assert without["multiple"].tolist() == [1.0] and 1.5 < with_it.loc[0, "multiple"] <= 11


@pytest.mark.slow
def test_the_command(tmp_path, monkeypatch):
    """Scores above the events, 80 columns, every row in the file; the same as JSON; what does not count is said."""
    monkeypatch.setattr(study, "GRID", ONE)
    folder = handmade.write(tmp_path, **WORLD | {"events": {"stop": STOP, "squeeze": STOP | {"kind": "none"}}})
    call = ["hindcast", "prices", "--data", str(folder)]
    done = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "all.csv")])
    assert done.exit_code == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "no_change" in done.stdout.partition("stop")[0] and "no tonnes were lost" in done.stdout
    row = pd.read_csv(tmp_path / "all.csv").iloc[0]
    # Without the shock the price is that of a corner of the pattern: 100 to 102.5.
    assert row["error_model"] == pytest.approx(np.log(13.5**0.5 / 2), abs=0.03) and "left_out" not in row
    chosen = json.loads(CliRunner().invoke(app, [*call, "--choose", "--json"]).stdout)
    assert chosen["table"][0]["left_out"] == chosen["table"][0]["model"] and chosen["scores"][-1]["group"] == "all"
