"""Two scenarios side by side."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import CASES
from frictionless import validate
from typer.testing import CliRunner

import supplychain
from supplychain.cli import app
from supplychain.facts import dataset
from supplychain.facts.errors import Fault
from supplychain.results import compare
from supplychain.results.verdict import remarks, verdict
from supplychain.scenario import scenario
from supplychain.show.figures.gallery import draw_difference
from supplychain.system.build import build_system

DANTZIG = CASES / "dantzig"


def test_a_scenario_does_not_differ_from_itself(pair):
    """No row of any table; every headline difference is zero."""
    same = compare.compare(pair[0], pair[0])
    assert (same.tables["summary"]["value_difference"] == 0).all()
    assert all(len(table) == 0 for name, table in same.tables.items() if name != "summary")


def test_differences_are_what_the_tables_say(pair):
    """Before plus difference is after, each as the results' own tables have it, owners added up."""
    found = compare.compare(*pair)
    supply = found.tables["supply"]
    assert len(supply) and (supply["tonnes_difference"] != 0).any()
    for side, result in zip(("before", "after"), pair, strict=True):
        own = result.supply.groupby(["year", "mineral", "stage", "country", "market"])["tonnes"].sum()
        keys = pd.MultiIndex.from_frame(supply[["year", "mineral", "stage", "country", "market"]])
        assert supply[f"tonnes_{side}"].tolist() == pytest.approx(own.reindex(keys, fill_value=0.0).tolist())
    total = (supply["tonnes_after"] - supply["tonnes_before"] - supply["tonnes_difference"]).abs().max()
    assert total == pytest.approx(0.0, abs=1e-6)
    costs = found.tables["costs"]["musd_difference"].sum()
    sums = [result.costs["musd"].sum() for result in pair]
    assert costs == pytest.approx(sums[1] - sums[0], abs=1e-6 * sums[0])  # rows that differ by less are left out
    assert found.tables["summary"]["value_difference"].iloc[0] == pair[1].objective - pair[0].objective


def test_every_row_that_differs_is_there(pair):
    """One changed supplier, one lost row and one new one are found, and nothing else."""
    before = pair[0]
    changed = {name: table.copy() for name, table in before.tables.items()}
    changed["dependence"].loc[3, "top_supplier"] = "ZZZ"
    changed["prices"].loc[5, "usd_per_t"] *= 1.01
    lost = changed["costs"].query("musd != 0").iloc[0]
    changed["costs"] = changed["costs"].drop(index=lost.name)
    found = compare.compare(before, replace(before, tables=changed)).tables
    assert found["dependence"]["top_supplier_after"].tolist() == ["ZZZ"]
    assert len(found["prices"]) == 1
    assert found["costs"][["item", "musd_after"]].values.tolist() == [[lost["item"], 0.0]]
    assert len(found["supply"]) == 0


def test_policies_are_compared_field_by_field(pair):
    """The caps of the second scenario are listed with every setting; the first has none of them."""
    table = compare.compare(*pair).tables["policies"].set_index(["policy", "field"])
    assert table.loc[("concern_cap", "group"), "after"] == "feoc"
    assert (table["before"] == "").all()
    backwards = compare.compare(*pair[::-1]).tables["policies"].set_index(["policy", "field"])
    assert backwards.loc[("concern_cap", "group"), "before"] == "feoc"


def test_tables_are_compared_before_anything_is_solved(two):
    """A cap adds rows to `limits` and `members` and touches nothing else; the same scenario touches nothing."""
    systems = [build_system(two, scenario.read(name, two)) for name in ("status_quo", "diversify_away")]
    edits = compare.edited(*systems).set_index("table")
    assert set(edits.index) == {"limits", "members"}
    assert edits.loc["limits", "only_after"] == len(systems[1].limits) and (edits["only_before"] == 0).all()
    assert compare.edited(systems[0], systems[0]).empty


def test_one_changed_cell_is_named(two):
    """A single figure changed in a table of the same shape: one row each way, and its column."""
    system = build_system(two, scenario.read("status_quo", two))
    use = system.use.copy()
    use.loc[7, "tonnes"] += 1.0
    edits = compare.edited(system, replace(system, use=use))
    assert edits.values.tolist() == [["use", 1, 1, "tonnes"]]


def test_largest_changes_lead(pair):
    """The last year's changes in US supply, largest first."""
    found = compare.compare(*pair).largest("supply", "share", "USA", count=5)
    assert set(found["market"]) == {"USA"} and set(found["year"]) == {2035}
    sizes = found["share_difference"].abs().tolist()
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 5


def test_folders_compare_as_results_do(pair, tmp_path):
    """From folders the command line shows the same headline figures as from results, and writes a valid package."""
    folders = [str(result.save(tmp_path / result.name)) for result in pair]
    done = CliRunner().invoke(app, ["compare", *folders, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert {"summary", "policies", "supply", "dependence", "costs"} <= set(shown)
    fresh = compare.compare(*pair).tables["summary"]
    assert [row["metric"] for row in shown["summary"]] == fresh["metric"].tolist()
    written = [row["value_after"] for row in shown["summary"]]
    assert written == pytest.approx(fresh["value_after"].tolist(), rel=1e-5)
    package = tmp_path / "out" / "status_quo_vs_diversify_away"
    assert {"cost.png", "dependence.png", "supply.csv"} <= {file.name for file in package.iterdir()}
    assert validate(str(package / "datapackage.json")).valid
    descriptor = json.loads((package / "datapackage.json").read_text())
    units = {f["name"]: f.get("unit") for r in descriptor["resources"] for f in r["schema"]["fields"]}
    assert units["tonnes_difference"] == "t" and units["share_feoc_after"] == "1"


def test_scenarios_by_name(tmp_path):
    """Dantzig's problem with and without a cap that does not bind: the same cost, the cap and its rows are told."""
    names = [str(DANTZIG / f"{name}.yaml") for name in ("dantzig", "cap_65")]
    found = compare.compare_names(*names, dataset.read(DANTZIG))
    assert found.tables["summary"]["value_difference"].iloc[0] == pytest.approx(0.0, abs=1e-9)
    assert set(found.tables["edits"]["table"]) == {"limits", "members"}
    assert set(found.tables["policies"]["policy"]) == {"san_diego_cap"}
    assert "Dantzig" in found._repr_html_()
    assert draw_difference(found.before, found.after, tmp_path / "figures") == []
    done = CliRunner().invoke(app, ["compare", names[0], "no_such", "--data", str(DANTZIG), "--out", str(tmp_path)])
    assert done.exit_code == 2 and "no such scenario" in done.output
    assert not list(tmp_path.iterdir())


def test_the_verdict_fits_and_names_what_is_written(pair, tmp_path, monkeypatch):
    """Ten lines, what changes most, every file written, in 80 columns and 40 lines; settings where asked for."""
    monkeypatch.chdir(tmp_path)
    folders = [str(result.save(result.name)) for result in pair]
    done = CliRunner().invoke(app, ["compare", *folders, "--no-figures"])
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and max(map(len, lines)) <= 80 and len(lines) <= 40
    rows = verdict(compare.compare(*map(supplychain.load, folders)))
    assert len(rows) == 10
    for row in rows.itertuples(index=False):
        assert any(line.split() == " ".join(row).split() for line in lines)
    written = Path("results/status_quo_vs_diversify_away")
    assert f"wrote {written}:" in lines and all(file.name in done.stdout for file in written.iterdir())
    assert "Most changed" in done.stdout and "concern_cap" not in done.stdout
    asked = CliRunner().invoke(app, ["compare", *folders, "--no-figures", "--settings"])
    assert "concern_cap" in asked.stdout and max(map(len, asked.stdout.splitlines())) <= 80
    assert supplychain.load(folders[0]).name == "status_quo"


SUMMARY = {  # metric: before, after, and the line that they make
    "resource_cost": (5_884_060.0, 5_891_210.0, "billion USD", "5,884.06", "5,891.21", "+7.15"),
    "us_bill": (480_070.0, 480_004.0, "billion USD", "480.07", "480.00", "-0.07"),
    "public_revenue": (0.0, -1e-9, "billion USD", "0", "0", "0"),
    "share_feoc": (0.3542, 0.24, "%", "35.4", "24.0", "-11.4"),
    "vehicles_lost": (0.0, 1_234_567.0, "vehicles", "0", "1,234,567", "+1,234,567"),
    "gw_lost": (2.5, 2.25, "GW", "2.5", "2.2", "-0.2"),
}


def test_the_verdict_by_hand(pair):
    """Millions become billions, shares per cent, a difference has its sign, and what rounds to nil is a bare nil."""
    table = pd.DataFrame([(metric, *row[:2]) for metric, row in SUMMARY.items()], columns=["metric", "before", "after"])
    table = table.assign(unit="", difference=table["after"] - table["before"])
    table = table.rename(columns={side: f"value_{side}" for side in ("before", "after", "difference")})
    rows = verdict(replace(compare.compare(*pair), tables={"summary": table}))
    assert rows.drop(columns="metric").to_numpy().tolist() == [list(row[2:]) for row in SUMMARY.values()]


def test_what_changes_most_is_said_with_both_shares(pair):
    """The supplier that gains most, with its shares before and after as the results have them."""
    *_, gains = remarks(compare.compare(*pair))
    told = re.search(r": (\w+) \((\w+), (\w+)\) (\d+)% to (\d+)%", gains).groups()
    for percent, result in zip(told[3:], pair, strict=True):
        rows = result.supply.query("year == 2035 and market == 'USA'").set_index(["mineral", "stage", "country"])
        share = rows.loc[told[:3], "tonnes"].sum() / rows.loc[told[:2], "tonnes"].sum()
        assert 100 * share == pytest.approx(float(percent), abs=0.51)
    assert int(told[3]) < int(told[4])


def test_what_prints_the_same_is_no_change(pair):
    """A share that moves from 23.1 to 23.4 percent reads 23% to 23%, and is not listed; the next that moves is."""
    keys = {"year": 2035, "stage": "refine", "market": "USA"}
    shares = [("chromium", 0.231, 0.2349), ("tin", 0.5, 0.4)]
    columns = ["mineral", "share_feoc_before", "share_feoc_after"]
    moved = pd.DataFrame(shares, columns=columns).assign(**keys)
    moved["share_feoc_difference"] = moved["share_feoc_after"] - moved["share_feoc_before"]
    found = compare.compare(*pair)
    _, concern, *_ = remarks(replace(found, tables={**found.tables, "dependence": moved}))
    assert concern == "Most changed, from countries of concern, 2035: tin (refine) 50% to 40%"
    only = replace(found, tables={**found.tables, "dependence": moved.iloc[:1]})
    assert not any("Most changed" in line for line in remarks(only))


def test_warnings_of_check_fit(tmp_path, monkeypatch):
    """Piped, a warning has lines of 80 columns, the first with file, line and column; the words are all there."""
    place, said = Path("scenarios/diversify_away.yaml"), "warning: " + "policy 'single_supplier_cap' sets the same " * 4
    runner, fault = CliRunner(), Fault(place, 11, 5, said.strip())
    monkeypatch.setattr("supplychain.system.warnings.examine", lambda *_: (pd.DataFrame(), [fault]))
    done = runner.invoke(app, ["check", str(DANTZIG / "dantzig.yaml"), "--data", str(DANTZIG)])
    lines = done.stderr.splitlines()
    assert done.exit_code == 0 and len(lines) > 1 and max(map(len, lines)) <= 80
    assert lines[0].startswith(f"{place}:11:5: warning: policy") and all(line.startswith("  ") for line in lines[1:])
    assert " ".join(done.stderr.split()) == str(fault)


def test_two_scenario_files_are_compared_before_and_after_solving(tmp_path):
    """`compare A B` on files: the limit that only the second has is an edit of its tables; exit 0."""
    files = [str(CASES / "dantzig" / name) for name in ("dantzig.yaml", "cap_65.yaml")]
    done = CliRunner().invoke(
        app, ["compare", *files, "--data", str(CASES / "dantzig"), "--out", str(tmp_path), "--json"]
    )
    assert done.exit_code == 0, done.output
    edits = {row["table"]: row for row in json.loads(done.stdout)["edits"]}
    assert edits["limits"]["only_after"] == 1 and edits["limits"]["only_before"] == 0
    assert next(tmp_path.glob("*/datapackage.json")).is_file()
