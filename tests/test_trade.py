"""Trade told from an earlier year: who delivered to whom, the model and the guesses beside it, and mutations, by hand.

In 2019 Kazakhstan makes 100 t and sells 60 to the United States and 40 to the EU, China 60: 20 and 40. In 2024
Kazakhstan makes 60 and China 100, and each sells the two the same, 30 and 50. What they make is all sold abroad.
"""

from __future__ import annotations

import handmade
import pandas as pd
import pytest
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts.errors import InputError
from supplychain.studies import as_of
from supplychain.studies.trade import (
    GRID,
    GUESSES,
    choose,
    errors,
    halves,
    mutations,
    scaled,
    trade,
)
from supplychain.studies.traded import LINE, deliveries, from_makers, lines

THEN = {
    "x refine KAZ USA 2019": 60,
    "x refine KAZ DEU 2019": 40,
    "x refine CHN USA 2019": 20,
    "x refine CHN DEU 2019": 40,
}
LATER = {
    "x refine KAZ USA": (30, 30),
    "x refine KAZ DEU": (30, 30),
    "x refine CHN USA": (50, 50),
    "x refine CHN DEU": (50, 50),
}
WORLD = {
    "minerals": {"x": {"class": "metal"}},
    "stages": {"x refine": {}},
    "markets": {m: ("", "true" if m == "USA" else "") for m in ("USA", "CHN", "EU", "ROW")},
    "countries": {
        c: ("", market, 0.1, 1)
        for c, market in (("USA", "USA"), ("KAZ", "ROW"), ("BEL", "EU"), ("DEU", "EU"), ("CHN", "CHN"))
    },
    "freight": {"KAZ USA sea": 10, "CHN USA sea": 20, "KAZ EU sea": 20, "CHN EU sea": 10},
    "past_trade": THEN,
    "trade": LATER,
    "history": {"x refine KAZ 2019": 100, "x refine CHN 2019": 60, "x refine KAZ 2023": 60, "x refine CHN 2023": 100},
    "production": {"x refine KAZ 2025": 60, "x refine CHN 2025": 100},
    "economics": {"x refine opex_usd_per_t": 40, "x refine utilisation": 1},
    "elasticities": {"metal substitution": 4, "metal short_run": 0.2, "metal long_run": 0.5},
    "parameters": {"run_out": 0, "qualifying": 1},
    "prices": {"x 2024": 100},
    "deflator": {"2024": 1},
}


def tonnes(known, year):
    """Deliveries of a year by supplier and market."""
    return deliveries(known, year, 2019).set_index(["supplier", "market"])["tonnes"].to_dict()


def test_shares_and_errors_by_hand():
    """Kazakhstan sells 40 t less. The steps of a delivery above 0.6 of its base tonnes give way first, 24 t in the
    United States and 16 in the EU: 40 in all, and 36 and 24 t are left of the markets' 80. To sell the EU a tonne less
    still and the United States one more would cost 0.424^(-1/4) - 1 = 0.24 of the price there, and save
    0.714^(-1/4) - 1 = 0.09 and, as China would sell the United States one less, 1 - 1.67^(-1/4) = 0.12.

    Scaled, Kazakhstan's 60 t are 36 and China's 20 t 33 1/3. The least freight is all 60 t of Kazakhstan to the United
    States. In truth it has 30 of 80.
    """
    table = trade(handmade.facts(**WORLD)).set_index(["market", "supplier"])
    assert table.loc[("USA", "KAZ"), ["before", "actual"]].tolist() == pytest.approx([0.75, 0.375])
    assert table.loc[("USA", "KAZ"), GUESSES].tolist() == pytest.approx([0.45, 0.75, 0.75], abs=1e-4)
    assert table.loc[("USA", "KAZ"), "scaled"] == pytest.approx(36 / (36 + 100 / 3))
    assert table.loc[("EU", "KAZ"), GUESSES].tolist() == pytest.approx([0.3, 0.5, 0.0], abs=1e-4)
    assert set(table["given"]) == {"output"} and set(table["half"]) == {"choice"}
    rows = errors(table.reset_index()).set_index("market")
    assert rows.loc["USA", ["suppliers", *GUESSES]].tolist() == pytest.approx([2, 7.5, 37.5, 37.5], abs=0.01)
    assert rows.loc["EU", GUESSES].tolist() == pytest.approx([7.5, 12.5, 37.5], abs=0.01)


def test_mutations_change_the_error():
    """Given that the two make what the other does, the model stays at the base year, 37.5 and 12.5 points off; told
    who sold to whom in 2024 it has that."""
    table = mutations(handmade.facts(**WORLD)).set_index("told")
    assert table["usa"].to_dict() == pytest.approx({"as it was": 7.5, "two swapped": 37.5, "2024 known": 0}, abs=0.01)
    assert table["all"].to_dict() == pytest.approx({"as it was": 7.5, "two swapped": 25, "2024 known": 0}, abs=0.01)


def test_nothing_later_enters_the_base_pattern():
    """Who sold to whom in 2024, and who made what, is nothing to the base year's output, capacity and buyers."""
    other = {"x refine KAZ USA": (60, 60), "x refine CHN USA": (20, 20), "x refine CHN DEU": (80, 80)}
    past = WORLD["history"] | {"x refine KAZ 2023": 100, "x refine CHN 2023": 60}
    parts = []
    for changed in ({}, {"trade": other, "history": past}):
        known = handmade.facts(**WORLD | changed)
        now, later = (deliveries(known, year, 2019) for year in (2019, 2024))
        parts.append(as_of.trading(known, now, later, 2019, 2024))
    for name in ("production", "capacity", "destinations", "history"):
        pd.testing.assert_frame_equal(parts[0][name], parts[1][name])
    assert not parts[0]["outlook"].equals(parts[1]["outlook"])
    assert set(parts[0]["production"]["year"]) == {2019} and parts[0]["history"]["year"].max() == 2019
    assert parts[0]["trade"].empty and parts[0]["past_trade"].empty and parts[0]["projects"].empty


def test_output_and_use_go_straight():
    """From 2019 to 2024 Kazakhstan falls by 8 t a year in what is expected, and each market uses 80 t throughout."""
    known = handmade.facts(**WORLD)
    now, later = (deliveries(known, year, 2019) for year in (2019, 2024))
    part = as_of.trading(known, now, later, 2019, 2024)
    coming = part["outlook"].set_index(["country", "year"])["output_t"]
    assert coming.to_dict() == pytest.approx(
        {("CHN", 2019): 60, ("KAZ", 2019): 100, ("CHN", 2024): 100, ("KAZ", 2024): 60}
    )
    used = part["consumption"]
    assert used["consumption_t"].tolist() == pytest.approx([80] * 12) and used["year"].nunique() == 6


def test_part_of_the_output_crosses_borders():
    """In 2024 80 of 160 t are traded, so half of the 160 t of 2019; what is not sold abroad is sold at home."""
    half = {name: (t / 2, kusd) for name, (t, kusd) in LATER.items()}
    known = handmade.facts(**WORLD | {"trade": half})
    then, now = tonnes(known, 2019), tonnes(known, 2024)
    assert then == pytest.approx(
        {
            ("KAZ", "USA"): 30,
            ("KAZ", "EU"): 20,
            ("KAZ", "ROW"): 50,
            ("CHN", "USA"): 10,
            ("CHN", "EU"): 20,
            ("CHN", "CHN"): 30,
        }
    )
    assert now["KAZ", "ROW"] == pytest.approx(30) and now["CHN", "CHN"] == pytest.approx(50)


def test_sales_where_output_is_not_known():
    """Without a history a country makes what it sells beyond what it buys; 160 t, those of 2024, in either year."""
    known = handmade.facts(**WORLD | {"history": {}})
    assert lines(known, 2019)["made"].tolist() == [False]
    assert tonnes(known, 2019) == pytest.approx(
        {("KAZ", "USA"): 60, ("KAZ", "EU"): 40, ("CHN", "USA"): 20, ("CHN", "EU"): 40}
    )
    assert set(trade(known)["given"]) == {"sales"}


def test_a_cargo_is_weighed_by_what_it_holds():
    """160 t of cargo with a quarter of x hold 40 t, a quarter of what is made."""
    known = handmade.facts(**WORLD | {"concentrates": {"x refine": {"cargo": "ore", "gross_t_per_t": 4}}})
    assert tonnes(known, 2024)["KAZ", "USA"] == pytest.approx(7.5)


def test_hubs_are_followed_back_to_makers():
    """Belgium makes nothing and buys 40 t of Kazakhstan and 10 of China: of the 25 t that it sells, 20 and 5 are
    theirs, and it keeps 20 and 5. Of 100 t that it sells only the 50 that it bought come from anybody."""
    names = ["KAZ", "CHN", "BEL", "USA"]
    made = pd.Series([60.0, 10.0, 0.0, 0.0], names)
    for passed, kept in ((25, 0.5), (100, 0.0)):
        rows = [[0, 0, 40, 20], [0, 0, 10, 0], [0, 0, 0, passed], [0, 0, 0, 0]]
        found = from_makers(pd.DataFrame(rows, names, names, dtype=float), made)
        assert found.loc["KAZ"].tolist() == pytest.approx([0, 0, 40 * kept, 20 + 40 * (1 - kept)])
        assert found.loc["CHN"].tolist() == pytest.approx([0, 0, 10 * kept, 10 * (1 - kept)])
        assert found.loc["BEL"].sum() == 0


def test_who_sells_more_than_it_makes_passes_on_the_rest():
    """China makes 10 t, buys 10 of Kazakhstan and sells 20: half is its own, half Kazakhstan's, and it keeps none."""
    names = ["KAZ", "CHN", "USA"]
    sold = pd.DataFrame([[0, 10, 0], [0, 0, 20], [0, 0, 0]], names, names, dtype=float)
    found = from_makers(sold, pd.Series([10.0, 10.0, 0.0], names))
    assert found.loc["KAZ"].tolist() == pytest.approx([0, 0, 10])
    assert found.loc["CHN"].tolist() == pytest.approx([0, 0, 10])


def test_a_new_supplier_has_nothing_to_scale():
    """Who sold nothing then is guessed at nil, and so is who sells nothing now."""
    rows = pd.DataFrame(
        [["x", "refine", s, "USA", 10.0] for s in ("KAZ", "CHN")], columns=[*LINE, "supplier", "market", "tonnes"]
    )
    found = scaled(rows, rows[rows["supplier"] == "CHN"].assign(tonnes=15.0)).set_index("supplier")["tonnes"]
    assert found.to_dict() == {"KAZ": 0, "CHN": 15}


def test_no_trade_of_the_base_year():
    """The message names the years that there are, or that there are none."""
    with pytest.raises(InputError, match=r"past_trade\.csv.*no product with trade in 2018 .*years: 2019"):
        trade(handmade.facts(**WORLD), 2018)
    with pytest.raises(InputError, match=r"years: none"):
        trade(handmade.facts(**WORLD | {"past_trade": {}}))


def test_halves_by_hand():
    """Three lines of two minerals; the model is best in one of the two US lines."""
    rows = pd.DataFrame(
        {
            "mineral": ["a", "b", "b"],
            "market": ["USA", "USA", "EU"],
            "half": ["choice", "judgement", "judgement"],
            "model": [1.0, 3.0, 5.0],
            "no_change": [2.0, 2.0, 6.0],
            "least_cost": [3.0, 4.0, 4.0],
            "scaled": [1.0, 1.0, 1.0],
        }
    )
    table = halves(rows).set_index(["market", "half"])
    assert table.loc["USA", "lines"].to_dict() == {"choice": 1, "judgement": 1, "all": 2}
    assert table.loc[("all", "judgement"), ["lines", *GUESSES, "best"]].tolist() == pytest.approx([2, 4, 4, 4, 0])
    assert table.loc[("USA", "all"), [*GUESSES, "best"]].tolist() == pytest.approx([2, 2, 3.5, 1])


def test_the_best_parameter_is_chosen_on_its_own_half():
    """Every combination is tried, the least error on the half to choose by stands first; the other half is empty."""
    known = handmade.facts(**WORLD | {"parameters": {"run_out": 0.5, "qualifying": 0.1}})
    tried = choose(known, {"run_out": (1.0, 0.01)})
    assert len(tried) == 2 and tried["choice"].is_monotonic_increasing
    assert tried["choice_usa"].notna().all() and tried[["judgement", "judgement_usa"]].isna().all(axis=None)


def test_the_grid_stays_inside_the_ranges(shipped):
    """Whatever is tried of a parameter lies between the low and the high that the facts give it, for every class."""
    own = [shipped[name][["parameter", "value", "low", "high"]] for name in ("parameters", "elasticities")]
    own = pd.concat(own).set_index("parameter")
    for name, factors in GRID.items():
        rows = own.loc[[name]]
        assert (rows["low"] <= min(factors) * rows["value"] + 1e-9).all()
        assert (max(factors) * rows["value"] <= rows["high"] + 1e-9).all()


def test_real_trade_keeps_its_tonnes(shipped):
    """What is delivered is what is made: copper's world output of 2019, within a thousandth."""
    known = shipped.only(["copper"])
    table = deliveries(known, 2019, 2019)
    made = shipped["history"].query("mineral == 'copper' and stage == 'refine' and year == 2019")["output_t"].sum()
    assert made <= table["tonnes"].sum() <= 1.02 * made
    chile = table[table["supplier"] == "CHL"].set_index("market")["tonnes"]
    assert chile["USA"] > 0.15 * chile.sum()


def test_swapped_countries_raise_the_error_of_a_real_mineral(shipped):
    """Magnesium and titanium: swapped facts make the model worse, later ones better."""
    table = mutations(shipped.only(["magnesium", "titanium"])).set_index("told")["all"]
    assert table["2024 known"] < 0.5 < table["as it was"] < table["two swapped"]


@pytest.mark.slow
def test_the_command_prints_halves_first_and_fits(tmp_path, monkeypatch):
    """What was tried, halves above the lines, 80 columns, every row in the file; what is missing in one line."""
    monkeypatch.setattr("supplychain.studies.trade.GRID", {"qualifying": (0.5,)})
    folder = handmade.write(tmp_path, **WORLD)
    call = ["hindcast", "trade", "--data", str(folder)]
    done = CliRunner().invoke(app, [*call, "--choose", "--to", str(tmp_path / "all.csv")])
    assert done.exit_code == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    tried, _, rest = done.stdout.partition("Percentage points")
    assert "qualifying" in tried and "best" in rest.partition("mineral")[0]
    assert pd.read_csv(tmp_path / "all.csv")["supplier"].tolist() == ["CHN", "KAZ"] * 2
    (folder / "past_trade.csv").unlink()
    wrong = CliRunner().invoke(app, call)
    assert wrong.exit_code == 2 and "no product with trade in 2019" in wrong.stderr
