"""The model's future beside the IEA's: shares, shifts and their agreement on numbers small enough for paper."""

from __future__ import annotations

import handmade
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from supplychain.cli import app
from supplychain.facts.errors import InputError
from supplychain.results.result import Result
from supplychain.studies import outlook as study
from supplychain.studies.outlook import agreement, by_line, outlook, spoken, withheld
from supplychain.system.build import build_system

# Chile 60 -> 50 % of the IEA's copper, the Congo 30 -> 30, others the rest; half of the rare earths, then all of them.
TOLD = handmade.facts(
    outlook={
        **{"copper mine CHL 2024": 60, "copper mine COD 2024": 30, "copper mine XXX 2024": 10},
        **{"copper mine CHL 2035": 100, "copper mine COD 2035": 60, "copper mine XXX 2035": 40},
        **{"magnet_rare_earths mine CHN 2024": 1, "magnet_rare_earths mine XXX 2024": 1},
        **{"magnet_rare_earths mine CHN 2035": 4, "magnet_rare_earths mine XXX 2035": 0},
    }
)


def result(*rows):
    """A result that says what is made: mineral, country, year, tonnes."""
    made = pd.DataFrame(rows, columns=["mineral", "country", "year", "tonnes"]).assign(stage="mine")
    return Result("by_hand", "", 0.0, {}, {"output": made})


COPPER = (
    *(("copper", "CHL", 2025, 50.0), ("copper", "ZMB", 2025, 50.0)),
    *(("copper", "CHL", 2035, 60.0), ("copper", "COD", 2035, 20.0), ("copper", "ZMB", 2035, 120.0)),
)


def test_shifts_by_hand():
    """Chile: -10 points at the IEA, 50 to 30 % here; the Congo: none there, 0 to 10 % here; Zambia is not named."""
    table = outlook(result(*COPPER), TOLD)
    assert table["country"].tolist() == ["CHL", "COD"]
    assert table["iea_shift"].tolist() == pytest.approx([-0.1, 0.0])
    assert table["model_before"].tolist() == pytest.approx([0.5, 0.0])
    assert table["model_shift"].tolist() == pytest.approx([-0.2, 0.1])
    scores = agreement(table).iloc[0]
    assert scores["shares"] == 2
    assert scores["mean_error"] == pytest.approx(10)
    assert scores["nothing_moves"] == pytest.approx(5)
    assert scores["mean_shift"] == pytest.approx(15)
    assert scores["correlation"] == pytest.approx(1)


def test_agreement_by_line():
    """Copper: 10 points off in the mean, 5 where nothing moves; rare earths: 25 off, 50 where nothing moves."""
    magnets = [("neodymium", c, y, t) for c, y, t in (("CHN", 2025, 1.0), ("USA", 2025, 1.0), ("CHN", 2035, 3.0))]
    table = by_line(outlook(result(*COPPER, *magnets, ("neodymium", "USA", 2035, 1.0)), TOLD))
    assert table["commodity"].tolist() == ["copper", "magnet_rare_earths"] and table["shares"].tolist() == [2, 1]
    assert table["mean_error"].tolist() == pytest.approx([10, 25])
    assert table["nothing_moves"].tolist() == pytest.approx([5, 50])


def test_magnet_rare_earths_are_four():
    """Tonnes of neodymium and dysprosium add up: China has 3 of 6 t, then 6 of 8."""
    made = (
        *(("neodymium", "CHN", 2025, 2.0), ("dysprosium", "CHN", 2025, 1.0), ("neodymium", "AUS", 2025, 3.0)),
        *(("neodymium", "CHN", 2035, 4.0), ("terbium", "CHN", 2035, 2.0), ("neodymium", "AUS", 2035, 2.0)),
    )
    row = outlook(result(*made), TOLD).iloc[0]
    assert (row["commodity"], row["country"]) == ("magnet_rare_earths", "CHN")
    assert row[["iea_shift", "model_shift"]].tolist() == pytest.approx([0.5, 0.25])


@given(st.lists(st.floats(0.01, 100), min_size=4, max_size=4))
def test_a_world_that_stands_still_has_the_error_of_nothing_moves(tonnes):
    """With the same output in both years the model's error is how far the IEA's shares move; no correlation."""
    made = [(m, c, y, t) for y in (2025, 2035) for t, (m, c) in zip(tonnes, PLACES, strict=True)]
    scores = agreement(outlook(result(*made), TOLD)).iloc[0]
    assert scores["mean_error"] == pytest.approx(scores["nothing_moves"]) == pytest.approx(20)
    assert scores["mean_shift"] == 0 and scores["correlation"] != scores["correlation"]


PLACES = [("copper", "CHL"), ("copper", "USA"), ("neodymium", "CHN"), ("praseodymium", "USA")]


def test_what_cannot_be_compared_is_told():
    """No output, or no such year: the message says which years there are."""
    with pytest.raises(InputError, match="no table `output`"):
        outlook(Result("by_hand", "", 0.0, {}, {}), TOLD)
    with pytest.raises(InputError, match=r"outlook.csv.*2030; the years are \[2024, 2035\]"):
        outlook(result(*COPPER), TOLD, 2030)
    with pytest.raises(InputError, match=r"by_hand.*2035; the years are \[2025\]"):
        outlook(result(*COPPER[:2]), TOLD)


def test_the_command_prints_scores_first_and_fits(tmp_path, shipped):
    """Scores above the table, 80 columns, and every row in the file; a folder that is none is told in one line."""
    made = result(*COPPER)
    folder = Result("by_hand", "by hand", 0.0, {"objective": 0, "scenario": {"name": "x"}}, made.tables).save(
        tmp_path / "r"
    )
    done = CliRunner().invoke(app, ["outlook", str(folder), "--to", str(tmp_path / "all.csv")])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and max(map(len, lines)) <= 80
    assert "mean_error" in done.stdout.partition("commodity")[0]
    assert len(pd.read_csv(tmp_path / "all.csv")) == len(outlook(made, shipped)) > 0
    wrong = CliRunner().invoke(app, ["outlook", str(tmp_path)])
    assert wrong.exit_code == 2 and "not a result folder" in wrong.stderr


# Kazakhstan and China mine 50 t each at full plants. A mine of 30 t opens in China in 2026; the IEA, whose world was
# twice as large, has Kazakhstan's 100 t grow to 160: 30 t here.
COMING = {
    "production": {"x mine KAZ 2025": 50, "x mine CHN 2025": 50},
    "economics": {"x mine utilisation": 1},
    "capacity": {"x mine CHN 2025": 50, "x mine CHN 2026": 80},
    "outlook": {f"x mine {c} {y}": t for c, y, t in (("KAZ", 2025, 100), ("CHN", 2025, 100), ("KAZ", 2026, 160))}
    | {"x mine CHN 2026": 100},
}


def capacity_of(known):
    """What stands in 2026, by country."""
    table = build_system(known, handmade.story(2025, 2026)).existing.query("year == 2026")
    return table.groupby("country")["existing_t"].sum().to_dict()


def test_what_is_withheld_by_hand():
    """With the years ahead 80 t stand in both countries in 2026; withheld, the 50 t of the base year."""
    known = handmade.facts(**COMING)
    assert capacity_of(known) == pytest.approx({"KAZ": 80, "CHN": 80})
    bare = withheld(known)
    assert capacity_of(bare) == pytest.approx({"KAZ": 50, "CHN": 50})
    assert bare["outlook"].empty and bare["capacity"]["year"].tolist() == [2025]


def test_the_command_withholds(monkeypatch, shipped, tmp_path):
    """`--withheld` solves status_quo on facts without the outlook and judges it by the outlook; with a folder, or with
    neither, the command says what it needs."""
    asked = []

    def solved(name, known):
        asked.append((name, len(known["outlook"]), known["capacity"]["year"].max()))
        return result(*COPPER)

    monkeypatch.setattr(study, "run", solved)
    done = CliRunner().invoke(app, ["outlook", "--withheld", "--to", str(tmp_path / "all.csv")])
    assert done.exit_code == 0 and asked == [("status_quo", 0, 2025)]
    assert len(pd.read_csv(tmp_path / "all.csv")) == len(outlook(result(*COPPER), shipped))
    for wrong in ([], [str(tmp_path), "--withheld"]):
        told = CliRunner().invoke(app, ["outlook", *wrong])
        assert told.exit_code == 2 and "either a result folder or --withheld" in told.stderr.replace("\n", " ")


def test_printed_percent_has_no_negative_zero():
    """A shift of a hundredth of a point prints as nothing."""
    made = (("copper", "CHL", 2025, 50.0), ("copper", "USA", 2025, 50.0), ("copper", "CHL", 2035, 49.99))
    shift = spoken(outlook(result(*made, ("copper", "USA", 2035, 50.01)), TOLD))["model_shift"]
    assert [str(value) for value in shift] == ["0.0", "0.0"]


def test_output_by_hand():
    """Of 120 t used Kazakhstan's cheaper 100 t are made, and 20 t in China: five sixths and a sixth of the world's."""
    known = handmade.facts(
        capacity={"x mine KAZ 2025": 100, "x mine CHN 2025": 100}, consumption={"x USA .": (120, 500)}
    )
    answer = handmade.solve(known, handmade.story(2025, 2025))
    made = handmade.tidy.output(answer.program, answer.solution).set_index("country")
    assert made["tonnes"].to_dict() == pytest.approx({"KAZ": 100, "CHN": 20})
    assert made["share"].to_dict() == pytest.approx({"KAZ": 5 / 6, "CHN": 1 / 6})


def test_the_base_year_is_what_the_facts_say(pair, two):
    """At the last stage of the base year each country makes its part of the world's output, within a point."""
    made = pair[0].tables["output"].query("year == 2025 and stage == 'refine'").set_index(["mineral", "country"])
    told = two["production"].query("stage == 'refine'").set_index(["mineral", "country"])["output_t"]
    share = told / told.groupby("mineral").transform("sum")
    both = pd.concat([made["share"], share.rename("told")], axis=1).fillna(0.0)
    assert (both["share"] - both["told"]).abs().max() < 0.01
