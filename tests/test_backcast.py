"""Production told from an earlier year: what the model may know, the guesses beside it, and their errors, by hand."""

from __future__ import annotations

import handmade
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.facts.errors import InputError
from supplychain.facts.parameters import DEFAULTS, parameters
from supplychain.studies import as_of
from supplychain.studies.backcast import GRID, GUESSES, alone, backcast, choose, errors, halves, trend

# Plants run at all they have, and none can be added before 2099.
FULL = {"x mine utilisation": 1, "x mine opex_usd_per_t": 40, "x mine growth_limit": 0.5, "x mine lead_time_years": 99}
# Kazakhstan grew by 4 t a year to 60 t in 2015, China made 40 t; in 2017 both make 50.
PAST = {f"x mine KAZ {2010 + i}": 40 + 4 * i for i in range(6)} | {f"x mine CHN {y}": 40 for y in range(2010, 2016)}
LATER = {f"x mine {country} {year}": 50 for country in ("KAZ", "CHN") for year in (2016, 2017)}
WORLD = {
    "minerals": {"x": {"class": "metal"}},
    "markets": {"USA": ("", "true"), "ROW": ("", "", 1.0)},
    "countries": {c: ("", market, 0.1, 1) for c, market in (("KAZ", "ROW"), ("CHN", "ROW"), ("USA", "USA"))},
    "history": PAST | LATER,
    "production": {"x mine KAZ 2025": 60, "x mine CHN 2025": 60},
    "economics": FULL,
    "elasticities": {"metal substitution": 4, "metal short_run": 0.2, "metal long_run": 0.5},
    "prices": {"x 2024": 100},
    "deflator": {"2024": 1},
    "projects": {"x_kaz": {"mineral": "x", "stage": "mine", "country": "KAZ", "capacity_t": 90, "earliest_year": 2016}},
    "capacity": {"x mine CHN 2016": 500},
}


def test_shares_and_errors_by_hand():
    """Full plants and no new ones: the model says 60 and 40, as no change does; the trend 68 to 40, of 108 t.

    In truth both made half: 10, 10 and 13 points off.
    """
    known = handmade.facts(**WORLD)
    table = backcast(known, 2015, 2017).set_index("country")
    assert table.loc["KAZ", ["before", "actual", *GUESSES]].tolist() == pytest.approx([0.6, 0.5, 0.6, 0.6, 68 / 108])
    assert table.loc["CHN", ["before", "actual", *GUESSES]].tolist() == pytest.approx([0.4, 0.5, 0.4, 0.4, 40 / 108])
    row = errors(table.reset_index()).iloc[0]
    assert row[["commodity", "stage", "half", "countries"]].tolist() == ["x", "mine", "choice", 2]
    assert row[GUESSES].tolist() == pytest.approx([10, 10, 100 * (68 / 108 - 0.5)])


def test_the_model_knows_nothing_that_came_later():
    """Projects, later capacity and later output are gone; use is what the world made in each year."""
    part = as_of.as_of(handmade.facts(**WORLD), "mine", 2015, 2017)
    assert part["projects"].empty and part["capacity"].empty
    assert part["history"]["year"].max() == 2015
    assert part["production"].set_index("country")["output_t"].to_dict() == {"KAZ": 60, "CHN": 40}
    assert set(part["production"]["year"]) == {2015}
    used = part["consumption"]
    assert used.set_index("year")["consumption_t"].to_dict() == {2015: 100, 2016: 100, 2017: 100}
    assert (used["value_usd_per_t"] == 1000).all() and set(used["market"]) == {"WORLD"}


def test_later_output_moves_the_model_only_through_the_worlds_use():
    """Who made it after the base year is nothing to the model: swapped, its shares are the same."""
    swapped = PAST | {f"x mine {c} {y}": t for c, t in (("KAZ", 95), ("CHN", 5)) for y in (2016, 2017)}
    tables = [backcast(handmade.facts(**WORLD | {"history": h}), 2015, 2017) for h in (PAST | LATER, swapped)]
    assert tables[0]["model"].tolist() == pytest.approx(tables[1]["model"].tolist())
    assert tables[0]["actual"].tolist() != tables[1]["actual"].tolist()


def test_products_of_an_ore_have_its_history():
    """100 t of ore at a fifth and a tenth: 20 t and 10 t; the ore itself is not judged."""
    ore = handmade.facts(
        minerals={"nd": {"class": "rare_earth"}, "dy": {"class": "rare_earth"}, "clay": {"class": "ore"}},
        stages={"nd mine": {}, "dy mine": {}, "clay mine": {}},
        countries={"KAZ": {}},
        byproducts={"nd mine clay mine .": 0.2, "dy mine clay mine .": 0.1},
        history={"clay mine KAZ 2015": 100},
        production={"clay mine KAZ 2025": 100, "nd mine KAZ 2025": 20, "dy mine KAZ 2025": 10},
    )
    told = as_of.history(ore).set_index("mineral")["output_t"]
    assert told.to_dict() == pytest.approx({"nd": 20, "dy": 10})


def test_a_part_of_the_world_is_not_judged():
    """Where the source of history has less than half of the world, nothing is said, and the command says so."""
    thin = handmade.facts(**WORLD | {"production": {"x mine KAZ 2025": 150, "x mine CHN 2025": 60}})
    with pytest.raises(InputError, match=r"history\.csv"):
        backcast(thin, 2015, 2017)


@pytest.mark.parametrize(("base", "judged"), [(2015, 2030), (2000, 2017), (2017, 2015), (2015, 2015)])
def test_years_that_cannot_be_told(base, judged):
    """The message names the years that there are."""
    with pytest.raises(InputError, match=rf"from {base} to {judged}.*2010, 2011.*2017"):
        backcast(handmade.facts(**WORLD), base, judged)


@given(st.floats(-50, 50), st.floats(1, 1000), st.sets(st.integers(2010, 2014)))
def test_trend_draws_a_line_on(slope, level, kept):
    """Output on a straight line goes on along it, whichever years are missing, but never below nil."""
    years = {year: level + slope * (year - 2015) for year in (*kept, 2015)}
    past = pd.DataFrame([years], columns=range(2010, 2016), dtype=float)
    expected = max(0.0, level + 8 * slope) if kept else level
    assert trend(past, 2023).iloc[0] == pytest.approx(expected, abs=1e-6 * level)


def test_who_has_left_has_no_trend():
    """A country without output in the base year is guessed at nil."""
    past = pd.DataFrame([{2013: 5.0, 2014: 6.0, 2015: None}]).astype(float)
    assert trend(past, 2023).iloc[0] == 0.0


def test_halves_by_hand():
    """Two lines to choose by and one to judge by; the model beats both guesses once."""
    lines = pd.DataFrame(
        {
            "commodity": ["a", "a", "b"],
            "half": ["choice", "choice", "judgement"],
            "model": [1.0, 3.0, 4.0],
            "no_change": [2.0, 2.0, 3.0],
            "trend": [3.0, 4.0, 8.0],
        }
    )
    table = halves(lines).set_index("half")
    assert table["lines"].to_dict() == {"choice": 2, "judgement": 1, "all": 3}
    assert table["model"].tolist() == pytest.approx([2, 4, 8 / 3])
    assert table["trend"].tolist() == pytest.approx([3.5, 8, 5])
    assert table["better_than_both"].to_dict() == {"choice": 1, "judgement": 0, "all": 1}


def test_parameters_are_changed_by_name():
    """A parameter is so many times its own in every table that has it; one that no table has is told."""
    known = handmade.facts(**WORLD)
    changed = as_of.with_parameters(known, {"growth_limit": 0.1, "substitution": 3})
    assert changed["economics"].set_index("item")["value"].to_dict() == pytest.approx(
        {"utilisation": 1, "opex_usd_per_t": 40, "growth_limit": 0.05, "lead_time_years": 99}
    )
    assert changed["elasticities"]["value"].tolist() == pytest.approx([12, 0.2, 0.5])
    assert changed["parameters"].set_index("parameter")["value"].to_dict() == pytest.approx(DEFAULTS)
    with pytest.raises(InputError, match=r"no parameter 'groth_limit'; .*growth_limit"):
        as_of.with_parameters(known, {"groth_limit": 0.1})


def test_the_models_own_parameters_are_changed_like_others():
    """A run-out that the facts have at a tenth is doubled, a pace that they leave out is half of its default, 0.1; the
    facts handed in stay as they are, and the backcast knows the parameters of the facts."""
    known = handmade.facts(**WORLD | {"parameters": {"run_out": 0.1}})
    changed = as_of.with_parameters(known, {"run_out": 2, "pace": 0.5})
    own = parameters(as_of.as_of(changed, "mine", 2015, 2017)).set_index("parameter")["value"]
    assert own.to_dict() == pytest.approx(DEFAULTS | {"run_out": 0.2, "pace": 0.05})
    assert known["parameters"]["value"].tolist() == [0.1]


def test_the_best_parameter_is_chosen_on_its_own_half():
    """Two minerals, x to choose by and y to judge by: every combination is tried, the least error on x stands first."""
    two = {
        "minerals": {"x": {"class": "metal"}, "y": {"class": "metal"}},
        "stages": {"x mine": {}, "y mine": {}},
        "prices": {"x 2024": 100, "y 2024": 100},
        **{name: WORLD[name] | _for_y(WORLD[name]) for name in ("history", "production", "economics")},
    }
    tried = choose(
        handmade.facts(**WORLD | two), {"utilisation": (0.5, 1.0), "lead_time_years": (0.01, 1.0)}, 2015, 2017
    )
    assert len(tried) == 4 and tried["choice"].is_monotonic_increasing
    assert tried["choice"].notna().all() and tried["judgement"].notna().all()


@pytest.mark.slow
def test_each_parameter_alone():
    """The facts' own first, then either end of the range of each parameter of the table, where it is not the value.

    Plants are full and none can be added, so that no parameter matters: 10 points in every row, as no change is off.
    """
    own = {"pace": {"value": 0.1, "low": 0.05, "high": 0.2}, "tail": {"value": 0, "low": 0, "high": 0.1}}
    table = alone(handmade.facts(**WORLD | {"parameters": own}), 2015, 2017)
    assert table["parameter"].tolist() == ["as in the facts", "pace", "pace", "tail"]
    assert table["value"].tolist()[1:] == [0.05, 0.2, 0.1]
    assert table["choice"].tolist() == pytest.approx([10] * 4) and table["judgement"].isna().all()


def test_the_grid_stays_inside_the_ranges(shipped):
    """Whatever is tried of a parameter lies between the low and the high that the facts give it."""
    own = shipped["parameters"].set_index("parameter")
    for name, factors in GRID.items():
        tried = [factor * own.loc[name, "value"] for factor in factors]
        assert own.loc[name, "low"] <= min(tried) + 1e-9 and max(tried) <= own.loc[name, "high"] + 1e-9


def _for_y(rows):
    return {"y" + key[1:]: value for key, value in rows.items()}


def test_the_split_of_real_minerals(two):
    """Gallium and tungsten of 2023 told from 2015: shares of the world, and as much in all as was made."""
    table = backcast(two)
    sums = table.groupby("commodity")[["before", "actual", *GUESSES]].sum()
    assert sums.index.tolist() == ["gallium", "tungsten"]
    assert sums.to_numpy().min() > 0.9 and sums.to_numpy().max() < 1 + 1e-9


def test_the_command_prints_halves_first_and_fits(tmp_path):
    """Halves above the lines, 80 columns, every row in the file; a wrong year is told in one line."""
    folder = handmade.write(tmp_path, **WORLD | {"projects": {}})
    dataset.read(folder)
    call = ["hindcast", "production", "--data", str(folder), "--judged", "2017"]
    done = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "all.csv")])
    assert done.exit_code == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "better_than_both" in done.stdout.partition("commodity")[0]
    assert pd.read_csv(tmp_path / "all.csv")["country"].tolist() == ["CHN", "KAZ"]
    wrong = CliRunner().invoke(app, [*call[:-1], "2024"])
    assert wrong.exit_code == 2 and "no backcast from 2015 to 2024" in wrong.stderr
